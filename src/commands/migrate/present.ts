import type { MigrationProgress } from '../../storage/sql/migration-runner.ts';
import type { PlannedMigration } from '../../storage/sql/migrator.ts';
import type { Progress } from '../cli/progress.ts';

/** Tells of each migration as it starts and ends. */
export function progressLine(progress: Progress): (step: MigrationProgress) => void {
  return ({ direction, version, name, durationMs }) => {
    const verb = direction === 'up' ? 'apply' : 'take back';
    if (durationMs === undefined) progress.update(`${verb} ${version} ${name} …`);
    else progress.done(`${verb} ${version} ${name}: ${Math.round(durationMs)} ms`);
  };
}

/** The SQL of planned migrations, each under its version. */
export function sqlText(migrations: readonly PlannedMigration[]): string {
  return migrations
    .flatMap(({ version, name, statements }) => [
      `-- ${version} ${name}`,
      ...statements.map((statement) => `${statement};`),
      '',
    ])
    .join('\n');
}

/** Version and name, for JSON. */
export function identify({ version, name }: PlannedMigration): { version: string; name: string } {
  return { version, name };
}
