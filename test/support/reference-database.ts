import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ManualClock } from '../../src/lib/clock.ts';
import { SQL_MIGRATIONS } from '../../src/storage/migrations/migration-files.ts';
import { HISTORY_TABLE } from '../../src/storage/migrations/migration-history.ts';
import { REFERENCE_VERSION } from '../../src/storage/sql/baseline.ts';
import type { MigratableDatabase } from '../../src/storage/sql/database.ts';
import { createMigrator } from '../../src/storage/sql/migrator.ts';
import { describeSchema, type TableDescription } from '../../src/storage/sql/schema-description.ts';

/** Makes an empty MySQL database what the reference would have made it: its tables alone, and nothing recorded. */
export async function makeReferenceDatabase(database: MigratableDatabase): Promise<void> {
  await createMigrator({ database, clock: new ManualClock(0), toolVersion: 'test' }).up({
    to: REFERENCE_VERSION,
  });
  const text = await readFile(join(SQL_MIGRATIONS, 'reference.mysql.json'), 'utf8');
  const reference = new Set((JSON.parse(text) as TableDescription[]).map(({ name }) => name));
  const made = (await describeSchema(database.primary)).map(({ name }) => name);
  const ours = [...made.filter((name) => !reference.has(name)), HISTORY_TABLE];
  await database.primary.run('dropOurs', `DROP TABLE ${ours.map((name) => `\`${name}\``).join(', ')}`);
}
