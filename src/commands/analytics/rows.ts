// Rows of an analytics query as text.
import { stringifyJson } from '../../lib/json.ts';
import type { AnalyticsRecord } from '../../storage/analytics/analytics-store.ts';
import type { Style } from '../cli/colour.ts';
import { csvCell, displayWidth, padded, printable } from '../cli/plain-text.ts';

/** A column of aligned text. */
export interface TextColumn {
  readonly head: string;
  readonly side: 'left' | 'right';
  readonly cells: readonly string[];
}

/** Aligned columns under their heads, two spaces apart; numbers stand on the right. */
export function alignedColumns(columns: readonly TextColumn[], style: Style): string {
  const laidOut = columns.map(({ head, side, cells }) => {
    const width = Math.max(displayWidth(head), ...cells.map(displayWidth));
    return { head: padded(head, width, side), cells: cells.map((cell) => padded(cell, width, side)) };
  });
  const height = columns[0]?.cells.length ?? 0;
  const lines = Array.from({ length: height }, (_, row) => laidOut.map(({ cells }) => cells[row]).join('  '));
  const head = laidOut.map((column) => column.head).join('  ');
  return [style.dim(head.trimEnd()), ...lines.map((line) => line.trimEnd())].join('\n');
}

/** The rows as a table; a line that says so when there are none. */
export function rowsAsTable(rows: readonly AnalyticsRecord[], style: Style): string {
  if (rows.length === 0) return 'no rows';
  const columns = columnsOf(rows).map((head): TextColumn => {
    const values = rows.map((row) => row[head]);
    return {
      head: printable(head),
      side: values.every(isNumber) ? 'right' : 'left',
      cells: values.map((value) => printable(value === null ? 'null' : textOf(value))),
    };
  });
  return alignedColumns(columns, style);
}

/** RFC 4180 with a line of names; nothing when there are no rows, as then nobody knows the names. */
export function rowsAsCsv(rows: readonly AnalyticsRecord[]): string {
  if (rows.length === 0) return '';
  const columns = columnsOf(rows);
  const lines = rows.map((row) =>
    // A negative number is a number, not a formula.
    columns.map((name) => (isNumber(row[name]) ? textOf(row[name]) : csvCell(textOf(row[name])))),
  );
  return [columns.map(csvCell), ...lines].map((cells) => cells.join(',')).join('\n');
}

/** Every row of an answer has the same. */
function columnsOf([first = {}]: readonly AnalyticsRecord[]): string[] {
  return Object.keys(first);
}

function isNumber(value: unknown): boolean {
  return typeof value === 'number' || typeof value === 'bigint';
}

/** A scalar as it is, nothing for null, arrays and maps as JSON. */
function textOf(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'object' ? stringifyJson(value) : String(value);
}
