import { randomInt } from 'node:crypto';

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

/** `length` characters drawn uniformly from letters and digits by the operating system's generator. */
export function randomAlphanumeric(length: number): string {
  let text = '';
  for (let i = 0; i < length; i++) text += ALPHABET[randomInt(ALPHABET.length)];
  return text;
}

export const randomIds: IdSource = {
  next: (kind) => `${ID_PREFIX[kind]}_${randomAlphanumeric(RANDOM_LENGTH)}`,
};
