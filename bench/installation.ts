// What a subject runs on, prepared before it starts: a database with schema, workspace and root key, and counters.
import { join } from 'node:path';
import { PROGRAM } from '../test/support/compiled-program.ts';
import { freshMysqlDatabase, redisUrl } from '../test/support/servers.ts';
import { runUnkey, startDev } from '../test/support/unkey-process.ts';
import { storeKeys } from './stored-keys.ts';
import { callOperation, dataOf } from './subject.ts';

export interface Installation {
  /** Address of the database, as the configuration takes it. */
  readonly database: string;
  /** Where counters live, as the configuration takes it. */
  readonly redis: string;
  readonly rootKey: string;
  /** Slug of the workspace that the root key is of. */
  readonly workspace: string;
  /** Plaintext of the keys that were stored already; none was verified yet. */
  readonly keys: readonly string[];
  remove(): Promise<void>;
}

/** SQLite in `folder` and in-process counters, with `keyCount` keys stored. */
export async function embeddedInstallation(folder: string, keyCount: number): Promise<Installation> {
  const dev = await startDev(['--data-dir', folder], { cwd: folder, program: PROGRAM });
  const answer = await callOperation(dev.url, dev.rootKey, {
    operation: 'keys.createKey',
    body: { apiId: dev.apiId, prefix: 'bench' },
  });
  await dev.process.end('SIGTERM');
  const file = join(folder, 'unkey.db');
  return {
    database: `sqlite:${file}`,
    redis: 'memory:',
    rootKey: dev.rootKey,
    workspace: 'local',
    keys: await storeKeys(file, dataOf<{ key: string }>(answer).key, keyCount),
    remove: () => Promise.resolve(),
  };
}

/** A MySQL database of its own and the Redis server of this run, with no key stored. */
export async function serversInstallation(): Promise<Installation> {
  const database = await freshMysqlDatabase();
  await unkey(['migrate', 'up'], database.url);
  const { rootKey } = await unkey(['bootstrap', '--workspace', 'bench'], database.url);
  if (typeof rootKey !== 'string') throw new Error('bootstrap made no root key');
  return {
    database: database.url,
    redis: redisUrl(),
    rootKey,
    workspace: 'bench',
    keys: [],
    remove: () => database.drop(),
  };
}

/** Runs a command on a database and yields its result. @throws Error unless it ends with 0 */
export async function unkey(args: readonly string[], database: string): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await runUnkey([...args, '--json'], {
    program: PROGRAM,
    env: { UNKEY_DATABASE_PRIMARY: database },
  });
  if (code !== 0) throw new Error(`unkey ${args.join(' ')} ended with ${code}: ${stderr}`);
  return JSON.parse(stdout) as Record<string, unknown>;
}
