import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { BoundedBuffer } from '../../../src/lib/bounded-buffer.ts';
import { silentMetrics } from '../../../src/lib/metrics.ts';
import { recordingMetrics } from '../support/recorders.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it('gives items out in the order in which they came, round its end', () => {
  const buffer = new BoundedBuffer<string>({
    name: 'b',
    capacity: 3,
    whenFull: 'drop',
    metrics: silentMetrics,
  });
  const out: Array<string | undefined> = [];
  for (const item of ['a', 'b', 'c', 'd', 'e', 'f', 'g']) {
    buffer.push(item);
    if (buffer.size > 1) out.push(buffer.take());
  }
  out.push(buffer.take(), buffer.take());
  expect(out).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g', undefined]);
});

it('discards the new item when it is full, not an old one', () => {
  const metrics = recordingMetrics();
  const buffer = new BoundedBuffer<string>({ name: 'b', capacity: 2, whenFull: 'drop', metrics });
  expect(['a', 'b', 'c'].map((item) => buffer.push(item))).toEqual([true, true, false]);
  expect([buffer.take(), buffer.take(), buffer.take()]).toEqual(['a', 'b', undefined]);
  expect(metrics.values.get('unkey_buffer_state_total{name="b",state="buffered"}')).toBe(2);
  expect(metrics.values.get('unkey_buffer_state_total{name="b",state="dropped"}')).toBe(1);
  expect(metrics.values.get('unkey_buffer_errors_total{name="b",state="dropped"}')).toBe(1);
});

it('lets producers wait in turn when it is full', async () => {
  const buffer = new BoundedBuffer<string>({
    name: 'b',
    capacity: 1,
    whenFull: 'wait',
    metrics: silentMetrics,
  });
  const accepted: string[] = [];
  const offers = ['a', 'b', 'c'].map(async (item) => {
    await buffer.offer(item);
    accepted.push(item);
  });
  await Promise.resolve();
  expect(buffer.size).toBe(3);
  expect(buffer.take()).toBe('a');
  await Promise.all(offers.slice(0, 2));
  expect(accepted).toEqual(['a', 'b']);
  expect([buffer.take(), buffer.take()]).toEqual(['b', 'c']);
  await Promise.all(offers);
});

it('takes nothing in once closed, and still gives out what it holds and what waited', async () => {
  const metrics = recordingMetrics();
  const buffer = new BoundedBuffer<string>({ name: 'b', capacity: 1, whenFull: 'wait', metrics });
  await buffer.offer('a');
  const waiting = buffer.offer('b');
  buffer.close();
  buffer.close();
  expect(buffer.push('c')).toBe(false);
  expect(await buffer.offer('d')).toBe(false);
  expect([buffer.take(), buffer.take(), buffer.take()]).toEqual(['a', 'b', undefined]);
  expect(await waiting).toBe(true);
  expect(metrics.values.get('unkey_buffer_state_total{name="b",state="closed"}')).toBe(2);
});

it('tells each minute how full it is', () => {
  const metrics = recordingMetrics();
  const buffer = new BoundedBuffer<string>({ name: 'b', capacity: 4, whenFull: 'drop', metrics });
  const filled = (): number | undefined =>
    metrics.values.get('unkey_buffer_size_percentage{name="b",drop="true"}');
  expect(filled()).toBe(0);
  buffer.push('a');
  vi.advanceTimersByTime(60_000);
  expect(filled()).toBe(0.25);
  buffer.close();
  buffer.take();
  vi.advanceTimersByTime(60_000);
  expect(filled()).toBe(0.25);
});
