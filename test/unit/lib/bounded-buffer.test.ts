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
  const buffer = new BoundedBuffer<string>({ name: 'b', capacity: 2, metrics });
  expect(['a', 'b', 'c'].map((item) => buffer.push(item))).toEqual([true, true, false]);
  expect([buffer.take(), buffer.take(), buffer.take()]).toEqual(['a', 'b', undefined]);
  expect(metrics.values.get('unkey_buffer_state_total{name="b",state="buffered"}')).toBe(2);
  expect(metrics.values.get('unkey_buffer_state_total{name="b",state="dropped"}')).toBe(1);
  expect(metrics.values.get('unkey_buffer_errors_total{name="b",state="dropped"}')).toBe(1);
});

it('takes nothing in once closed, and still gives out what it holds', () => {
  const metrics = recordingMetrics();
  const buffer = new BoundedBuffer<string>({ name: 'b', capacity: 2, metrics });
  buffer.push('a');
  buffer.close();
  buffer.close();
  expect(buffer.push('b')).toBe(false);
  expect([buffer.take(), buffer.take()]).toEqual(['a', undefined]);
  expect(metrics.values.get('unkey_buffer_state_total{name="b",state="closed"}')).toBe(1);
});

it('tells each minute how full it is', () => {
  const metrics = recordingMetrics();
  const buffer = new BoundedBuffer<string>({ name: 'b', capacity: 4, metrics });
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
