// What waits to be written while the analytics store does not answer, and what becomes of it.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildProgram } from '../test/support/compiled-program.ts';
import { freePort } from '../test/support/servers-local.ts';
import { driveVerifications } from './analytics.ts';
import { readBuffer } from './analytics-buffers.ts';
import { embeddedInstallation } from './installation.ts';
import { startSubject } from './subject.ts';

/** The server after so many verifications without a store. */
export interface OutageResult {
  /** Since the first one; more than planned on a machine that does not keep up with the rate. */
  readonly seconds: number;
  readonly verifications: number;
  readonly residentMb: number;
  /** Verifications that found the queue full. */
  readonly dropped: number;
  /** Those in batches that were given up after their last try. */
  readonly givenUp: number;
  /** The rest: those that wait. */
  readonly waiting: number;
}

interface OutagePlan {
  /** Verifications a second. */
  readonly rate: number;
  readonly slices: number;
  readonly secondsOfSlice: number;
}

/** Ten minutes, at a rate that leaves the machine time for other work. */
const FULL: OutagePlan = { rate: 2_000, slices: 20, secondsOfSlice: 30 };
const QUICK: OutagePlan = { rate: 5_000, slices: 5, secondsOfSlice: 4 };

/** The queue of 20 000, and a batch of 10 000 for each of the two who write. */
const MOST_WAITING = 40_000;

/** @throws Error when more wait than may, or when some are not accounted for */
export async function measureOutage(quick: boolean): Promise<readonly OutageResult[]> {
  const { rate, slices, secondsOfSlice } = quick ? QUICK : FULL;
  buildProgram();
  const folder = await mkdtemp(join(tmpdir(), 'unkey-bench-'));
  try {
    const installation = await embeddedInstallation(folder, 1);
    const metricsPort = await freePort();
    const nowhere = `http://127.0.0.1:${await freePort()}`;
    const subject = await startSubject(installation, folder, { clickhouse: nowhere, metricsPort });
    const results: OutageResult[] = [];
    try {
      const started = performance.now();
      const body = { key: installation.keys[0], tags: ['path=/bench'] };
      for (let slice = 1; slice <= slices; slice++) {
        await driveVerifications(subject, body, { rate, requests: rate * secondsOfSlice });
        const { taken, dropped, givenUp } = await readBuffer(metricsPort, 'key_verifications');
        const seconds = Math.round((performance.now() - started) / 1_000);
        const verifications = rate * secondsOfSlice * slice;
        const waiting = taken - givenUp;
        const residentMb = Math.round(subject.memory().residentBytes / 2 ** 20);
        const result = { seconds, verifications, residentMb, dropped, givenUp, waiting };
        if (taken + dropped !== verifications || waiting > MOST_WAITING) {
          throw new Error(`not accounted for: ${JSON.stringify(result)}`);
        }
        results.push(result);
      }
    } finally {
      await subject.stop();
    }
    return results;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
