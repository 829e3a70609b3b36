// A database of its own for the admin commands, and the commands run on it as processes.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { systemClock } from '../../src/lib/clock.ts';
import { silentLogger } from '../../src/lib/logger.ts';
import { silentMetrics } from '../../src/lib/metrics.ts';
import { randomIds } from '../../src/lib/uid.ts';
import { PERMISSION_PRESETS } from '../../src/services/rbac/catalogue.ts';
import { bootstrap } from '../../src/services/root-keys/bootstrap.ts';
import type { MigratableDatabase } from '../../src/storage/sql/database.ts';
import { createMigrator } from '../../src/storage/sql/migrator.ts';
import { openDatabase } from '../../src/storage/sql/open-database.ts';
import { availableStores, freshMysqlDatabase, type StoreName } from '../support/servers.ts';
import {
  type Outcome,
  runUnkey,
  startUnkey,
  type UnkeyOptions,
  type UnkeyProcess,
} from '../support/unkey-process.ts';

export const STORES = availableStores();

export interface AdminSite {
  readonly folder: string;
  /** Address of the database. */
  readonly address: string;
  /** Runs `unkey …` in the folder, on the database, to its end. */
  run(args: readonly string[], options?: UnkeyOptions): Promise<Outcome>;
  /** The same with --json; the document on stdout, whatever the exit code. */
  json(
    args: readonly string[],
    options?: UnkeyOptions,
  ): Promise<{ code: number | null; document: JsonDocument }>;
  /** Starts `unkey …` and returns at once. */
  start(args: readonly string[]): UnkeyProcess;
  /** Looks into the database from outside. */
  inspect<T>(work: (db: MigratableDatabase) => Promise<T>): Promise<T>;
}

// biome-ignore lint/suspicious/noExplicitAny: tests look into documents of every command
export type JsonDocument = any;

/** A folder and an empty database, gone when the test ends. */
export async function emptySite(store: StoreName): Promise<AdminSite> {
  const folder = await mkdtemp(join(tmpdir(), 'unkey-admin-'));
  const server = store === 'mysql' ? await freshMysqlDatabase() : undefined;
  onTestFinished(async () => {
    await server?.drop();
    await rm(folder, { recursive: true, force: true });
  });
  const address = server?.url ?? `sqlite:${join(folder, 'unkey.db')}`;
  const addressFile = join(folder, 'database');
  await writeFile(addressFile, `${address}\n`);
  const line = (args: readonly string[]): string[] => [...args, '--database-file', addressFile];
  const run: AdminSite['run'] = (args, options) => runUnkey(line(args), { cwd: folder, ...options });
  return {
    folder,
    address,
    run,
    start: (args) => startUnkey(line(args), { cwd: folder }),
    async json(args, options) {
      const { code, stdout, stderr } = await run([...args, '--json'], options);
      if (stdout === '') throw new Error(`unkey ${args.join(' ')} printed no document: ${stderr}`);
      return { code, document: JSON.parse(stdout) };
    },
    async inspect(work) {
      const db = openDatabase({
        primary: address,
        metrics: silentMetrics,
        log: silentLogger,
        tags: { region: 'test' },
      });
      try {
        return await work(db);
      } finally {
        await db.close();
      }
    },
  };
}

/** The same with the schema. */
export async function migratedSite(store: StoreName): Promise<AdminSite> {
  const site = await emptySite(store);
  await site.inspect((database) =>
    createMigrator({ database, clock: systemClock, toolVersion: 'test' }).up(),
  );
  return site;
}

/** The same with the workspace `local` and its root key. */
export async function bootstrappedSite(store: StoreName): Promise<AdminSite & { readonly rootKey: string }> {
  const site = await migratedSite(store);
  const { rootKey } = await site.inspect((db) =>
    bootstrap(
      { db, clock: systemClock, ids: randomIds, log: silentLogger },
      { workspaceSlug: 'local', permissions: PERMISSION_PRESETS.full },
    ),
  );
  if (rootKey === undefined) throw new Error('bootstrap made no root key');
  return { ...site, rootKey };
}
