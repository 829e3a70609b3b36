import type { AnalyticsService } from './analytics/analytics-service.ts';
import type { ApiService } from './apis/api-service.ts';
import type { AppService } from './apps/app-service.ts';
import type { BranchDeployments } from './deployments/branch-deployments.ts';
import type { DeploymentService } from './deployments/deployment-service.ts';
import type { EnvironmentService } from './environments/environment-service.ts';
import type { IdentityService } from './identities/identity-service.ts';
import type { KeyGrantService } from './keys/key-grants.ts';
import type { KeyService } from './keys/key-service.ts';
import type { KeyVerifier } from './keys/verifier.ts';
import type { PermissionService } from './permissions/permission-service.ts';
import type { RoleService } from './permissions/role-service.ts';
import type { ProjectService } from './projects/project-service.ts';
import type { NamespaceService } from './ratelimit/namespace-service.ts';
import type { OverrideService } from './ratelimit/override-service.ts';
import type { StandaloneLimits } from './ratelimit/standalone-limits.ts';

/** Everything that operations may call. Composed once per process by compose-services.ts. */
export interface Services {
  readonly analytics: AnalyticsService;
  readonly apis: ApiService;
  readonly apps: AppService;
  readonly branchDeployments: BranchDeployments;
  readonly deployments: DeploymentService;
  readonly environments: EnvironmentService;
  readonly identities: IdentityService;
  readonly keys: KeyService;
  readonly keyGrants: KeyGrantService;
  readonly verifier: KeyVerifier;
  readonly permissions: PermissionService;
  readonly roles: RoleService;
  readonly namespaces: NamespaceService;
  readonly overrides: OverrideService;
  readonly limits: StandaloneLimits;
  readonly projects: ProjectService;
}
