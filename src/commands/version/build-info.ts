import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { packageVersion } from '../cli/package.ts';

export interface BuildInfo {
  readonly version: string;
  /** Commit of a packaged build, `unknown` in a checkout. */
  readonly revision: string;
  /** RFC 3339, UTC; `unknown` in a checkout. */
  readonly buildTime: string;
  readonly runtime: string;
  readonly platform: string;
  readonly apiLevel: 'v2';
  /** Newest migration of each store, null when the build brings none. */
  readonly schemaVersions: { readonly sql: string | null; readonly clickhouse: string | null };
}

/** Written by the build beside the compiled sources: `{ revision, buildTime }`. */
const BUILD_FILE = new URL('../../build-info.json', import.meta.url);
const MIGRATIONS = new URL('../../../migrations/', import.meta.url);

function newestMigration(store: string): string | null {
  const directory = new URL(`${store}/`, MIGRATIONS);
  if (!existsSync(directory)) return null;
  const versions = readdirSync(directory).flatMap((name) => /^(\d{14})_.*\.up\.sql$/.exec(name)?.[1] ?? []);
  return versions.sort().at(-1) ?? null;
}

/** What `unkey version` prints. */
export function buildInfo(): BuildInfo {
  const info = existsSync(BUILD_FILE)
    ? (JSON.parse(readFileSync(BUILD_FILE, 'utf8')) as Partial<Pick<BuildInfo, 'revision' | 'buildTime'>>)
    : {};
  return {
    version: packageVersion(),
    revision: info.revision ?? 'unknown',
    buildTime: info.buildTime ?? 'unknown',
    runtime: `node ${process.versions.node}`,
    platform: `${process.platform}/${process.arch}`,
    apiLevel: 'v2',
    schemaVersions: { sql: newestMigration('sql'), clickhouse: newestMigration('clickhouse') },
  };
}
