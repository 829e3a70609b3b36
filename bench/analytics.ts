// What it costs a verification that it leaves its rows in the analytics store: one server with the embedded engine and
// one without, under the same load in turn, so that whatever else the machine does falls on both.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEmptyChdb } from '../test/support/analytics.ts';
import { embeddedInstallation } from './installation.ts';
import { drive, type Load, type Measured } from './load.ts';
import { buildProgram, type Subject, startSubject } from './subject.ts';

/** One kind of load on both servers. */
export interface AnalyticsResult {
  readonly load: string;
  readonly requestsPerSecondOff: number;
  readonly requestsPerSecondOn: number;
  readonly p99OffMs: number;
  readonly p99OnMs: number;
  /** With analytics, as a share of without; the median over the rounds. */
  readonly throughputRatio: number;
  readonly p99Ratio: number;
}

const CONNECTIONS = 20;

/** @throws Error when the store does not end with exactly one row a verification */
export async function measureAnalytics(quick: boolean): Promise<readonly AnalyticsResult[]> {
  const [rounds, seconds] = quick ? [3, 5] : [5, 20];
  buildProgram();
  const folder = await mkdtemp(join(tmpdir(), 'unkey-bench-'));
  try {
    const installation = await embeddedInstallation(folder, 1);
    const directory = join(folder, 'bench-analytics');
    const off = await startSubject(installation, folder);
    const on = await startSubject(installation, folder, { clickhouse: `chdb:${directory}` });
    let verifications = 0;
    const results: AnalyticsResult[] = [];
    try {
      const [key] = installation.keys;
      for (const rate of [undefined, 1_000]) {
        const pairs: { off: Measured; on: Measured }[] = [];
        // Exactly so many, as those in flight at the end of a time would be neither answered nor unanswered.
        const requests = (rate ?? 2_000) * seconds;
        const load = (subject: Subject) => driveVerifications(subject, key, { rate, requests });
        for (let round = -1; round < rounds; round++) {
          const pair = { off: await load(off), on: await load(on) };
          verifications += requests;
          // The first round warms both up.
          if (round >= 0) pairs.push(pair);
        }
        results.push(comparison(rate === undefined ? 'as fast as it goes' : `${rate} a second`, pairs));
      }
    } finally {
      await Promise.all([off.stop(), on.stop()]);
    }
    await assertRows(directory, verifications);
    return results;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function driveVerifications(
  subject: Subject,
  key: string | undefined,
  { rate, requests }: { readonly rate: number | undefined; readonly requests: number },
): Promise<Measured> {
  const load: Load = {
    url: subject.url,
    path: '/v2/keys.verifyKey',
    authorization: subject.authorization,
    nextBody: () => JSON.stringify({ key, tags: ['path=/bench'] }),
    expected: '"VALID"',
    connections: CONNECTIONS,
    extent: { requests },
    ...(rate === undefined ? {} : { rate }),
  };
  return drive(load);
}

function comparison(load: string, pairs: readonly { off: Measured; on: Measured }[]): AnalyticsResult {
  const middle = (of: (pair: { off: Measured; on: Measured }) => number): number => {
    const sorted = pairs.map(of).sort((a, b) => a - b);
    return Number((sorted[Math.floor(sorted.length / 2)] ?? Number.NaN).toFixed(3));
  };
  return {
    load,
    requestsPerSecondOff: middle(({ off }) => off.requestsPerSecond),
    requestsPerSecondOn: middle(({ on }) => on.requestsPerSecond),
    p99OffMs: middle(({ off }) => off.p99Ms),
    p99OnMs: middle(({ on }) => on.p99Ms),
    throughputRatio: middle(({ off, on }) => on.requestsPerSecond / off.requestsPerSecond),
    p99Ratio: middle(({ off, on }) => on.p99Ms / off.p99Ms),
  };
}

async function assertRows(directory: string, expected: number): Promise<void> {
  const store = await openEmptyChdb(directory);
  try {
    const [row] = await store.query('SELECT count() AS rows FROM key_verifications_raw_v2');
    if (row?.rows !== expected) throw new Error(`${expected} verifications left ${String(row?.rows)} rows`);
  } finally {
    await store.close();
  }
}
