// What it costs a verification that it leaves its rows in the analytics store: one server with a store and one without,
// under the same load in turn, so that whatever else the machine does falls on both. Load generator, servers and store
// share the machine.
//
// Noise: rounds are of equal length, long enough for two batches of each kind of row to be written in each, and a round
// ends when its rows are written, so that nothing of one server is left to do while the other is measured. The order of
// both changes from round to round. Shares are those of single rounds, of which the median counts; processor time hardly
// depends on what else runs.
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildProgram } from '../test/support/compiled-program.ts';
import { freePort } from '../test/support/servers-local.ts';
import { readBuffer } from './analytics-buffers.ts';
import { type BenchStore, embeddedStore, httpStore } from './analytics-stores.ts';
import type { Measured } from './generator/job.ts';
import { embeddedInstallation } from './installation.ts';
import { drive } from './load.ts';
import { median, rangeOf, rounded } from './statistics.ts';
import { type Subject, startSubject } from './subject.ts';

/** One kind of load on both servers; medians over the rounds. */
export interface AnalyticsResult {
  readonly store: string;
  readonly load: string;
  readonly rounds: number;
  readonly requestsPerSecondOff: number;
  readonly requestsPerSecondOn: number;
  readonly p50OffMs: number;
  readonly p50OnMs: number;
  readonly p99OffMs: number;
  readonly p99OnMs: number;
  /** With analytics, as a share of without. */
  readonly throughputRatio: number;
  readonly p99Ratio: number;
  readonly p99RatioRange: string;
  /** Processor time of the server for a verification, in microseconds: all threads, an engine inside it included. */
  readonly processorOffUs: number;
  readonly processorOnUs: number;
}

type Sample = Measured & { readonly processorUs: number };

interface Round {
  readonly off: Sample;
  readonly on: Sample;
}

interface LoadPlan {
  readonly name: string;
  /** Requests a second; as many as there come back when undefined. */
  readonly rate: number | undefined;
  /** Exactly so many, as those in flight at the end of a time would be neither answered nor unanswered. */
  readonly requests: number;
  readonly rounds: number;
}

/** Both servers, and how many verifications the one with a store has answered. */
interface Pair {
  readonly off: Subject;
  readonly on: Subject;
  readonly metricsPort: number;
  readonly body: { readonly key: string | undefined; readonly tags: readonly string[] };
  answered: number;
}

const CONNECTIONS = 20;
/** More than are busy at once unless the server pauses. */
const PACED_CONNECTIONS = 50;
const WARM_UP_REQUESTS = 10_000;
const ROUND_SECONDS = 10;
const POLL_MS = 250;

function loadPlans(quick: boolean): readonly LoadPlan[] {
  const [rounds, sustainedSeconds] = quick ? [3, 10] : [9, 60];
  const paced = (rate: number, seconds: number, of: number): LoadPlan => ({
    name: `${rate} a second for ${seconds} s`,
    rate,
    requests: rate * seconds,
    rounds: of,
  });
  return [
    { name: 'as fast as it goes', rate: undefined, requests: 40_000, rounds },
    paced(1_000, ROUND_SECONDS, rounds),
    paced(5_000, ROUND_SECONDS, rounds),
    paced(5_000, sustainedSeconds, 1),
  ];
}

/**
 * Measures each store in turn.
 * @throws Error when one does not end with exactly one row for every verification of all loads
 */
export async function measureAnalytics(quick: boolean): Promise<readonly AnalyticsResult[]> {
  buildProgram();
  const results: AnalyticsResult[] = [];
  for (const open of [embeddedStore, httpStore]) {
    const folder = await mkdtemp(join(tmpdir(), 'unkey-bench-'));
    const store = await open(folder);
    try {
      results.push(...(await measureOn(store, folder, loadPlans(quick))));
    } finally {
      await store.stop();
      await rm(folder, { recursive: true, force: true });
    }
  }
  return results;
}

async function measureOn(
  store: BenchStore,
  folder: string,
  plans: readonly LoadPlan[],
): Promise<AnalyticsResult[]> {
  const installation = await embeddedInstallation(folder, 1);
  const metricsPort = await freePort();
  const tag = `bench=${randomUUID()}`;
  const pair: Pair = {
    off: await startSubject(installation, folder),
    on: await startSubject(installation, folder, { clickhouse: store.address, metricsPort }),
    metricsPort,
    body: { key: installation.keys[0], tags: [tag] },
    answered: 0,
  };
  const results: AnalyticsResult[] = [];
  try {
    for (const plan of plans) {
      await runRound(pair, { ...plan, requests: WARM_UP_REQUESTS }, false);
      const rounds: Round[] = [];
      for (let round = 0; round < plan.rounds; round++) {
        rounds.push(await runRound(pair, plan, round % 2 === 1));
      }
      results.push(comparison(store, plan, rounds));
    }
  } finally {
    await Promise.all([pair.off.stop(), pair.on.stop()]);
  }
  const rows = await store.verifications(tag);
  if (rows !== pair.answered) throw new Error(`${pair.answered} verifications left ${rows} rows`);
  return results;
}

async function runRound(pair: Pair, load: LoadPlan, onFirst: boolean): Promise<Round> {
  const runOff = () => sample(pair.off, load, pair, async () => undefined);
  const runOn = async () => {
    pair.answered += load.requests;
    return sample(pair.on, load, pair, () => untilWritten(pair));
  };
  if (onFirst) {
    const on = await runOn();
    return { off: await runOff(), on };
  }
  return { off: await runOff(), on: await runOn() };
}

/** One server under the load, with the processor time until what it has to write is written. */
async function sample(
  subject: Subject,
  load: LoadPlan,
  { body }: Pair,
  settled: () => Promise<void>,
): Promise<Sample> {
  const before = subject.processorMs();
  const measured = await driveVerifications(subject, body, load);
  await settled();
  return { ...measured, processorUs: ((subject.processorMs() - before) * 1_000) / load.requests };
}

/** @throws Error when rows were dropped or given up */
async function untilWritten({ metricsPort }: Pair): Promise<void> {
  for (;;) {
    const buffers = ['key_verifications', 'api_requests'].map((name) => readBuffer(metricsPort, name));
    const counts = await Promise.all(buffers);
    if (counts.some(({ dropped, givenUp }) => dropped + givenUp > 0)) {
      throw new Error(`rows were lost: ${JSON.stringify(counts)}`);
    }
    if (counts.every(({ taken, written }) => taken === written)) return;
    await sleep(POLL_MS);
  }
}

/** Every answer is a VALID. */
export function driveVerifications(
  { url, authorization }: Pick<Subject, 'url' | 'authorization'>,
  body: { readonly key: string | undefined; readonly tags: readonly string[] },
  { rate, requests }: Pick<LoadPlan, 'rate' | 'requests'>,
): Promise<Measured> {
  const bodies = [JSON.stringify(body)];
  const job = { url, authorization, path: '/v2/keys.verifyKey', bodies, expected: '"VALID"' };
  return rate === undefined
    ? drive({ ...job, connections: CONNECTIONS, pace: { kind: 'closed', extent: { requests } } })
    : drive({
        ...job,
        connections: PACED_CONNECTIONS,
        // Others share the cores: it sleeps in between.
        pace: { kind: 'paced', rate, requests, spin: false },
      });
}

function comparison(store: BenchStore, plan: LoadPlan, rounds: readonly Round[]): AnalyticsResult {
  const middle = (of: (round: Round) => number): number => rounded(median(rounds.map(of)));
  const p99Ratios = rounds.map(({ off, on }) => on.p99Ms / off.p99Ms);
  return {
    store: store.name,
    load: plan.name,
    rounds: rounds.length,
    requestsPerSecondOff: middle(({ off }) => off.requestsPerSecond),
    requestsPerSecondOn: middle(({ on }) => on.requestsPerSecond),
    p50OffMs: middle(({ off }) => off.p50Ms),
    p50OnMs: middle(({ on }) => on.p50Ms),
    p99OffMs: middle(({ off }) => off.p99Ms),
    p99OnMs: middle(({ on }) => on.p99Ms),
    throughputRatio: middle(({ off, on }) => on.requestsPerSecond / off.requestsPerSecond),
    p99Ratio: rounded(median(p99Ratios)),
    p99RatioRange: rangeOf(p99Ratios)
      .map((ratio) => ratio.toFixed(2))
      .join(' – '),
    processorOffUs: middle(({ off }) => off.processorUs),
    processorOnUs: middle(({ on }) => on.processorUs),
  };
}
