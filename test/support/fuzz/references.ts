// What the members of requests refer to: objects of the caller's workspace, of another one, or nothing at all.
import type { Scene } from '../access-matrix/scene.ts';
import { ABSENT } from '../access-matrix/scene.ts';
import type { Random } from '../prng.ts';

/** By member (`name`, or `name[]` for the items of a list): the ways in which a scene can be named there. */
const REFERENCES: Readonly<Record<string, readonly (keyof Scene)[]>> = {
  apiId: ['api'],
  keyId: ['key'],
  key: ['keyText'],
  identity: ['identity'],
  externalId: ['identity'],
  permission: ['permission', 'slug'],
  'permissions[]': ['slug', 'permission'],
  'roles[]': ['roleName', 'role'],
  role: ['role', 'roleName'],
  roleId: ['role'],
  namespace: ['namespace', 'namespaceName'],
  identifier: ['override'],
  migrationId: ['migration'],
  project: ['project', 'projectSlug'],
  app: ['app', 'appSlug'],
  environment: ['environment', 'environmentSlug'],
  environmentSlug: ['environmentSlug'],
  deploymentId: ['deployment', 'previewDeployment', 'stoppedDeployment'],
  cursor: ['key', 'identity', 'permission', 'role', 'project', 'app', 'deployment', 'override'],
  slug: ['slug', 'projectSlug', 'appSlug'],
};

/** A key stands only where keys belong: elsewhere it would be quoted, and logged, as the name that it is taken for. */
const PUBLIC_KINDS = (Object.keys(ABSENT) as (keyof Scene)[]).filter((kind) => kind !== 'keyText');

export interface Scenes {
  readonly own: Scene;
  readonly foreign: Scene;
}

/** A reference for the member, mostly to the caller's own objects; undefined when the member refers to nothing. */
export function referenceFor(member: string, scenes: Scenes, random: Random): string | undefined {
  const kinds = REFERENCES[member];
  if (kinds === undefined) return undefined;
  // Now and then the id of something else.
  const kind = random.chance(0.02) ? random.pick(PUBLIC_KINDS) : random.pick(kinds);
  if (random.chance(0.07)) return scenes.foreign[kind];
  return random.chance(0.02) ? ABSENT[kind] : scenes.own[kind];
}

const PERMISSION_QUERIES: readonly string[] = [
  'a.read',
  'a.read AND b.write',
  '(a OR b) AND NOT c',
  'a AND (b OR (c AND d))',
  '((((((a))))))',
  `${'('.repeat(400)}a${')'.repeat(400)}`,
  'a OR',
  'AND',
  '()',
  'a b',
  '*',
  'a.*',
];

const TABLES = ['key_verifications_v1', 'ratelimits_v1', 'gateway_requests_v1', 'runtime_logs_v1'];

const SQL: readonly string[] = [
  'SELECT time FROM {table} ORDER BY time DESC LIMIT 5',
  "SELECT count() AS n FROM {table} WHERE workspace_id = '{foreign}'",
  "SELECT count() FROM {table} WHERE 'x{hostile}' = 'y'",
  'SELECT * FROM system.tables',
  'SELECT (SELECT count() FROM {table}) AS n',
  'SELECT {hostile} FROM {table}',
  'DROP TABLE {table}',
  'SELECT count() FROM {table} UNION ALL SELECT 1',
  "SELECT * FROM url('http://127.0.0.1/')",
  '/*',
  "SELECT '",
];

/** A text in the language that the member is written in; undefined when it is in none. */
export function sentenceFor(member: string, hostile: string, random: Random): string | undefined {
  if (member === 'permissions') return random.pick(PERMISSION_QUERIES);
  if (member !== 'query') return undefined;
  return (random.chance(0.7) ? 'SELECT count() AS n FROM {table}' : random.pick(SQL))
    .replace('{table}', random.pick(TABLES))
    .replace('{foreign}', ABSENT.project)
    .replace('{hostile}', () => hostile);
}
