// How close `unkey import keys` into a running server comes to the rows themselves: raw multi-row INSERTs, in this process,
// of everything that the import stored, a batch a transaction as the server does it. Both run on the same machine in turn.
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { sha256Base64 } from '../../src/lib/hash.ts';
import { PROGRAM } from '../../test/support/compiled-program.ts';
import { freshMysqlDatabase } from '../../test/support/servers.ts';
import { runUnkey } from '../../test/support/unkey-process.ts';
import type { Bed } from '../bed.ts';
import { insertAgain, mysqlCopy, type RowCopy, sqliteCopy } from '../floors/import-floor.ts';
import type { Measured } from '../generator/job.ts';
import { embeddedInstallation, type Installation, serversInstallation, unkey } from '../installation.ts';
import { type Round, type ScenarioRow, summary } from '../rows.ts';
import { startSubject } from '../subject.ts';

const MIGRATION = 'mig_bench';
const BATCH = 500;
const ROUNDS = 3;
const QUICK_ROUNDS = 1;

/** One import is one round, each into an installation of its own. */
export async function measureImport(name: string, bed: Bed): Promise<ScenarioRow> {
  const { backend, plan } = bed;
  const rounds: Round[] = [];
  const peaks: number[] = [];
  for (let round = 0; round < (plan.quick ? QUICK_ROUNDS : ROUNDS); round++) {
    const folder = join(bed.folder, `import-${round}`);
    await mkdir(folder);
    const embedded = backend === 'embedded';
    const installation = embedded ? await embeddedInstallation(folder, 0) : await serversInstallation();
    try {
      const subject = await timeImport(installation, folder, plan.importedKeys);
      peaks.push(subject.peakBytes);
      const openCopy = embedded ? emptySqliteCopy : emptyMysqlCopy;
      const copy = await openCopy(installation.database, folder);
      const floorSeconds = await timeFloor(copy, plan.importedKeys);
      rounds.push({
        floor: { measured: measuredOf(plan.importedKeys, floorSeconds) },
        subject: {
          measured: measuredOf(plan.importedKeys, subject.seconds),
          processorMs: subject.processorMs,
        },
      });
    } finally {
      await installation.remove();
    }
  }
  const { floorFigures, ...figures } = summary(rounds);
  return {
    name,
    backend,
    ...figures,
    floor: { is: 'multi-row INSERTs of the same rows', ...floorFigures },
    rssPeakBytes: Math.max(...peaks),
    note: `${plan.importedKeys} keys in batches of ${BATCH}; a second has so many keys, and times are of the whole import`,
  };
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
    const processorBefore = subject.processorMs();
    const started = performance.now();
    const { code, stdout, stderr } = await runUnkey(['import', 'keys', file, ...words, '--json'], {
      program: PROGRAM,
      env: { UNKEY_ROOT_KEY: rootKey, UNKEY_API_BASE_URL: subject.url },
    });
    const seconds = (performance.now() - started) / 1_000;
    const { imported } = JSON.parse(stdout) as { imported: number };
    if (code !== 0 || imported !== keys) throw new Error(`imported ${imported} of ${keys}: ${stderr}`);
    const processorMs = subject.processorMs() - processorBefore;
    return { seconds, processorMs, peakBytes: subject.memory().peakBytes };
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

function measuredOf(keys: number, seconds: number): Measured {
  const ms = seconds * 1_000;
  return {
    requests: keys,
    requestsPerSecond: keys / seconds,
    p50Ms: ms,
    p99Ms: ms,
    maxMs: ms,
    generatorBusy: 0,
  };
}
