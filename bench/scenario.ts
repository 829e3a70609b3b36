// One scenario: rounds of floor and subject in turn, so that whatever else the machine does falls on both.
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { drive, type Load, type Measured } from './load.ts';
import type { Call, Subject } from './subject.ts';

const FLOOR = fileURLToPath(new URL('./floor.ts', import.meta.url));

export interface Scenario {
  readonly name: string;
  readonly operation: string;
  /** The body of the next request; also yields the body of the recorded one. */
  readonly nextBody: () => unknown;
  readonly expected: string;
  readonly extent: Load['extent'];
  readonly warmUp: Load['extent'];
}

export interface Effort {
  readonly rounds: number;
  readonly connections: number;
}

export interface ScenarioResult {
  readonly name: string;
  readonly floor: Measured;
  readonly subject: Measured;
  /** Subject's throughput as a share of the floor's, the median over the rounds, and the range that it moved in. */
  readonly ratio: number;
  readonly ratioRange: readonly [number, number];
  /** Highest resident memory of the subject from its start to the end of this scenario. */
  readonly peakMb: number;
}

/** Records the subject's answer, starts a floor that gives the same, and measures both. */
export async function runScenario(
  scenario: Scenario,
  subject: Subject,
  folder: string,
  { rounds, connections }: Effort,
): Promise<ScenarioResult> {
  const floor = await startFloor(
    subject,
    { operation: scenario.operation, body: scenario.nextBody() },
    folder,
  );
  try {
    const load = (url: string, extent: Load['extent']) =>
      drive({
        url,
        path: `/v2/${scenario.operation}`,
        authorization: subject.authorization,
        nextBody: () => JSON.stringify(scenario.nextBody()),
        expected: scenario.expected,
        connections,
        extent,
      });
    const pairs: { floor: Measured; subject: Measured }[] = [];
    await load(floor.url, scenario.warmUp);
    await load(subject.url, scenario.warmUp);
    for (let round = 0; round < rounds; round++) {
      pairs.push({
        floor: await load(floor.url, scenario.extent),
        subject: await load(subject.url, scenario.extent),
      });
    }
    const ratios = pairs.map((pair) => pair.subject.requestsPerSecond / pair.floor.requestsPerSecond);
    return {
      name: scenario.name,
      floor: medianOf(pairs.map((pair) => pair.floor)),
      subject: medianOf(pairs.map((pair) => pair.subject)),
      ratio: median(ratios),
      ratioRange: [Math.min(...ratios), Math.max(...ratios)],
      peakMb: subject.memory().peakMb,
    };
  } finally {
    await floor.stop();
  }
}

async function startFloor(subject: Subject, call: Call, folder: string) {
  const file = join(folder, `answer-${call.operation}.json`);
  await writeFile(file, JSON.stringify(await subject.call(call)));
  const child: ChildProcessByStdio<null, Readable, null> = spawn(process.execPath, [FLOOR, file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const { url } = JSON.parse(line) as { url: string };
    const stop = () =>
      new Promise<void>((resolve) => {
        child.once('exit', () => resolve());
        child.kill('SIGTERM');
      });
    return { url, stop };
  }
  throw new Error('the floor did not start');
}

function medianOf(measured: readonly Measured[]): Measured {
  return {
    requestsPerSecond: median(measured.map((one) => one.requestsPerSecond)),
    p50Ms: median(measured.map((one) => one.p50Ms)),
    p99Ms: median(measured.map((one) => one.p99Ms)),
  };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(middle)] ?? Number.NaN) + (sorted[Math.ceil(middle)] ?? Number.NaN)) / 2;
}
