// Fills the database of an installation with keys and identities by the hundred thousand, in SQL of both dialects.
import { sha256Base64 } from '../../src/lib/hash.ts';
import type { Queryable } from '../../src/storage/sql/database.ts';
import { insertRows } from '../../src/storage/sql/dialect.ts';

/** Whose the rows are. */
export interface Owner {
  readonly workspaceId: string;
  readonly projectId: string;
  readonly keyspaceId: string;
}

/** Rows of one table, numbered from `from` up to but without `to`. */
interface Range {
  readonly from: number;
  readonly to: number;
}

/** Rows of one statement. */
const CHUNK = 100_000;
const DIGITS = `(SELECT 0 AS d UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4
                 UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9)`;
/** The numbers from `:base` on, a chunk of them. */
const NUMBERS = `(SELECT :base + a.d + 10 * b.d + 100 * c.d + 1000 * e.d + 10000 * f.d AS n
                    FROM ${DIGITS} a CROSS JOIN ${DIGITS} b CROSS JOIN ${DIGITS} c CROSS JOIN ${DIGITS} e
                         CROSS JOIN ${DIGITS} f) numbers`;
/** Spreads neighbours over the whole range, as random ids and hashes do. */
const scattered = (number: string): string => `(${number} * 7919) % 1000003`;
const identityId = (number: string): string => `CONCAT('id_', ${scattered(number)}, '_', ${number})`;

export async function fillIdentities(q: Queryable, owner: Owner, range: Range): Promise<void> {
  await fill(
    q,
    'identities',
    {
      id: identityId('n'),
      external_id: "CONCAT('customer_', n)",
      workspace_id: ':workspaceId',
      project_id: ':projectId',
      meta: "'{}'",
      created_at: '1',
    },
    owner,
    range,
  );
}

/** Ten keys an identity; one of a hundred has credits that are refilled each day, and one of ten a rate limit. */
export async function fillKeys(q: Queryable, owner: Owner, range: Range, identities: number): Promise<void> {
  const keyId = `CONCAT('key_', ${scattered('n')}, '_', n)`;
  await fill(
    q,
    'keys',
    {
      id: keyId,
      hash: `CONCAT('hash', ${scattered('n')}, '_', n)`,
      start: "'bench'",
      key_auth_id: ':keyspaceId',
      workspace_id: ':workspaceId',
      identity_id: identityId(`(n % ${identities})`),
      name: "CONCAT('key number ', n)",
      meta: `'{"plan":"pro"}'`,
      enabled: '1',
      refill_amount: 'CASE WHEN n % 100 = 0 THEN 1000 END',
      remaining_requests: 'CASE WHEN n % 100 = 0 THEN 10 END',
    },
    owner,
    range,
  );
  await fill(
    q,
    'ratelimits',
    {
      id: "CONCAT('rl_', n)",
      name: "'requests'",
      workspace_id: ':workspaceId',
      key_id: `CASE WHEN n % 10 = 0 THEN ${keyId} ELSE CONCAT('gone_', n) END`,
      limit: '1000000',
      duration: '60000',
      auto_apply: '1',
      created_at: '1',
    },
    owner,
    range,
  );
}

async function fill(
  q: Queryable,
  table: string,
  columns: Readonly<Record<string, string>>,
  owner: Owner,
  { from, to }: Range,
): Promise<void> {
  const names = Object.keys(columns).map((name) => `\`${name}\``);
  for (let base = from; base < to; base += CHUNK) {
    await q.run(
      'fill',
      `INSERT INTO \`${table}\` (${names.join(', ')})
       SELECT ${Object.values(columns).join(', ')} FROM ${NUMBERS} WHERE n < :to ORDER BY n`,
      { ...owner, base, to },
    );
  }
}

/** Adds keys whose plaintext is known, and yields that. */
export async function addKnownKeys(q: Queryable, owner: Owner, { from, to }: Range): Promise<string[]> {
  const texts = Array.from({ length: to - from }, (_, index) => `bench_known${from + index}`);
  const rows = texts.map((text, index) => ({
    id: `key_known_${(index * 7919) % 1_000_003}_${from + index}`,
    hash: sha256Base64(text),
    start: 'bench',
    key_auth_id: owner.keyspaceId,
    workspace_id: owner.workspaceId,
    meta: '{"plan":"pro"}',
    enabled: true,
  }));
  await insertRows(q, 'addKnownKeys', 'keys', rows);
  return texts;
}
