import type { Clock } from '../../lib/clock.ts';
import { DatabaseError, DriverError, type Queryable } from './database.ts';
import { MigrationError } from './migration-error.ts';
import type { Migration } from './migration-files.ts';
import { type HistoryEntry, recordEntry, removeEntry } from './migration-history.ts';

export interface MigrationProgress {
  readonly direction: 'up' | 'down';
  readonly version: string;
  readonly name: string;
  /** undefined while it starts; milliseconds when it is done. */
  readonly durationMs: number | undefined;
}

interface RunnerContext {
  readonly clock: Clock;
  readonly toolVersion: string;
}

/** MariaDB's names for the collations of the same behaviour. Source: data model, section 11.1. */
export const MARIADB_COLLATIONS: readonly (readonly [string, string])[] = [
  ['utf8mb4_0900_as_cs', 'utf8mb4_nopad_bin'],
  ['utf8mb4_0900_ai_ci', 'utf8mb4_unicode_nopad_ci'],
];

/**
 * What MySQL's `json` is on MariaDB, without the check that MariaDB's own puts on it: that refuses 32 levels of nesting,
 * and the application writes nothing but JSON anyway.
 */
const MARIADB_JSON = 'longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin';

/** How a statement of a file is written for this very server. */
export async function statementsFor(q: Queryable): Promise<(statement: string) => string> {
  if (q.dialect !== 'mysql') return (statement) => statement;
  const [server] = await q.all<{ version: string }>('serverVersion', 'SELECT VERSION() AS version');
  if (server?.version.includes('MariaDB') !== true) return (statement) => statement;
  return (statement) =>
    MARIADB_COLLATIONS.reduce(
      (text, [mysql, mariadb]) => text.replaceAll(mysql, mariadb),
      // The type of a column: what follows its quoted name.
      statement.replaceAll('` json ', `\` ${MARIADB_JSON} `),
    );
}

/** One migration to run, with its statements as this server gets them. */
interface Step {
  readonly migration: Migration;
  readonly direction: 'up' | 'down';
  readonly statements: readonly string[];
}

/**
 * Runs the statements of a migration and records it, or forgets it on the way down. On MySQL each statement commits by
 * itself, so the version is recorded before the first one and stays recorded when it fails; on SQLite a failed version
 * leaves no trace.
 * @returns the failure, which has been recorded, or undefined
 */
export async function runMigration(
  session: Queryable,
  context: RunnerContext,
  { migration, direction, statements }: Step,
  onProgress: ((progress: MigrationProgress) => void) | undefined,
): Promise<MigrationError | undefined> {
  const { version, name, checksum } = migration;
  const startedAt = context.clock.now();
  const started = performance.now();
  const record = (entry: Pick<HistoryEntry, 'state' | 'failedStatement' | 'finishedAt' | 'durationMs'>) =>
    recordEntry(session, { version, name, checksum, startedAt, toolVersion: context.toolVersion, ...entry });

  onProgress?.({ direction, version, name, durationMs: undefined });
  if (session.dialect === 'sqlite') await session.run('beginVersion', 'SAVEPOINT version');
  await record({
    state: direction === 'up' ? 'running' : 'reverting',
    failedStatement: null,
    finishedAt: null,
    durationMs: null,
  });
  for (const [index, sql] of statements.entries()) {
    try {
      await session.run(`migration ${version}`, sql);
    } catch (error) {
      const number = index + 1;
      if (session.dialect === 'sqlite') await session.run('undoVersion', 'ROLLBACK TO version');
      else
        await recordFailure(() =>
          record({ state: 'failed', failedStatement: number, finishedAt: null, durationMs: null }),
        );
      return failureOf(migration, { number, sql }, session.dialect === 'sqlite', error);
    }
  }
  const durationMs = Math.round(performance.now() - started);
  if (direction === 'up') {
    await record({ state: 'applied', failedStatement: null, finishedAt: startedAt + durationMs, durationMs });
  } else {
    await removeEntry(session, version);
  }
  if (session.dialect === 'sqlite') await session.run('endVersion', 'RELEASE version');
  onProgress?.({ direction, version, name, durationMs });
  return undefined;
}

/** When the connection itself is gone, the stage recorded before tells the same: the version is not finished. */
async function recordFailure(record: () => Promise<void>): Promise<void> {
  try {
    await record();
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw error;
  }
}

function failureOf(
  { version, name }: Migration,
  statement: { number: number; sql: string },
  undone: boolean,
  cause: unknown,
): MigrationError {
  const driver = cause instanceof Error && cause.cause instanceof DriverError ? cause.cause : undefined;
  const code = driver === undefined ? '' : ` [${driver.errno ?? driver.code}]`;
  const reason = driver?.message ?? String(cause);
  const remedy = undone
    ? 'the version was rolled back and stays pending'
    : 'statements before it stay in effect; bring the schema in order, then run `unkey migrate repair`';
  return new MigrationError(
    'failed',
    `migration ${version} (${name}) failed in statement ${statement.number}: ${reason}${code}; ${remedy}`,
    { version, statement, cause },
  );
}
