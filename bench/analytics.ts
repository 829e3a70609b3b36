// What it costs a verification that it leaves its rows in the analytics store: one server with a store and one without,
// under the same load in turn, so that whatever else the machine does falls on both. Load generator, server and store
// share the machine.
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BenchStore, embeddedStore, httpStore } from './analytics-stores.ts';
import { embeddedInstallation } from './installation.ts';
import { drive, type Measured } from './load.ts';
import { drivePaced } from './paced-load.ts';
import { buildProgram, type Subject, startSubject } from './subject.ts';

/** One kind of load on both servers. */
export interface AnalyticsResult {
  readonly store: string;
  readonly load: string;
  readonly rounds: number;
  readonly requestsPerSecondOff: number;
  readonly requestsPerSecondOn: number;
  readonly p99OffMs: number;
  readonly p99OnMs: number;
  /** With analytics, as a share of without; the median over the rounds. */
  readonly throughputRatio: number;
  readonly p99Ratio: number;
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

const CONNECTIONS = 20;
/** More than are busy at once unless the server pauses. */
const PACED_CONNECTIONS = 50;
const WARM_UP_REQUESTS = 10_000;

function loadPlans(quick: boolean): readonly LoadPlan[] {
  const [rounds, sustainedSeconds] = quick ? [5, 10] : [9, 60];
  return [
    { name: 'as fast as it goes', rate: undefined, requests: 40_000, rounds },
    // Short and many: what else the machine does falls on few of them.
    { name: '1000 a second for 4 s', rate: 1_000, requests: 4_000, rounds },
    { name: '5000 a second for 4 s', rate: 5_000, requests: 20_000, rounds },
    {
      name: `5000 a second for ${sustainedSeconds} s`,
      rate: 5_000,
      requests: 5_000 * sustainedSeconds,
      rounds: 1,
    },
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
  const off = await startSubject(installation, folder);
  const on = await startSubject(installation, folder, { clickhouse: store.address });
  const tag = `bench=${randomUUID()}`;
  const verify = async (subject: Subject, load: Pick<LoadPlan, 'rate' | 'requests'>): Promise<Sample> => {
    const before = subject.processorMs();
    const measured = await driveVerifications(subject, { key: installation.keys[0], tags: [tag] }, load);
    return { ...measured, processorUs: ((subject.processorMs() - before) * 1_000) / load.requests };
  };
  const measured: { plan: LoadPlan; rounds: readonly Round[] }[] = [];
  let verifications = 0;
  try {
    for (const plan of plans) {
      const rounds: Round[] = [];
      for (let round = -1; round < plan.rounds; round++) {
        // The first round warms both up.
        const load = round === -1 ? { ...plan, requests: WARM_UP_REQUESTS } : plan;
        const pair = { off: await verify(off, load), on: await verify(on, load) };
        verifications += load.requests;
        if (round >= 0) rounds.push(pair);
      }
      measured.push({ plan, rounds });
    }
  } finally {
    await Promise.all([off.stop(), on.stop()]);
  }
  const rows = await store.verifications(tag);
  if (rows !== verifications) throw new Error(`${verifications} verifications left ${rows} rows`);
  return measured.map(({ plan, rounds }) => comparison(store, plan, rounds));
}

/** Every answer is a VALID. */
export function driveVerifications(
  { url, authorization }: Pick<Subject, 'url' | 'authorization'>,
  body: { readonly key: string | undefined; readonly tags: readonly string[] },
  { rate, requests }: Pick<LoadPlan, 'rate' | 'requests'>,
): Promise<Measured> {
  const text = JSON.stringify(body);
  const call = { url, authorization, path: '/v2/keys.verifyKey', expected: '"VALID"' };
  return rate === undefined
    ? drive({ ...call, nextBody: () => text, connections: CONNECTIONS, extent: { requests } })
    : drivePaced({ ...call, body: text, connections: PACED_CONNECTIONS, rate, requests });
}

function comparison(store: BenchStore, plan: LoadPlan, rounds: readonly Round[]): AnalyticsResult {
  const middle = (of: (round: Round) => number): number => {
    const sorted = rounds.map(of).sort((a, b) => a - b);
    return Number((sorted[Math.floor(sorted.length / 2)] ?? Number.NaN).toFixed(3));
  };
  return {
    store: store.name,
    load: plan.name,
    rounds: rounds.length,
    requestsPerSecondOff: middle(({ off }) => off.requestsPerSecond),
    requestsPerSecondOn: middle(({ on }) => on.requestsPerSecond),
    p99OffMs: middle(({ off }) => off.p99Ms),
    p99OnMs: middle(({ on }) => on.p99Ms),
    throughputRatio: middle(({ off, on }) => on.requestsPerSecond / off.requestsPerSecond),
    p99Ratio: middle(({ off, on }) => on.p99Ms / off.p99Ms),
    processorOffUs: middle(({ off }) => off.processorUs),
    processorOnUs: middle(({ on }) => on.processorUs),
  };
}
