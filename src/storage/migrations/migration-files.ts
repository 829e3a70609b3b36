// Migrations as files: `<version>_<name>.up.sql` and `.down.sql`, or `<version>_<name>.<dialect>.up.sql` where dialects
// need different statements. The version is a UTC timestamp YYYYMMDDHHMMSS. Statements end with `;` at a line's end.
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sha256Hex } from '../../lib/hash.ts';
import { MigrationError } from './migration-error.ts';

// Where the migrations of each store are, seen from the sources as from the built package.
export const SQL_MIGRATIONS = fileURLToPath(new URL('../../../migrations/sql/', import.meta.url));
export const CLICKHOUSE_MIGRATIONS = fileURLToPath(
  new URL('../../../migrations/clickhouse/', import.meta.url),
);

export interface Migration {
  readonly version: string;
  readonly name: string;
  /** SHA-256 of the up file, lower-case hex. */
  readonly checksum: string;
  readonly up: readonly string[];
  /** undefined when there is no way back. */
  readonly down: readonly string[] | undefined;
}

const FILE_NAME = /^(\d{14})_([a-z0-9_]+?)(?:\.([a-z]+))?\.(up|down)\.sql$/;

/**
 * The migrations of a directory for one dialect, oldest first. Other files than `.sql` are left alone.
 * @throws MigrationError for a missing directory, a file that is named otherwise, a version with two names, or one without an up file
 */
export async function loadMigrations(directory: string, dialect: string): Promise<Migration[]> {
  const found = new Map<string, { name: string; up?: string; down?: string }>();
  for (const file of await filesOf(directory)) {
    if (!file.endsWith('.sql')) continue;
    const match = FILE_NAME.exec(file);
    if (match === null) throw new MigrationError('refused', `${file} is not named like a migration`);
    const [, version = '', name = '', fileDialect, direction = ''] = match;
    const entry = found.get(version) ?? { name };
    if (entry.name !== name) {
      throw new MigrationError('refused', `version ${version} has two names: ${entry.name} and ${name}`, {
        version,
      });
    }
    found.set(version, entry);
    if (fileDialect === undefined || fileDialect === dialect) {
      entry[direction as 'up' | 'down'] = await readFile(join(directory, file), 'utf8');
    }
  }
  return [...found]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([version, { name, up, down }]) => {
      if (up === undefined) {
        throw new MigrationError('refused', `version ${version} has no up file for ${dialect}`, { version });
      }
      return {
        version,
        name,
        checksum: sha256Hex(up),
        up: splitStatements(up),
        down: down === undefined ? undefined : splitStatements(down),
      };
    });
}

/** The statements of a file, without their closing semicolons and without comment lines around them. */
export function splitStatements(text: string): string[] {
  return text
    .split(/;[ \t]*(?:\r?\n|$)/)
    .map((part) =>
      part
        .split(/\r?\n/)
        .filter((line) => !/^\s*--/.test(line))
        .join('\n')
        .trim(),
    )
    .filter((statement) => statement !== '');
}

/** The words of a free text, lower-case and joined by `_`; empty when it holds no letter and no digit. */
export function migrationSlug(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '');
}

/**
 * The paths of the files of a new migration, none of which is there: up and down, one pair per dialect, or one pair for
 * all when `dialects` is empty.
 * @param slug see {@link migrationSlug}
 * @param nowMs the version's time
 * @throws MigrationError when a file of that name or version is there, or the directory is not
 */
export async function planMigrationFiles(
  directory: string,
  slug: string,
  dialects: readonly string[],
  nowMs: number,
): Promise<string[]> {
  const version = new Date(nowMs).toISOString().replace(/\D/g, '').slice(0, 14);
  const existing = await filesOf(directory);
  const taken = existing.find((file) => file.startsWith(`${version}_`) || FILE_NAME.exec(file)?.[2] === slug);
  if (taken !== undefined)
    throw new MigrationError('refused', `a migration of that name or version exists: ${taken}`);
  const suffixes = dialects.length === 0 ? [''] : dialects.map((dialect) => `.${dialect}`);
  return suffixes.flatMap((suffix) =>
    ['up', 'down'].map((direction) => join(directory, `${version}_${slug}${suffix}.${direction}.sql`)),
  );
}

/** Writes an empty file at each path. */
export async function writeMigrationFiles(paths: readonly string[]): Promise<void> {
  for (const path of paths) await writeFile(path, '', { flag: 'wx' });
}

async function filesOf(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    throw new MigrationError('refused', `there is no directory ${directory}`, { cause: error });
  }
}
