import { parseExactJson } from '../../lib/exact-json.ts';
import type { AnalyticsRecord } from './analytics-store.ts';
import { AnalyticsStoreError, UndecodableColumnError } from './store-error.ts';
import { decoderFor, type ValueDecoder } from './value-decoders.ts';

/** Two header lines, names and types, then one JSON array a row: types, and numbers as they are, in any setting. */
export const RESULT_FORMAT = 'JSONCompactEachRowWithNamesAndTypes';

interface Column {
  readonly name: string;
  readonly decode: ValueDecoder;
}

/** Decodes an answer in {@link RESULT_FORMAT} line by line, as it arrives. */
export class ResultDecoder {
  readonly #zone: string;
  readonly #records: AnalyticsRecord[] = [];
  #names: readonly unknown[] | undefined;
  #columns: readonly Column[] | undefined;

  /** @param zone IANA name of the zone of dates whose type names none. */
  constructor(zone = 'UTC') {
    this.#zone = zone;
  }

  /**
   * Takes one line without its end.
   *
   * @throws UndecodableColumnError, or AnalyticsStoreError for a line that is not of the format.
   */
  take(line: string): void {
    if (line === '') return;
    const values = parseLine(line);
    if (this.#names === undefined) this.#names = values;
    else if (this.#columns === undefined) this.#columns = columnsOf(this.#names, values, this.#zone);
    else this.#records.push(recordOf(this.#columns, values));
  }

  /** What was taken. @throws AnalyticsStoreError when the answer ended before its header did. */
  finish(): readonly AnalyticsRecord[] {
    if (this.#names !== undefined && this.#columns === undefined) throw malformed();
    return this.#records;
  }
}

/** Decodes a whole answer in {@link RESULT_FORMAT}. @throws UndecodableColumnError, AnalyticsStoreError */
export function decodeResult(text: string): readonly AnalyticsRecord[] {
  const decoder = new ResultDecoder();
  for (const line of text.split('\n')) decoder.take(line);
  return decoder.finish();
}

function parseLine(line: string): readonly unknown[] {
  try {
    const values = parseExactJson(line);
    if (Array.isArray(values)) return values;
  } catch (error) {
    throw malformed(error);
  }
  throw malformed();
}

function columnsOf(names: readonly unknown[], types: readonly unknown[], zone: string): readonly Column[] {
  return names.map((value, index) => {
    const name = String(value);
    const type = String(types[index]);
    const decode = decoderFor(type, zone);
    if (decode === undefined) throw new UndecodableColumnError(name, type);
    return { name, decode };
  });
}

function recordOf(columns: readonly Column[], values: readonly unknown[]): AnalyticsRecord {
  try {
    // Of equal names the last one stays; a column called `__proto__` is one like any other.
    return Object.fromEntries(columns.map(({ name, decode }, index) => [name, decode(values[index])]));
  } catch (error) {
    throw malformed(error);
  }
}

function malformed(cause?: unknown): AnalyticsStoreError {
  return new AnalyticsStoreError('network', 'the answer of the analytics store is not what was asked for', {
    cause,
  });
}
