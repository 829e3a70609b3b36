// Many generated texts against the checker, and what it lets through against the real engine. UNKEY_FUZZ_TEXTS and
// UNKEY_FUZZ_SEED change how many and which.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Fault } from '../../../src/lib/fault.ts';
import { checkQuery } from '../../../src/services/analytics/sql/check-query.ts';
import { loadChdb } from '../../../src/storage/analytics/chdb-package.ts';
import { Random, seedOf } from '../../support/prng.ts';
import { FOREIGN_MARKER, SqlGrammar } from '../../support/sql-grammar.ts';
import { type FuzzDatabase, openFuzzDatabase } from './fuzz-database.ts';
import { HOUR, OPTIONS, RAW } from './sql-options.ts';

const TEXTS = Number(process.env.UNKEY_FUZZ_TEXTS ?? 3_000);
const SEED = Number(process.env.UNKEY_FUZZ_SEED ?? 1);

const OPTION_SETS = [
  { ...OPTIONS, retentionDays: 0 },
  { ...OPTIONS, securityFilters: [{ column: 'key_space_id', values: ['ks_own'] }] },
  {
    ...OPTIONS,
    retentionDays: 0,
    tableRules: new Map([
      [RAW, { predicate: (qualifier: string) => `${qualifier}.time >= 0` }],
      [HOUR, { columns: ['workspace_id', 'time', 'key_id', 'key_space_id'] }],
    ]),
  },
];

let database: FuzzDatabase | undefined;

beforeAll(async () => {
  const chdb = await loadChdb();
  if (chdb === undefined)
    process.stderr.write('skipped: fuzz texts are not executed, the package chdb is not installed\n');
  else database = await openFuzzDatabase(chdb);
});

afterAll(() => database?.close());

it(`lets no generated text reach a foreign row (${TEXTS} texts)`, async () => {
  const grammar = new SqlGrammar(new Random(seedOf(SEED)));
  const outcomes = new Map<string, number>();
  const count = (outcome: string) => outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  await checkQuery('SELECT 1 FROM kv', OPTIONS);
  let slowest = 0;
  for (let index = 0; index < TEXTS; index += 1) {
    const text = grammar.text();
    const options = OPTION_SETS[index % OPTION_SETS.length] ?? OPTIONS;
    const start = performance.now();
    const sql = await checkQuery(text, options).catch((error: unknown) => {
      if (!(error instanceof Fault) || !error.code.startsWith('user:bad_request:'))
        throw new Error(text, { cause: error });
      expect(error.message, `${text} failed the second check`).toBe(error.publicMessage);
      count(error.code);
      return undefined;
    });
    slowest = Math.max(slowest, performance.now() - start);
    if (sql === undefined) continue;
    assertFiltered(sql, text);
    count(database === undefined ? 'rewritten' : await runOutcome(database, sql, text));
  }
  process.stderr.write(`fuzz: ${TEXTS} texts, seed ${SEED}, slowest ${slowest.toFixed(1)} ms\n`);
  for (const [outcome, times] of outcomes) process.stderr.write(`fuzz: ${times} ${outcome}\n`);
  expect(outcomes.get(database === undefined ? 'rewritten' : 'answered') ?? 0).toBeGreaterThan(TEXTS / 20);
}, 3_600_000);

/** As many filters as physical tables: counted on the text that runs, without the checker's own reading of it. */
function assertFiltered(sql: string, text: string): void {
  const bare = sql.replaceAll(/'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`/g, '?');
  const tables = bare.match(/default\.key_verifications_\w+/g) ?? [];
  const filters = sql.match(/\.workspace_id = 'ws_1'/g) ?? [];
  expect(filters.length, text).toBeGreaterThanOrEqual(tables.length);
  expect(bare, text).not.toMatch(/system\.|information_schema\.|SETTINGS|OUTFILE|default\.secret/i);
}

async function runOutcome(target: FuzzDatabase, sql: string, text: string): Promise<string> {
  const answer = await target.run(sql);
  if (answer === undefined) return 'refused by the engine';
  expect(answer, `${text}\n${sql}`).not.toContain(FOREIGN_MARKER);
  expect(await target.runWithoutForeignRows(sql), `${text}\n${sql}`).toBe(answer);
  return 'answered';
}
