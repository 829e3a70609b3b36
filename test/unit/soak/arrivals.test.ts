import { describe, expect, test } from 'vitest';
import { arrive, saturate } from '../../../soak/load/arrivals.ts';

const never = new AbortController().signal;

describe('requests of an open model', () => {
  test('arrive as often as their rate says, evenly, whether or not those before were answered', async () => {
    const answers: (() => void)[] = [];
    const due: number[] = [];
    await arrive({
      rate: 1_000,
      durationMs: 200,
      signal: never,
      send: (dueAt) => {
        due.push(dueAt);
        const { promise, resolve } = Promise.withResolvers<void>();
        answers.push(resolve);
        // The first is answered when the last has come.
        if (due.length === 200) for (const answer of answers) answer();
        return promise;
      },
    });
    const [first = 0] = due;
    expect(due.map((at) => Math.round(at - first))).toEqual(Array.from({ length: 200 }, (_, index) => index));
  });

  test('come no more once it is over', async () => {
    const over = new AbortController();
    let sent = 0;
    await arrive({
      rate: 1_000,
      durationMs: 3_600_000,
      signal: over.signal,
      send: async () => {
        if (++sent === 3) over.abort();
      },
    });
    expect(sent).toBeLessThan(1_000);
  });

  test('end with the first error of their sender', async () => {
    const send = () => Promise.reject(new Error('a bug of the soak'));
    await expect(arrive({ rate: 100, durationMs: 1_000, signal: never, send })).rejects.toThrow(
      'a bug of the soak',
    );
  });
});

test('a closed model sends the next request of a lane after the answer to the last', async () => {
  let inFlight = 0;
  let most = 0;
  const rate = await saturate({
    lanes: 3,
    durationMs: 30,
    signal: never,
    send: async () => {
      most = Math.max(most, ++inFlight);
      await new Promise((resolve) => setImmediate(resolve));
      inFlight--;
    },
  });
  expect(most).toBe(3);
  expect(rate).toBeGreaterThan(0);
});
