// apis.listKeys beside the bare query of a page, both all over a large keyspace.
import { createHash } from 'node:crypto';
import type { Bed } from '../bed.ts';
import { openBenchDatabase } from '../database.ts';
import { dataOf, type Subject } from '../subject.ts';
import type { StoreTraffic } from './store-scenario.ts';

const PAGE = 100;
/** Places of the keyspace that pages start from. */
const PLACES = 500;
/** Told which index to use: MariaDB would read all keys before the page by itself. */
const PAGE_QUERY = `SELECT * FROM \`keys\` FORCE INDEX (keys_key_auth_id_deleted_at_m_id_idx)
  WHERE key_auth_id = ? AND deleted_at_m IS NULL AND id >= ? ORDER BY id LIMIT ?`;
const ROWS_OF_A_STATEMENT = 100_000;

export async function listKeysTraffic(
  { apiId, call }: Subject,
  { installation, plan }: Bed,
): Promise<StoreTraffic> {
  const { keyId } = dataOf<{ keyId: string }>(
    await call({ operation: 'keys.createKey', body: { apiId, prefix: 'bench' } }),
  );
  const keyspaceId = await multiplyKey(installation.database, keyId, plan.listedKeys);
  const cursors = Array.from({ length: PLACES }, (_, place) => idOf(`place ${place}`));
  return {
    operation: 'apis.listKeys',
    bodies: cursors.map((cursor) => ({ apiId, limit: PAGE, cursor })),
    expected: '"keyId"',
    floor: {
      is: 'the query of the page on its index',
      variants: cursors.map((cursor) => [
        {
          sql: PAGE_QUERY,
          values: [keyspaceId, cursor, PAGE + 1],
        },
      ]),
      writes: false,
    },
    note: `of ${plan.listedKeys} keys`,
  };
}

/**
 * Stores `count` more keys, each a copy of the row with an id and a hash of its own; ids are spread as those of real keys.
 * @returns the id of their keyspace
 */
async function multiplyKey(address: string, keyId: string, count: number): Promise<string> {
  const database = await openBenchDatabase(address);
  try {
    const [template] = await database.rows('SELECT * FROM `keys` WHERE id = ?', [keyId]);
    if (template === undefined) throw new Error(`${keyId} is not stored`);
    const columns = Object.keys(template).filter((column) => column !== 'pk');
    const names = columns.map((column) => `\`${column}\``).join(', ');
    const own = new Map([
      ['id', "CONCAT('key_', SUBSTRING(SHA2(CONCAT(?, n), 256), 1, 16))"],
      ['hash', "SHA2(CONCAT('hash', ?, n), 256)"],
    ]);
    const values = columns.map((column) => own.get(column) ?? `t.\`${column}\``).join(', ');
    for (let stored = 0; stored < count; stored += ROWS_OF_A_STATEMENT) {
      const salt = `${keyId} ${stored} `;
      await database.rows(
        `INSERT INTO \`keys\` (${names}) SELECT ${values} FROM (${numbers(5)}) numbers JOIN \`keys\` t ON t.id = ?
          WHERE n < ?`,
        [salt, salt, keyId, Math.min(ROWS_OF_A_STATEMENT, count - stored)],
      );
    }
    await database.rows('ANALYZE TABLE `keys`');
    return String(template.key_auth_id);
  } finally {
    await database.close();
  }
}

/** A SELECT of the numbers of so many decimal digits, from 0. */
function numbers(digits: number): string {
  const ten = Array.from({ length: 10 }, (_, digit) => `SELECT ${digit} AS d`).join(' UNION ALL ');
  const places = Array.from({ length: digits }, (_, place) => `p${place}`);
  const sum = places.map((place, power) => `${place}.d * ${10 ** power}`).join(' + ');
  return `SELECT ${sum} AS n FROM ${places.map((place) => `(${ten}) ${place}`).join(' CROSS JOIN ')}`;
}

function idOf(text: string): string {
  return `key_${createHash('sha256').update(text).digest('hex').slice(0, 16)}`;
}
