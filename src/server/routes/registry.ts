import type { AnyOperation } from '../operation.ts';
import { createApi } from './apis/create-api.ts';
import { deleteApi } from './apis/delete-api.ts';
import { getApi } from './apis/get-api.ts';
import { listKeys } from './apis/list-keys.ts';
import { createKey } from './keys/create-key.ts';
import { deleteKey } from './keys/delete-key.ts';
import { getKey } from './keys/get-key.ts';
import { updateKey } from './keys/update-key.ts';
import { verifyKey } from './keys/verify-key.ts';
import { whoami } from './keys/whoami.ts';
import { liveness } from './liveness/liveness.ts';

/** Every operation that this server answers; the document, the tests and the command line read this list. */
export const operations: readonly AnyOperation[] = [
  createApi,
  deleteApi,
  getApi,
  listKeys,
  createKey,
  deleteKey,
  getKey,
  updateKey,
  verifyKey,
  whoami,
  liveness,
];
