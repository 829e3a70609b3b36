// The one place where services are put together. What varies between installations (store, counters, Vault) comes in
// already chosen; nothing below reads configuration.

import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import type { Metrics } from '../lib/metrics.ts';
import type { IdSource } from '../lib/uid.ts';
import type { OpenedAnalyticsStore } from '../storage/analytics/open-store.ts';
import type { Database } from '../storage/sql/database.ts';
import { createAnalyticsService } from './analytics/analytics-service.ts';
import { createKeyspaceScope } from './analytics/reading/keyspace-scope.ts';
import { openConnections } from './analytics/reading/open-connections.ts';
import type { EventSink } from './analytics/writing/event-sink.ts';
import { createApiService } from './apis/api-service.ts';
import { createAppService } from './apps/app-service.ts';
import type { Invalidations } from './cache/invalidations.ts';
import type { ControlPlane } from './control/control-plane.ts';
import { unconfiguredControlPlane, unconfiguredWorkflows } from './control/unconfigured.ts';
import type { Workflows } from './control/workflows.ts';
import { createBranchDeployments } from './deployments/branch-deployments.ts';
import { createDeploymentService } from './deployments/deployment-service.ts';
import { createEnvironmentService } from './environments/environment-service.ts';
import type { Github } from './github/github.ts';
import { createIdentityService } from './identities/identity-service.ts';
import { createKeyCache } from './keys/cached-key.ts';
import type { KeyCache } from './keys/key-cache.ts';
import { createKeyGrantService } from './keys/key-grants.ts';
import { createKeyService } from './keys/key-service.ts';
import { createKeyVerifier } from './keys/verifier.ts';
import { createPermissionService } from './permissions/permission-service.ts';
import { createRoleService } from './permissions/role-service.ts';
import { createDefaultProjects } from './projects/default-project.ts';
import { createProjectService } from './projects/project-service.ts';
import type { RateLimiter } from './ratelimit/limiter.ts';
import { createNamespaceService } from './ratelimit/namespace-service.ts';
import { createOverrideService } from './ratelimit/override-service.ts';
import { createStandaloneLimits } from './ratelimit/standalone-limits.ts';
import type { Services } from './services.ts';
import type { UsageLimiter } from './usage/usage-limiter.ts';
import type { Vault } from './vault/vault.ts';

export interface ServiceDeps {
  readonly db: Database;
  readonly limiter: RateLimiter;
  readonly usage: UsageLimiter;
  readonly vault: Vault | undefined;
  readonly events: EventSink;
  /** Where this service writes analytics; undefined = nowhere. */
  readonly analyticsStore?: OpenedAnalyticsStore | undefined;
  /** The ClickHouse server that workspaces query, without a user; not needed with the embedded engine. */
  readonly analyticsUrl?: string | undefined;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly region: string;
  /** undefined = there is none: what needs one answers `service_unavailable`. */
  readonly controlPlane?: ControlPlane | undefined;
  readonly workflows?: Workflows | undefined;
  /** undefined = no GitHub App: what connects a repository answers `service_unavailable`. */
  readonly github?: Github | undefined;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** How caches tell other nodes what they dropped; undefined = those find out by age. */
  readonly invalidations?: Invalidations | undefined;
}

/** The services, and the key cache that root-key authentication shares with verification. */
export function composeServices(deps: ServiceDeps): { services: Services; keyCache: KeyCache } {
  const keyCache = createKeyCache(deps);
  const namespaces = createNamespaceService(deps);
  const shared = {
    ...deps,
    keyCache,
    namespaces,
    defaultProjects: createDefaultProjects(deps),
    controlPlane: deps.controlPlane ?? unconfiguredControlPlane,
    workflows: deps.workflows ?? unconfiguredWorkflows,
  };
  return {
    keyCache,
    services: {
      analytics: createAnalyticsService({
        connections: openConnections(deps),
        scope: createKeyspaceScope(deps),
        clock: deps.clock,
      }),
      apis: createApiService(shared),
      apps: createAppService(shared),
      branchDeployments: createBranchDeployments(shared),
      deployments: createDeploymentService(shared),
      environments: createEnvironmentService(shared),
      identities: createIdentityService(shared),
      keys: createKeyService(shared),
      keyGrants: createKeyGrantService(shared),
      verifier: createKeyVerifier(shared),
      permissions: createPermissionService(shared),
      roles: createRoleService(shared),
      namespaces,
      overrides: createOverrideService(shared),
      limits: createStandaloneLimits(shared),
      projects: createProjectService(shared),
    },
  };
}
