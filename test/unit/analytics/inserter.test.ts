import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { CircuitOpenError } from '../../../src/lib/circuit-breaker.ts';
import { ManualClock } from '../../../src/lib/clock.ts';
import { createInserter, type Inserter } from '../../../src/services/analytics/writing/inserter.ts';
import type { LineBatch } from '../../../src/storage/analytics/analytics-store.ts';
import { AnalyticsStoreError } from '../../../src/storage/analytics/store-error.ts';
import { recordingLogger, recordingMetrics } from '../support/recorders.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const batch = { table: 'key_verifications_raw_v2', columns: ['a'], lines: [Buffer.from('[1]\n')], rows: 1 };
const down = new AnalyticsStoreError('network', 'connection refused');

function inserterOn(answers: (tries: number) => Error | undefined) {
  const tries: LineBatch[] = [];
  const clock = new ManualClock(0);
  const metrics = recordingMetrics();
  const log = recordingLogger();
  const inserter = createInserter({
    store: {
      insertLines: async (received) => {
        tries.push(received);
        const error = answers(tries.length);
        if (error !== undefined) throw error;
      },
    },
    clock,
    metrics,
    log,
  });
  return { inserter, tries, clock, metrics, log };
}

/** What became of a batch, once all pauses are over. */
async function outcome(inserter: Inserter): Promise<unknown> {
  const written = inserter.insert(batch).then(
    () => 'written',
    (error: unknown) => error,
  );
  await vi.advanceTimersByTimeAsync(60_000);
  return written;
}

it('writes a batch as it is, in one try', async () => {
  const { inserter, tries } = inserterOn(() => undefined);
  await inserter.insert(batch);
  expect(tries).toEqual([{ ...batch, deduplicationToken: expect.stringMatching(/^[0-9a-f-]{36}$/) }]);
});

it('tries five times, 1, 2, 4 and 8 seconds apart', async () => {
  const { inserter, tries } = inserterOn(() => down);
  const failing = inserter.insert(batch).catch((error: unknown) => error);
  await vi.advanceTimersByTimeAsync(0);
  const triesAfter: number[] = [];
  for (const pause of [1_000, 2_000, 4_000, 8_000]) {
    await vi.advanceTimersByTimeAsync(pause - 1);
    triesAfter.push(tries.length);
    await vi.advanceTimersByTimeAsync(1);
    triesAfter.push(tries.length);
  }
  expect(triesAfter).toEqual([1, 2, 2, 3, 3, 4, 4, 5]);
  expect(await failing).toBe(down);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(tries).toHaveLength(5);
});

it('sends every try of a batch with one token, and another batch with another', async () => {
  const { inserter, tries } = inserterOn((count) => (count < 4 ? down : undefined));
  expect(await outcome(inserter)).toBe('written');
  expect(await outcome(inserter)).toBe('written');
  const tokens = tries.map(({ deduplicationToken }) => deduplicationToken);
  expect(new Set(tokens.slice(0, 4)).size).toBe(1);
  expect(tokens[4]).not.toBe(tokens[0]);
});

it('counts what it sends again', async () => {
  const { inserter, metrics } = inserterOn((count) => (count < 3 ? down : undefined));
  await outcome(inserter);
  expect(metrics.values.get('unkey_analytics_insert_retries_total{table="key_verifications_raw_v2"}')).toBe(
    2,
  );
});

it('does not try again when user or password are refused', async () => {
  const refused = new AnalyticsStoreError('authentication', 'Code: 516. Authentication failed', {
    code: 516,
  });
  const { inserter, tries } = inserterOn(() => refused);
  expect(await outcome(inserter)).toBe(refused);
  expect(tries).toHaveLength(1);
});

it('stops asking a store after five failed batches, for 30 seconds, and then lets three through', async () => {
  let isUp = false;
  const { inserter, tries, clock, log } = inserterOn(() => (isUp ? undefined : down));
  const five = Array.from({ length: 5 }, () => outcome(inserter));
  expect(await Promise.all(five)).toEqual(Array(5).fill(down));
  expect(tries).toHaveLength(25);
  expect(await outcome(inserter)).toBeInstanceOf(CircuitOpenError);
  clock.advance(29_999);
  expect(await outcome(inserter)).toBeInstanceOf(CircuitOpenError);
  expect(tries).toHaveLength(25);

  isUp = true;
  clock.advance(1);
  for (let probe = 0; probe < 3; probe++) expect(await outcome(inserter)).toBe('written');
  expect(log.lines.at(-1)).toMatchObject({ level: 'info', fields: { breaker: 'clickhouse_insert' } });
});

it('gives up what is not written yet when it is told to hurry, and tries the rest once', async () => {
  const { inserter, tries } = inserterOn(() => down);
  const waiting = inserter.insert(batch).catch((error: unknown) => error);
  await vi.advanceTimersByTimeAsync(500);
  inserter.hurry();
  expect(await waiting).toBe(down);
  await expect(inserter.insert(batch)).rejects.toBe(down);
  expect(tries).toHaveLength(2);
});
