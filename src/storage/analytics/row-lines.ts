import { setImmediate as nextTurn } from 'node:timers/promises';
import { stringifyJson } from '../../lib/json.ts';
import type { AnalyticsRow, InsertBatch, LineBatch } from './analytics-store.ts';

/** ClickHouse's name of the form that rows are sent in: without the names of columns, which cost more than most values. */
export const LINE_FORMAT = 'JSONCompactEachRow';

/** Rows encoded between two turns of the event loop: less than a millisecond of work. */
const SLICE = 100;

/** A row as a JSON array of its values in the order of the columns, `null` for those that it lacks; without a line break. */
export function rowLine(columns: readonly string[], row: AnalyticsRow): string {
  return stringifyJson(columns.map((column) => row[column]));
}

/** The batch with its rows as lines. Pauses between slices, so that requests are answered meanwhile. */
export async function encodeRows({ rows, ...batch }: InsertBatch): Promise<LineBatch> {
  const lines: Buffer[] = [];
  for (let start = 0; start < rows.length; start += SLICE) {
    if (start > 0) await nextTurn();
    const slice = rows.slice(start, start + SLICE).map((row) => rowLine(batch.columns, row));
    lines.push(Buffer.from(`${slice.join('\n')}\n`));
  }
  return { ...batch, lines, rows: rows.length };
}

/** The lines as one buffer. Copies one of them a turn of the event loop: a fresh megabyte takes most of a millisecond. */
export async function joinLines(lines: readonly Buffer[]): Promise<Buffer> {
  const [only] = lines;
  if (only !== undefined && lines.length === 1) return only;
  const joined = Buffer.allocUnsafe(lines.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const bytes of lines) {
    if (at > 0) await nextTurn();
    at += bytes.copy(joined, at);
  }
  return joined;
}
