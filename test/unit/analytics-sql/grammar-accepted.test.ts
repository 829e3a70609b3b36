// What the grammar accepts has to mean the same after rewriting: each statement runs as written, on copies of the tables
// under their public names, and as rewritten.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkQuery } from '../../../src/services/analytics/sql/check-query.ts';
import { loadChdb } from '../../../src/storage/analytics/chdb-package.ts';
import type { ChdbStore } from '../../../src/storage/analytics/chdb-store.ts';
import { openTestAnalytics } from '../../support/analytics.ts';
import { verificationRow } from '../../support/analytics-api.ts';
import { ACCEPTED_STATEMENTS } from './accepted-statements.ts';
import { HOUR, OPTIONS, RAW } from './sql-options.ts';

const HOUR_MS = 3_600_000;
const OUTCOMES = ['VALID', 'RATE_LIMITED', 'DISABLED'];
const OUR_OPTIONS = { ...OPTIONS, now: Date.now() };

const engine = await loadChdb();
if (engine === undefined)
  process.stderr.write('skipped: accepted statements are not executed, the package chdb is not installed\n');

/** A replacer for JSON.stringify. */
function withBigints(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}

function ownRow(index: number) {
  return verificationRow('ws_1', {
    request_id: `r${index}`,
    time: OUR_OPTIONS.now - index * 5 * HOUR_MS,
    key_space_id: `ks_${(index % 2) + 1}`,
    identity_id: `id_${index % 3}`,
    external_id: index % 4 === 0 ? '' : `ext_${index % 4}`,
    key_id: `key_${index % 5}`,
    region: index % 2 === 0 ? 'eu' : 'us',
    outcome: OUTCOMES[index % OUTCOMES.length] ?? '',
    tags: index % 3 === 0 ? [] : [`t${index % 3}`, 'x'],
    spent_credits: index,
    latency: index * 1.5,
  });
}

describe.skipIf(engine === undefined)('a rewritten statement', () => {
  let store: ChdbStore;

  beforeAll(async () => {
    store = await openTestAnalytics();
    const rows = Array.from({ length: 12 }, (_, index) => ownRow(index));
    await store.insert({
      table: RAW.replace('default.', ''),
      columns: Object.keys(rows[0] ?? {}),
      rows,
      deduplicationToken: 'own',
    });
    for (const [name, table] of OPTIONS.aliases) {
      await store.execute(`CREATE TABLE ${name} AS ${table}`);
      await store.execute(`INSERT INTO ${name} SELECT * FROM ${table}`);
    }
    expect(await answer(`SELECT count() > 0 AS filled FROM ${HOUR}`)).toEqual(['{"filled":1}']);
  });

  afterAll(() => store.close());

  /** The rows in the order of the engine where the statement orders them, else in one of ours. */
  async function answer(sql: string): Promise<string[]> {
    const rows = (await store.query(sql)).map((row) => JSON.stringify(row, withBigints));
    return sql.includes('ORDER BY') && !sql.includes('UNION') ? rows : rows.sort();
  }

  it.each(ACCEPTED_STATEMENTS)('answers as the original: %s', async (sql) => {
    const rewritten = await checkQuery(sql, OUR_OPTIONS);
    expect(await answer(rewritten)).toEqual(await answer(sql.replace(/FORMAT \w+/, '')));
  });
});
