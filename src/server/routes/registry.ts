import type { AnyOperation } from '../operation.ts';
import { createApi } from './apis/create-api.ts';
import { deleteApi } from './apis/delete-api.ts';
import { getApi } from './apis/get-api.ts';
import { listKeys } from './apis/list-keys.ts';
import { createKey } from './keys/create-key.ts';
import { deleteKey } from './keys/delete-key.ts';
import { getKey } from './keys/get-key.ts';
import { updateCredits } from './keys/update-credits.ts';
import { updateKey } from './keys/update-key.ts';
import { verifyKey } from './keys/verify-key.ts';
import { whoami } from './keys/whoami.ts';
import { liveness } from './liveness/liveness.ts';
import { deleteOverride } from './ratelimit/delete-override.ts';
import { getOverride } from './ratelimit/get-override.ts';
import { limit } from './ratelimit/limit.ts';
import { listOverrides } from './ratelimit/list-overrides.ts';
import { multiLimit } from './ratelimit/multi-limit.ts';
import { setOverride } from './ratelimit/set-override.ts';

/** Every operation that this server answers; the document, the tests and the command line read this list. */
export const operations: readonly AnyOperation[] = [
  createApi,
  deleteApi,
  getApi,
  listKeys,
  createKey,
  deleteKey,
  getKey,
  updateCredits,
  updateKey,
  verifyKey,
  whoami,
  limit,
  multiLimit,
  setOverride,
  getOverride,
  listOverrides,
  deleteOverride,
  liveness,
];
