import { setImmediate as nextTurn } from 'node:timers/promises';
import { stringifyJson } from '../../lib/json.ts';
import type { AnalyticsRow } from './analytics-store.ts';

/** Rows encoded between two turns of the event loop: about a millisecond of work. */
const SLICE = 100;

/** The rows as newline-delimited JSON objects. Pauses between slices, so that requests are answered meanwhile. */
export async function toJsonLines(rows: readonly AnalyticsRow[]): Promise<Buffer> {
  const slices: Buffer[] = [];
  for (let start = 0; start < rows.length; start += SLICE) {
    if (start > 0) await nextTurn();
    const lines = rows.slice(start, start + SLICE).map(stringifyJson);
    slices.push(Buffer.from(`${lines.join('\n')}\n`));
  }
  return Buffer.concat(slices);
}
