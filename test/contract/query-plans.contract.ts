// The plan of every query, on a store that is filled: nothing reads a whole table, or sorts one to return its first rows.
import { globSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ManualClock } from '../../src/lib/clock.ts';
import type { MigratableDatabase, Queryable, Transaction } from '../../src/storage/sql/database.ts';
import { createMigrator } from '../../src/storage/sql/migrator.ts';
import type { Example } from '../support/query-plans/example.ts';
import { ACCESS_EXAMPLES } from '../support/query-plans/examples-access.ts';
import { CONTROL_EXAMPLES } from '../support/query-plans/examples-control.ts';
import { KEY_EXAMPLES } from '../support/query-plans/examples-keys.ts';
import { PLATFORM_EXAMPLES } from '../support/query-plans/examples-platform.ts';
import type { Finding, Statement } from '../support/query-plans/findings.ts';
import { BIG, populate, SMALL } from '../support/query-plans/population.ts';
import { type Around, watchStatements } from '../support/watched-transaction.ts';

const QUERIES = fileURLToPath(new URL('../../src/storage/sql/queries/', import.meta.url));

/** Looks at one statement: plans it, runs it, and says what is wrong. Yields what running it yielded. */
export type Inspect = <Result>(
  q: Queryable,
  statement: Statement,
  run: () => Promise<Result>,
) => Promise<{ readonly result: Result; readonly findings: readonly Finding[] }>;

export interface PlanSite {
  readonly open: () => Promise<MigratableDatabase>;
  readonly inspect: Inspect;
  /** Brings the optimizer's statistics up to date, where the site has them. */
  readonly analyze: (database: MigratableDatabase) => Promise<void>;
  /** Queries that may do what is found, and why: whoever adds one says what bounds it. */
  readonly accepted: Readonly<Record<string, string>>;
}

/** Modules whose queries are about the server itself, not about rows. */
const WITHOUT_TABLES = ['server-facts.ts'];

const MODULES: Readonly<Record<string, Readonly<Record<string, Example | readonly Example[]>>>> = {
  ...KEY_EXAMPLES,
  ...ACCESS_EXAMPLES,
  ...PLATFORM_EXAMPLES,
  ...CONTROL_EXAMPLES,
};

export function describePlans(name: string, site: PlanSite): void {
  describe(`the plans of ${name}`, () => {
    let database: MigratableDatabase;
    const found = new Set<string>();
    beforeAll(async () => {
      database = await site.open();
      await createMigrator({ database, clock: new ManualClock(0), toolVersion: 'test' }).up({});
      await populate(database);
      await site.analyze(database);
    }, 120_000);
    afterAll(() => database.close());

    test('there is an example of the queries of every module', () => {
      const modules = globSync('**/*.ts', { cwd: QUERIES }).filter((file) => !WITHOUT_TABLES.includes(file));
      expect(Object.keys(MODULES).sort()).toEqual(modules.sort());
    });

    test.each(Object.keys(MODULES))('%s', async (module) => {
      const problems: Finding[] = [];
      for (const examples of Object.values(MODULES[module] ?? {})) {
        for (const example of [examples].flat()) {
          for (const owner of [BIG, SMALL]) problems.push(...(await findingsOf(example, owner)));
        }
      }
      for (const { statement } of problems) found.add(statement);
      expect(problems.filter(({ statement }) => !(statement in site.accepted))).toEqual([]);
    });

    test('what is accepted is still found, or it need not be accepted any more', () => {
      expect(Object.keys(site.accepted).filter((statement) => !found.has(statement))).toEqual([]);
    });

    /** Runs an example in a transaction that is then undone, and yields what is wrong with its statements. */
    async function findingsOf(example: Example, owner: number): Promise<Finding[]> {
      const findings: Finding[] = [];
      const undone = new Error('undone');
      const work = async (tx: Transaction): Promise<never> => {
        await watchStatements(tx, inspecting(tx, site.inspect, findings), (watched) =>
          example(watched, (table) => `${table}_${owner}`),
        );
        throw undone;
      };
      await expect(database.transaction(work)).rejects.toBe(undone);
      return findings;
    }
  });
}

/** What looks at each statement but plain insertions as it runs. */
function inspecting(tx: Transaction, inspect: Inspect, findings: Finding[]): Around {
  return async ({ operation, sql, params }, run) => {
    if (/^\s*INSERT\b[^;]*\bVALUES\b/i.test(sql)) return run();
    const inspection = await inspect(tx, { name: operation, sql, params }, run);
    findings.push(...inspection.findings);
    return inspection.result;
  };
}
