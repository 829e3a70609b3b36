// How close `unkey import keys` into a running server comes to the rows themselves: raw multi-row INSERTs, in this process,
// of everything that the import stored, a batch a transaction as the server does it. Both run on the same machine in turn.
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { sha256Base64 } from '../src/lib/hash.ts';
import { freshMysqlDatabase } from '../test/support/servers.ts';
import { provideServers } from '../test/support/servers-provide.ts';
import { runUnkey } from '../test/support/unkey-process.ts';
import { insertAgain, mysqlCopy, type RowCopy, sqliteCopy } from './import-floor.ts';
import { embeddedInstallation, type Installation, serversInstallation, unkey } from './installation.ts';
import { buildProgram, PROGRAM, startSubject } from './subject.ts';

const MIGRATION = 'mig_bench';
const BATCH = 500;

interface ImportMeasurement {
  readonly stores: string;
  readonly keys: number;
  readonly keysPerSecond: number;
  readonly floorKeysPerSecond: number;
  /** The import's rate as a share of the floor's. */
  readonly ofFloor: number;
  /** Highest resident memory of the server. */
  readonly serverPeakMb: number;
}

/** Measures 100 000 keys, or 10 000 when `quick`: embedded, and on MySQL where there is one. */
export async function measureImport(quick: boolean): Promise<ImportMeasurement[]> {
  const keys = quick ? 10_000 : 100_000;
  buildProgram();
  const measured = [
    await measureOn('embedded', keys, (folder) => embeddedInstallation(folder, 0), emptySqliteCopy),
  ];
  const servers = await provideServers();
  try {
    if (!['TEST_MYSQL_URL', 'TEST_REDIS_URL'].every((name) => name in servers.variables)) {
      console.log(`\nnot measured on MySQL: ${servers.missing.join(', ')}`);
      return measured;
    }
    Object.assign(process.env, servers.variables);
    measured.push(await measureOn('MySQL', keys, serversInstallation, emptyMysqlCopy));
    return measured;
  } finally {
    await servers.stop();
  }
}

async function measureOn(
  stores: string,
  keys: number,
  install: (folder: string) => Promise<Installation>,
  openCopy: (source: string, folder: string) => Promise<RowCopy>,
): Promise<ImportMeasurement> {
  const folder = await mkdtemp(join(tmpdir(), 'unkey-bench-'));
  try {
    const installation = await install(folder);
    try {
      const { seconds, serverPeakMb } = await timeImport(installation, folder, keys);
      const floorSeconds = await timeFloor(await openCopy(installation.database, folder), keys);
      return {
        stores,
        keys,
        keysPerSecond: Math.round(keys / seconds),
        floorKeysPerSecond: Math.round(keys / floorSeconds),
        ofFloor: Number((floorSeconds / seconds).toFixed(3)),
        serverPeakMb,
      };
    } finally {
      await installation.remove();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function timeImport(installation: Installation, folder: string, keys: number) {
  const { database, workspace, rootKey } = installation;
  const made = ['--workspace', workspace, '--algorithm', 'sha256', '--id', MIGRATION];
  await unkey(['key-migration', 'create', ...made], database);
  const file = join(folder, 'keys.csv');
  await pipeline(Readable.from(csvOf(keys)), createWriteStream(file));
  const subject = await startSubject(installation, folder);
  try {
    const words = ['--api', subject.apiId, '--migration', MIGRATION, '--batch-size', String(BATCH), '--yes'];
    const started = performance.now();
    const { code, stdout, stderr } = await runUnkey(['import', 'keys', file, ...words, '--json'], {
      program: PROGRAM,
      env: { UNKEY_ROOT_KEY: rootKey, UNKEY_API_BASE_URL: subject.url },
    });
    const seconds = (performance.now() - started) / 1000;
    const { imported } = JSON.parse(stdout) as { imported: number };
    if (code !== 0 || imported !== keys) throw new Error(`imported ${imported} of ${keys}: ${stderr}`);
    return { seconds, serverPeakMb: subject.memory().peakMb };
  } finally {
    await subject.stop();
  }
}

/** Keys as people have them: a name, one of a thousand owners, two permissions. */
function* csvOf(keys: number): Generator<string> {
  yield 'hash,name,externalId,permissions\n';
  for (let index = 0; index < keys; index++) {
    const hash = sha256Base64(`bench-import-${index}`);
    yield `${hash},key ${index},user_${index % 1000},"documents.read,documents.write"\n`;
  }
}

async function timeFloor(copy: RowCopy, keys: number): Promise<number> {
  try {
    return await insertAgain(copy, Math.ceil(keys / BATCH));
  } finally {
    await copy.close();
  }
}

async function emptySqliteCopy(source: string, folder: string): Promise<RowCopy> {
  const file = join(folder, 'floor.db');
  await unkey(['migrate', 'up'], `sqlite:${file}`);
  return sqliteCopy(source.replace(/^sqlite:/, ''), file);
}

async function emptyMysqlCopy(source: string): Promise<RowCopy> {
  const target = await freshMysqlDatabase();
  await unkey(['migrate', 'up'], target.url);
  return mysqlCopy(source, target.url, () => target.drop());
}
