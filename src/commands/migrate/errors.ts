// What goes wrong with migrations, in the words of the CLI.
import { CliError } from '../cli/cli-error.ts';
import { EXIT } from '../cli/exit-codes.ts';

/** What a migration cut short by a signal tells its operator. */
export const WHEN_INTERRUPTED = {
  interruptedHint: "a migration that was under way may be half done; 'unkey migrate status' names it",
};

/** The failure of naming a version that neither files nor store know. */
export function unknownVersion(version: string): CliError {
  return new CliError({
    exitCode: EXIT.notFound,
    code: 'migration_not_found',
    title: 'migration not found',
    detail: `there is no migration ${version}`,
  });
}

/**
 * Runs `work` and reports what the migrator refuses as exit 6, does not know as exit 5 and failed at as exit 1.
 * @throws CliError
 */
export async function reportingMigrationErrors<T>(work: () => Promise<T>): Promise<T> {
  const { MigrationError } = await import('../../storage/migrations/migration-error.ts');
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof MigrationError)) throw error;
    const { problem, statement, version } = error;
    if (problem === 'unknown' && version !== undefined) throw unknownVersion(version);
    throw new CliError({
      exitCode: problem === 'failed' ? EXIT.failed : EXIT.conflict,
      code: `migration_${problem.replace('-', '_')}`,
      title: `migration ${problem === 'lock-timeout' ? 'lock not gained' : problem}`,
      detail: statement === undefined ? error.message : `${error.message}\n${statement.sql}`,
      cause: error,
    });
  }
}
