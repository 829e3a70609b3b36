// CSV as RFC 4180 has it, with a header row. csv-parse reads the cells; where records end is found out here, because the
// parser loses its place at a stray quote and gives up every row behind it. Here such a row costs its own line alone.
import { CsvError } from 'csv-parse';
import { parse } from 'csv-parse/sync';
import type { ColumnMap } from './column-map.ts';
import { readHeader } from './csv-header.ts';
import type { Field } from './fields.ts';
import {
  type BadRecord,
  type InputRecord,
  isBlank,
  type Line,
  MAX_RECORD_LENGTH,
  type RecordReader,
  TOO_LONG,
  textProblem,
} from './record.ts';

type Header = readonly (Field | undefined)[];

/** @throws CliError, from its methods, when the header is missing or cannot be used */
export function createCsvReader(columns: ColumnMap): RecordReader {
  return new CsvReader(columns);
}

class CsvReader implements RecordReader {
  readonly #columns: ColumnMap;
  #header: Header | undefined;
  #row = 0;
  /** Lines of a record that has not ended: a quote is open. */
  #open: Line[] = [];
  #openLength = 0;
  #quoted = false;

  constructor(columns: ColumnMap) {
    this.#columns = columns;
  }

  push(line: Line): InputRecord[] {
    const records: InputRecord[] = [];
    const waiting = [line];
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const { record, unread } = this.#take(next);
      if (record !== undefined) records.push(record);
      if (unread.length > 0) waiting.unshift(...unread);
    }
    return records;
  }

  end(): InputRecord[] {
    const records: InputRecord[] = [];
    while (this.#open.length > 0) {
      const { record, unread } = this.#giveUp('opens a quote that is never closed');
      records.push(record);
      for (const line of unread) records.push(...this.push(line));
    }
    if (this.#header === undefined) readHeader([], this.#columns);
    return records;
  }

  #take(line: Line): { readonly record?: InputRecord; readonly unread: readonly Line[] } {
    if (this.#open.length === 0 && line.text?.trim() === '') return { unread: [] };
    this.#open.push(line);
    if (line.text === undefined) return this.#giveUp(this.#open.length === 1 ? TOO_LONG : UNCLOSED);
    this.#openLength += line.text.length + 1;
    if (countQuotes(line.text) % 2 === 1) this.#quoted = !this.#quoted;
    if (this.#quoted) return this.#openLength > MAX_RECORD_LENGTH ? this.#giveUp(UNCLOSED) : { unread: [] };

    // The CR of a line break inside of a cell belongs to the cell.
    const text = this.#open
      .map((part) => part.text)
      .join('\n')
      .replace(/\r$/, '');
    const cells = text.includes('"') ? quotedCells(text) : text.split(',');
    if (typeof cells === 'string') return this.#giveUp(cells);
    const start = this.#open[0]?.number ?? line.number;
    this.#close();
    if (this.#header === undefined) {
      this.#header = readHeader(cells, this.#columns);
      return { unread: [] };
    }
    return { record: this.#recordOf(text, cells, this.#header, start), unread: [] };
  }

  /** Takes the first of the open lines for a broken row; the others may be rows of their own. */
  #giveUp(problem: string): { readonly record: BadRecord; readonly unread: readonly Line[] } {
    const [first, ...unread] = this.#open;
    this.#close();
    if (this.#header === undefined) readHeader(problem, this.#columns);
    return { record: { row: ++this.#row, line: first?.number ?? 0, problem }, unread };
  }

  #close(): void {
    this.#open = [];
    this.#openLength = 0;
    this.#quoted = false;
  }

  #recordOf(text: string, cells: readonly string[], header: Header, line: number): InputRecord {
    const place = { row: ++this.#row, line };
    const problem =
      cells.length === header.length
        ? textProblem(text)
        : `has ${cells.length} cells, the header has ${header.length}`;
    if (problem !== undefined) return { ...place, problem };
    const filled: [Field, unknown][] = [];
    for (const [index, field] of header.entries()) {
      const cell = cells[index];
      if (field !== undefined && !isBlank(cell)) filled.push([field, cell]);
    }
    return { ...place, cells: filled };
  }
}

const UNCLOSED = 'opens a quote that is not closed within a record';

function countQuotes(text: string): number {
  let count = 0;
  for (let at = text.indexOf('"'); at !== -1; at = text.indexOf('"', at + 1)) count++;
  return count;
}

/** The cells of one record, or why it is none. */
function quotedCells(record: string): readonly string[] | string {
  try {
    const [cells] = parse(record, { relax_column_count: true, max_record_size: 0 }) as string[][];
    return cells ?? [];
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    return error.code === 'CSV_INVALID_CLOSING_QUOTE'
      ? 'has something other than a comma behind a closing quote'
      : 'has a quote inside of a cell that is not quoted';
  }
}
