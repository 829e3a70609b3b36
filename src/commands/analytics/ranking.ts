// A ranking as a small bar chart.
import type { Integer } from '../../lib/json.ts';
import type { Style } from '../cli/colour.ts';
import { displayWidth, printable, shortened } from '../cli/plain-text.ts';
import { bar } from './bars.ts';
import { alignedColumns, type TextColumn } from './rows.ts';
import type { Subject } from './subjects.ts';

export interface RankedRow {
  readonly id: string;
  /** null when there is none, or nobody can tell. */
  readonly name: string | null;
  readonly total: Integer;
  readonly refused: Integer;
}

export interface Chart {
  /** Columns of the terminal. */
  readonly width: number;
  readonly unicode: boolean;
}

const LONGEST_BAR = 40;
const SHORTEST_BAR = 5;
const LONGEST_NAME = 32;
const LONGEST_ID = 48;
const GAP = 2;

const ID_HEADS: Readonly<Record<Subject, string>> = {
  keys: 'KEY',
  apis: 'KEYSPACE',
  outcomes: 'OUTCOME',
  identifiers: 'IDENTIFIER',
};

/** One line a row under heads, with a bar where the terminal has room for one. */
export function rankingChart(
  subject: Subject,
  rows: readonly RankedRow[],
  { width, unicode }: Chart,
  style: Style,
): string {
  const mark = unicode ? '…' : '...';
  const cut = (text: string, longest: number): string => shortened(printable(text), longest, mark);
  const columns: TextColumn[] = [
    { head: ID_HEADS[subject], side: 'left', cells: rows.map(({ id }) => cut(id || '-', LONGEST_ID)) },
    { head: 'TOTAL', side: 'right', cells: rows.map(({ total }) => String(total)) },
  ];
  if (rows.some(({ name }) => name !== null)) {
    columns.unshift({
      head: 'NAME',
      side: 'left',
      cells: rows.map(({ name }) => cut(name ?? '', LONGEST_NAME)),
    });
  }
  if (subject !== 'outcomes') {
    columns.push({
      head: 'REFUSED',
      side: 'right',
      cells: rows.map(({ refused, total }) => percent(Number(refused) / Number(total))),
    });
  }
  const room = Math.min(LONGEST_BAR, width - usedBy(columns));
  if (room >= SHORTEST_BAR) {
    const most = Math.max(...rows.map(({ total }) => Number(total)));
    columns.push({
      head: '',
      side: 'left',
      cells: rows.map(({ total }) => bar(Number(total) / most, room, unicode)),
    });
  }
  return alignedColumns(columns, style);
}

/** Columns of the terminal, the gap behind each of them included. */
function usedBy(columns: readonly TextColumn[]): number {
  return columns
    .map(({ head, cells }) => Math.max(displayWidth(head), ...cells.map(displayWidth)) + GAP)
    .reduce((sum, width) => sum + width, 0);
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)}%`;
}
