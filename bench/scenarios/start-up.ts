// From the start of the process to the first verification that is answered VALID, beside a Node that does nothing.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Bed } from '../bed.ts';
import type { Measured } from '../generator/job.ts';
import { memoryOf } from '../processes.ts';
import { type Round, type ScenarioRow, summary } from '../rows.ts';
import { quantile } from '../statistics.ts';
import { callOperation, dataOf, launchSubject } from '../subject.ts';

const RETRY_MS = 5;
const GIVE_UP_MS = 60_000;

export async function measureStartUp(name: string, bed: Bed): Promise<ScenarioRow> {
  const key = await storedKey(bed);
  const rounds: Round[] = [];
  const peaks: number[] = [];
  for (let start = 0; start < bed.plan.starts; start++) {
    const floor = await timeNode();
    const subject = await timeSubject(bed, key);
    peaks.push(subject.peakBytes);
    rounds.push({
      floor: { measured: singleEvent(floor) },
      subject: { measured: singleEvent(subject.elapsedMs) },
    });
  }
  const { floorFigures, ...figures } = summary(rounds);
  const slowest = (of: (round: Round) => Measured): number =>
    quantile(
      rounds.map((round) => of(round).p50Ms).toSorted((a, b) => a - b),
      0.99,
    );
  return {
    name,
    backend: bed.backend,
    ...figures,
    p99: slowest(({ subject }) => subject.measured),
    floor: { is: "node -e ''", ...floorFigures, p99: slowest(({ floor }) => floor.measured) },
    rssPeakBytes: Math.max(...peaks),
    note: `${Math.round(figures.p50 - floorFigures.p50)} ms more than node -e ''`,
  };
}

async function storedKey(bed: Bed): Promise<string> {
  const subject = await bed.startSubject();
  try {
    const answer = await subject.call({ operation: 'keys.createKey', body: { apiId: subject.apiId } });
    return dataOf<{ key: string }>(answer).key;
  } finally {
    await subject.stop();
  }
}

async function timeNode(): Promise<number> {
  const started = performance.now();
  const child = spawn(process.execPath, ['-e', ''], { stdio: 'ignore' });
  await once(child, 'exit');
  return performance.now() - started;
}

async function timeSubject(bed: Bed, key: string): Promise<{ elapsedMs: number; peakBytes: number }> {
  const { installation, folder, plan } = bed;
  const started = performance.now();
  const { url, process: server } = await launchSubject(installation, folder, { workers: plan.workers });
  try {
    const verify = { operation: 'keys.verifyKey', body: { key } };
    for (;;) {
      const answer = await callOperation(url, installation.rootKey, verify).catch((error: unknown) => {
        // Nobody listens yet.
        if (error instanceof TypeError && performance.now() - started < GIVE_UP_MS) return undefined;
        throw new Error(`the server did not start: ${server.stderr()}`, { cause: error });
      });
      if (answer !== undefined) {
        const elapsedMs = performance.now() - started;
        if (!dataOf<{ valid: boolean }>(answer).valid) throw new Error(`answered ${answer.body}`);
        return { elapsedMs, peakBytes: memoryOf(server.pid).peakBytes };
      }
      await sleep(RETRY_MS);
    }
  } finally {
    await server.end('SIGTERM');
  }
}

/** One event as the rounds of other scenarios tell of many. */
function singleEvent(elapsedMs: number): Measured {
  return {
    requests: 1,
    requestsPerSecond: 1_000 / elapsedMs,
    p50Ms: elapsedMs,
    p99Ms: elapsedMs,
    maxMs: elapsedMs,
    generatorBusy: 0,
  };
}
