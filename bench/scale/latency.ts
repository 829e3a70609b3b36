// How long single requests take, one after another, so that none waits for another.
import type { Queryable } from '../../src/storage/sql/database.ts';
import { quantile } from '../statistics.ts';
import { callOperation, dataOf } from '../subject.ts';
import type { Owner } from './fill.ts';

export interface Target {
  readonly url: string;
  readonly rootKey: string;
  readonly apiId: string;
  readonly owner: Owner;
}

/** Milliseconds. */
export interface Latency {
  readonly p50: number;
  readonly p99: number;
}

const PAGE = 100;
const REPEATS = 100;
const COLD_KEYS = 300;

/** Reads and writes at the size that the database has. `coldKeys` were never verified; two of three hundred are enough. */
export async function measureLatencies(
  target: Target,
  q: Queryable,
  coldKeys: readonly string[],
): Promise<Map<string, Latency>> {
  const { apiId } = target;
  const ids = await sampleIds(q, 'keys', 'key_auth_id', target.owner.keyspaceId);
  const identityIds = await sampleIds(q, 'identities', 'workspace_id', target.owner.workspaceId);
  const deepKey = { cursor: ids.at(-1) };
  const deepIdentity = { cursor: identityIds.at(-1) };
  const externalIds = Array.from({ length: REPEATS }, (_, index) => `customer_${index * 7}`);
  const repeated = <Body>(body: Body): Body[] => Array.from({ length: REPEATS }, () => body);
  const warmKey = coldKeys[0];
  const plan: readonly (readonly [name: string, operation: string, bodies: readonly unknown[]])[] = [
    ['verifyKey, cold', 'keys.verifyKey', coldKeys.slice(0, COLD_KEYS).map((key) => ({ key }))],
    ['verifyKey, warm', 'keys.verifyKey', repeated({ key: warmKey })],
    ['getKey', 'keys.getKey', ids.map((keyId) => ({ keyId }))],
    ['listKeys, first page', 'apis.listKeys', repeated({ apiId, limit: PAGE })],
    ['listKeys, deep page', 'apis.listKeys', repeated({ apiId, limit: PAGE, ...deepKey })],
    [
      'listKeys of an identity',
      'apis.listKeys',
      externalIds.map((externalId) => ({ apiId, limit: PAGE, externalId })),
    ],
    ['listIdentities, first page', 'identities.listIdentities', repeated({ limit: PAGE })],
    ['listIdentities, deep page', 'identities.listIdentities', repeated({ limit: PAGE, ...deepIdentity })],
    [
      'listIdentities, search that finds one',
      'identities.listIdentities',
      Array.from({ length: 5 }, (_, index) => ({ limit: PAGE, search: `customer_77${index}` })),
    ],
    ['createKey', 'keys.createKey', repeated({ apiId, prefix: 'bench' })],
  ];
  const latencies = new Map<string, Latency>();
  for (const [name, operation, bodies] of plan) {
    latencies.set(name, await timed(target, operation, bodies));
  }
  return latencies;
}

async function timed(
  { url, rootKey }: Target,
  operation: string,
  bodies: readonly unknown[],
): Promise<Latency> {
  const times: number[] = [];
  for (const body of bodies) {
    const start = performance.now();
    await callOperation(url, rootKey, { operation, body });
    times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  return { p50: quantile(times, 0.5), p99: quantile(times, 0.99) };
}

/** Makes an API on the server and yields it with what it belongs to. */
export async function makeApi(url: string, rootKey: string, q: Queryable): Promise<Target> {
  const { apiId } = dataOf<{ apiId: string }>(
    await callOperation(url, rootKey, { operation: 'apis.createApi', body: { name: 'scale' } }),
  );
  const [owner] = await q.all<Owner>(
    'ownerOfApi',
    `SELECT workspace_id AS workspaceId, project_id AS projectId, key_auth_id AS keyspaceId
       FROM apis WHERE id = :apiId`,
    { apiId },
  );
  if (owner === undefined) throw new Error('the API that was made is not stored');
  return { url, rootKey, apiId, owner };
}

/** Ids from all over the table, in their order, as many as there are repeats. */
async function sampleIds(q: Queryable, table: string, column: string, owner: string): Promise<string[]> {
  const [counted] = await q.all<{ rows: number }>(
    'countOwned',
    `SELECT COUNT(*) AS \`rows\` FROM \`${table}\` WHERE ${column} = :owner`,
    { owner },
  );
  const step = Math.max(1, Math.floor((counted?.rows ?? 0) / REPEATS));
  const rows = await q.all<{ id: string }>(
    'sampleIds',
    `SELECT id FROM \`${table}\` WHERE ${column} = :owner AND pk % :step = 0 ORDER BY id LIMIT :most`,
    { owner, step, most: REPEATS },
  );
  return rows.map(({ id }) => id);
}
