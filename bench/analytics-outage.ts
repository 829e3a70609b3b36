// What waits to be written while the analytics store does not answer, and what becomes of it.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../test/support/servers-local.ts';
import { driveVerifications } from './analytics.ts';
import { embeddedInstallation } from './installation.ts';
import { buildProgram, startSubject } from './subject.ts';

/** The server after so many verifications without a store. */
export interface OutageResult {
  readonly verifications: number;
  readonly residentMb: number;
  /** Verifications that found the queue full. */
  readonly dropped: number;
  /** Those in batches that were given up after their last try. */
  readonly givenUp: number;
  /** The rest: those that wait. */
  readonly waiting: number;
}

/** The queue of 20 000, and a batch of 10 000 for each of the two who write. */
const MOST_WAITING = 40_000;
const RATE = 5_000;

/** @throws Error when more wait than may, or when some are not accounted for */
export async function measureOutage(quick: boolean): Promise<readonly OutageResult[]> {
  const [slices, seconds] = quick ? [5, 4] : [6, 20];
  buildProgram();
  const folder = await mkdtemp(join(tmpdir(), 'unkey-bench-'));
  try {
    const installation = await embeddedInstallation(folder, 1);
    const metricsPort = await freePort();
    const nowhere = `http://127.0.0.1:${await freePort()}`;
    const subject = await startSubject(installation, folder, { clickhouse: nowhere, metricsPort });
    const results: OutageResult[] = [];
    try {
      for (let slice = 1; slice <= slices; slice++) {
        const body = { key: installation.keys[0], tags: ['path=/bench'] };
        await driveVerifications(subject, body, { rate: RATE, requests: RATE * seconds });
        const buffer = await readBuffer(metricsPort);
        const verifications = slice * RATE * seconds;
        const waiting = buffer.taken - buffer.givenUp;
        if (buffer.taken + buffer.dropped !== verifications || waiting > MOST_WAITING) {
          throw new Error(`of ${verifications} verifications: ${JSON.stringify(buffer)}`);
        }
        const { residentMb } = subject.memory();
        results.push({
          verifications,
          residentMb,
          dropped: buffer.dropped,
          givenUp: buffer.givenUp,
          waiting,
        });
      }
    } finally {
      await subject.stop();
    }
    return results;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What the server counts of the buffer of verifications. */
async function readBuffer(port: number): Promise<{ taken: number; dropped: number; givenUp: number }> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const value = (series: string, ...labels: readonly string[]): number => {
    const wanted = ['name="key_verifications"', ...labels];
    const line = text
      .split('\n')
      .find(
        (candidate) =>
          candidate.startsWith(`${series}{`) && wanted.every((label) => candidate.includes(label)),
      );
    return line === undefined ? 0 : Number(line.slice(line.lastIndexOf(' ') + 1));
  };
  return {
    taken: value('unkey_buffer_state_total', 'state="buffered"'),
    dropped: value('unkey_buffer_state_total', 'state="dropped"'),
    givenUp: value('unkey_batch_items_processed_errors_total'),
  };
}
