import type { Clock } from '../../lib/clock.ts';
import { MigrationError } from './migration-error.ts';
import type { Migration } from './migration-files.ts';
import type { HistoryEntry } from './migration-history.ts';
import type { MigrationSession } from './migration-store.ts';

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

/** One migration to run, with its statements as this server gets them. */
interface Step {
  readonly migration: Migration;
  readonly direction: 'up' | 'down';
  readonly statements: readonly string[];
}

/**
 * Runs the statements of a migration and records it, or forgets it on the way down. Where each statement commits by
 * itself, the version is recorded before the first one and stays recorded when it fails; where there are savepoints, a
 * failed version leaves no trace.
 * @returns the failure, which has been recorded, or undefined
 */
export async function runMigration(
  session: MigrationSession,
  context: RunnerContext,
  { migration, direction, statements }: Step,
  onProgress: ((progress: MigrationProgress) => void) | undefined,
): Promise<MigrationError | undefined> {
  const { version, name, checksum } = migration;
  const { savepoint } = session;
  const startedAt = context.clock.now();
  const started = performance.now();
  const record = (entry: Pick<HistoryEntry, 'state' | 'failedStatement' | 'finishedAt' | 'durationMs'>) =>
    session.record({ version, name, checksum, startedAt, toolVersion: context.toolVersion, ...entry });

  onProgress?.({ direction, version, name, durationMs: undefined });
  await savepoint?.set();
  await record({
    state: direction === 'up' ? 'running' : 'reverting',
    failedStatement: null,
    finishedAt: null,
    durationMs: null,
  });
  for (const [index, sql] of statements.entries()) {
    try {
      await session.run(version, sql);
    } catch (error) {
      const reason = session.reasonOf(error);
      if (reason === undefined) throw error;
      const number = index + 1;
      if (savepoint !== undefined) await savepoint.rollBack();
      else
        await recordFailure(session, () =>
          record({ state: 'failed', failedStatement: number, finishedAt: null, durationMs: null }),
        );
      return failureOf(migration, { number, sql }, reason, savepoint !== undefined, error);
    }
  }
  const durationMs = Math.round(performance.now() - started);
  if (direction === 'up') {
    await record({ state: 'applied', failedStatement: null, finishedAt: startedAt + durationMs, durationMs });
  } else {
    await session.forget(version);
  }
  await savepoint?.release();
  onProgress?.({ direction, version, name, durationMs });
  return undefined;
}

/** When the connection itself is gone, the stage recorded before tells the same: the version is not finished. */
async function recordFailure(session: MigrationSession, record: () => Promise<void>): Promise<void> {
  try {
    await record();
  } catch (error) {
    if (session.reasonOf(error) === undefined) throw error;
  }
}

function failureOf(
  { version, name }: Migration,
  statement: { number: number; sql: string },
  reason: string,
  undone: boolean,
  cause: unknown,
): MigrationError {
  const remedy = undone
    ? 'the version was rolled back and stays pending'
    : 'statements before it stay in effect; bring the schema in order, then run `unkey migrate repair`';
  return new MigrationError(
    'failed',
    `migration ${version} (${name}) failed in statement ${statement.number}: ${reason}; ${remedy}`,
    { version, statement, cause },
  );
}
