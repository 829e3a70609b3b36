// The queue of the control plane, when several processes work on it.

import { expect, test } from 'vitest';
import type { Database } from '../../../src/storage/sql/database.ts';
import { insertControlJob, takeControlJob } from '../../../src/storage/sql/queries/control/jobs.ts';
import { migratedStore } from '../support/store.ts';
import { factsOf, makeApp, openBench, RecordingRunner, request } from './workbench.ts';

/** Two jobs of one object, taken at once by two processes; tells who got theirs. */
async function takeBoth(db: Database): Promise<boolean[]> {
  const now = 1_000;
  for (const id of ['inv_1', 'inv_2']) {
    await insertControlJob(db.primary, {
      id,
      kind: 'drain',
      objectKey: 'd_1',
      payload: '{}',
      runAt: now,
      createdAt: now,
    });
  }
  const jobs = await db.primary.all<{ pk: number }>('look', 'SELECT pk FROM control_jobs ORDER BY pk');
  return Promise.all(
    jobs.map(({ pk }, index) =>
      db.transaction((tx) =>
        takeControlJob(tx, { pk, objectKey: 'd_1', owner: `process ${index}`, now, expiresAt: now + 15_000 }),
      ),
    ),
  );
}

test('of two jobs of one object only one is taken', async () => {
  expect((await takeBoth(await migratedStore())).filter(Boolean)).toHaveLength(1);
});

test('two control planes on one store do everything once', async () => {
  const runner = new RecordingRunner();
  const bench = await openBench({ runner });
  const other = await openBench({ db: bench.db, clock: bench.clock, runner });
  const place = await makeApp(bench);
  const ids = await Promise.all(
    Array.from({ length: 20 }, async (_, index) => {
      const { service } = index % 2 === 0 ? bench : other;
      return (await service.createDeployment(request(place, { environmentSlug: 'preview' }))).deploymentId;
    }),
  );
  await bench.settled();
  for (const id of ids) expect(await factsOf(bench, id)).toMatchObject({ status: 'ready' });
  expect([...runner.calls].sort()).toEqual(ids.map((id) => `deploy ${id}`).sort());
});

test('a process that another one has taken a job from stops at once, and leaves the job to it', async () => {
  const runner = new RecordingRunner();
  const begun = Promise.withResolvers<AbortSignal>();
  runner.deploy = (_deployment, { signal }) =>
    new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason));
      begun.resolve(signal);
    });
  const bench = await openBench({ runner, leaseMs: 300 });
  const place = await makeApp(bench);
  const { deploymentId } = await bench.service.createDeployment(request(place));
  const signal = await begun.promise;
  const ended = new Promise((resolve) => signal.addEventListener('abort', resolve));
  // One whose clock is ahead of this one's takes a lease for a dead process's.
  await bench.run("UPDATE control_jobs SET owner = 'other', lease_expires_at = lease_expires_at + 60000");
  await ended;
  expect(signal.reason).toMatchObject({ message: 'another process has taken the job over' });
  expect(await bench.all('SELECT owner FROM control_jobs')).toEqual([{ owner: 'other' }]);
  expect(await factsOf(bench, deploymentId)).toMatchObject({ status: 'deploying' });
});

test('a job that was taken over is not ended by whoever had it before', async () => {
  const runner = new RecordingRunner();
  const bench = await openBench({ runner });
  const place = await makeApp(bench);
  runner.deploy = async () => bench.run("UPDATE control_jobs SET owner = 'other' WHERE kind = 'deploy'");
  const { deploymentId } = await bench.service.createDeployment(request(place));
  await expect.poll(async () => (await factsOf(bench, deploymentId))?.status).toBe('ready');
  await bench.service.stop();
  expect(await bench.all("SELECT owner FROM control_jobs WHERE kind = 'deploy'")).toEqual([
    { owner: 'other' },
  ]);
});
