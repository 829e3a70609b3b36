import { randomFillSync } from 'node:crypto';

/** Prefixes of resource ids, by what they name. Source: the table of resource ids in the key chapter. */
export const ID_PREFIX = {
  key: 'key',
  api: 'api',
  keyspace: 'ks',
  workspace: 'ws',
  request: 'req',
  identity: 'id',
  role: 'role',
  permission: 'perm',
  ratelimit: 'rl',
  ratelimitNamespace: 'rlns',
  ratelimitOverride: 'rlor',
  auditEvent: 'log',
  correlation: 'cor',
  project: 'proj',
  app: 'app',
  environment: 'env',
  environmentVariable: 'evr',
  autoscalingPolicy: 'asp',
  deployment: 'd',
  frontlineRoute: 'flr',
  customDomain: 'dom',
  region: 'rgn',
  invocation: 'inv',
  instance: 'ins',
  keyMigration: 'mig',
  masterKey: 'kek',
  dataKey: 'dek',
} as const;

export type IdKind = keyof typeof ID_PREFIX;

/** Where ids come from, so that tests can drive them. */
export interface IdSource {
  /** A fresh id `<prefix>_<9 letters or digits>`. Ids are not secrets. */
  next(kind: IdKind): string;
}

const ALPHABET = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';
const RANDOM_LENGTH = 9;

/** The largest multiple of the alphabet's size that a byte can exceed: bytes from here on would favour some letters. */
const UNBIASED_BYTES = 256 - (256 % ALPHABET.length);

/** Bytes of the operating system's generator, drawn many at a time: an id needs nine, and every request has one. */
const pool = Buffer.alloc(4096);
let used = pool.length;

function randomByte(): number {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  return pool[used++] as number;
}

/** `length` characters drawn uniformly from letters and digits by the operating system's generator. */
export function randomAlphanumeric(length: number): string {
  let text = '';
  while (text.length < length) {
    const byte = randomByte();
    if (byte < UNBIASED_BYTES) text += ALPHABET[byte % ALPHABET.length];
  }
  return text;
}

export const randomIds: IdSource = {
  next: (kind) => `${ID_PREFIX[kind]}_${randomAlphanumeric(RANDOM_LENGTH)}`,
};
