import type { MigrationProgress } from '../../storage/migrations/migration-runner.ts';
import type { PlannedMigration } from '../../storage/migrations/migrator.ts';
import type { Progress } from '../cli/progress.ts';
import { TARGET_LABEL, type Target } from './stores.ts';

/** Tells of each migration as it starts and ends. */
export function progressLine(progress: Progress, target: Target): (step: MigrationProgress) => void {
  return ({ direction, version, name, durationMs }) => {
    const what = `${TARGET_LABEL[target]}: ${direction === 'up' ? 'apply' : 'take back'} ${version} ${name}`;
    if (durationMs === undefined) progress.update(`${what} …`);
    else progress.done(`${what}: ${Math.round(durationMs)} ms`);
  };
}

/** The SQL of planned migrations, each under its store and version. */
export function sqlText(migrations: readonly (PlannedMigration & { readonly target: Target })[]): string {
  return migrations
    .flatMap(({ target, version, name, statements }) => [
      `-- ${TARGET_LABEL[target]} ${version} ${name}`,
      ...statements.map((statement) => `${statement};`),
      '',
    ])
    .join('\n');
}

/** Store, version and name, for JSON. */
export function identify(
  target: Target,
): (migration: PlannedMigration) => { target: Target; version: string; name: string } {
  return ({ version, name }) => ({ target, version, name });
}
