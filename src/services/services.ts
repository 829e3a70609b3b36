import type { ApiService } from './apis/api-service.ts';
import type { KeyService } from './keys/key-service.ts';
import type { KeyVerifier } from './keys/verifier.ts';

/** Everything that operations may call. Composed once per process by compose-services.ts. */
export interface Services {
  readonly apis: ApiService;
  readonly keys: KeyService;
  readonly verifier: KeyVerifier;
}
