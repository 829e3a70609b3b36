import type { ApiService } from './apis/api-service.ts';
import type { KeyService } from './keys/key-service.ts';
import type { KeyVerifier } from './keys/verifier.ts';
import type { NamespaceService } from './ratelimit/namespace-service.ts';
import type { OverrideService } from './ratelimit/override-service.ts';
import type { StandaloneLimits } from './ratelimit/standalone-limits.ts';

/** Everything that operations may call. Composed once per process by compose-services.ts. */
export interface Services {
  readonly apis: ApiService;
  readonly keys: KeyService;
  readonly verifier: KeyVerifier;
  readonly namespaces: NamespaceService;
  readonly overrides: OverrideService;
  readonly limits: StandaloneLimits;
}
