// A job of the control plane that another process has taken over. How several share a queue: test/integration/control-jobs.test.ts.

import { expect, test } from 'vitest';
import { factsOf, makeApp, openBench, RecordingRunner, request } from './workbench.ts';

test('a process that another one has taken a job from stops, and leaves the job to it', async () => {
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
