// What the load consists of.
import type { Random } from '../../test/support/prng.ts';
import type { LoadRequest } from '../exchange.ts';
import type { LoadContext, Operation } from './load-context.ts';
import { getVerifications } from './operations/analytics.ts';
import { incrementCredits, setCredits } from './operations/credits.ts';
import {
  addRoles,
  createKey,
  createRecoverableKey,
  deleteKey,
  disableKey,
  readRecoverableKey,
} from './operations/keys.ts';
import { limitBusy, limitRare } from './operations/limits.ts';
import {
  createIdentity,
  createRole,
  deleteIdentity,
  deleteRole,
  getIdentity,
  getRole,
  updateIdentity,
} from './operations/named-things.ts';
import { verifyChanging, verifyCredited, verifyLimited, verifyPlain } from './operations/verify.ts';

/** Parts of a thousand: a busy installation, with more writes than one has, so that faults meet them. */
const MIX: readonly (readonly [parts: number, operation: Operation])[] = [
  [280, verifyPlain],
  [120, verifyChanging],
  [100, verifyLimited],
  [160, verifyCredited],
  [120, limitBusy],
  [60, limitRare],
  [40, createKey],
  [15, disableKey],
  [15, deleteKey],
  [10, addRoles],
  [5, createRecoverableKey],
  [10, readRecoverableKey],
  [15, incrementCredits],
  [4, setCredits],
  [10, createIdentity],
  [8, updateIdentity],
  [10, getIdentity],
  [4, deleteIdentity],
  [4, createRole],
  [6, getRole],
  [2, deleteRole],
  [2, getVerifications],
];
const PARTS = MIX.reduce((sum, [parts]) => sum + parts, 0);

/** The next request: by its share, or a plain verification while an operation finds nothing to work on. */
export function nextRequest(context: LoadContext): LoadRequest {
  const request = pickOperation(context.random)(context) ?? verifyPlain(context);
  if (request === undefined) throw new Error('there is no key to verify');
  return request;
}

function pickOperation(random: Random): Operation {
  let part = random.integer(1, PARTS);
  for (const [parts, operation] of MIX) {
    part -= parts;
    if (part <= 0) return operation;
  }
  throw new RangeError('a part beyond the mix');
}
