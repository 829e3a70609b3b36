import type { AnalyticsRecord } from './analytics-store.ts';
import type { ClickHouseClient } from './clickhouse-client.ts';
import { asStoreError, errorInAnswer } from './clickhouse-errors.ts';
import { tooManyBytesError } from './engine-errors.ts';
import { RESULT_FORMAT, ResultDecoder } from './result-decoding.ts';
import { AnalyticsStoreError } from './store-error.ts';

export interface ClickHouseQuery {
  readonly statement: string;
  readonly parameters?: Readonly<Record<string, unknown>> | undefined;
  readonly settings?: Readonly<Record<string, number>>;
  readonly signal?: AbortSignal | undefined;
  /** Characters of an answer that are read before it is given up; no bound unless given. */
  readonly maxAnswerLength?: number;
}

/** Longest text behind a broken row that is searched for the server's reason. */
const MAX_REASON_LENGTH = 65_536;

/** Runs one SELECT and decodes its rows as they arrive. @throws AnalyticsStoreError, UndecodableColumnError */
export async function runQuery(
  client: ClickHouseClient,
  query: ClickHouseQuery,
): Promise<readonly AnalyticsRecord[]> {
  const { statement, parameters, settings, signal, maxAnswerLength = Number.POSITIVE_INFINITY } = query;
  try {
    signal?.throwIfAborted();
    const result = await client.query({
      query: statement,
      format: RESULT_FORMAT,
      ...(parameters !== undefined && { query_params: parameters }),
      ...(settings !== undefined && { clickhouse_settings: settings }),
      ...(signal !== undefined && { abort_signal: signal }),
    });
    const reader = new AnswerReader(result.response_headers['x-clickhouse-timezone'], maxAnswerLength);
    for await (const rows of result.stream()) for (const { text } of rows) reader.take(text);
    return reader.finish();
  } catch (error) {
    throw asStoreError(error, signal);
  }
}

/** Decodes lines until one is broken; from there on it looks for the server's reason, which follows in the same answer. */
class AnswerReader {
  readonly #decoder: ResultDecoder;
  readonly #maxLength: number;
  #length = 0;
  #broken: { readonly error: unknown; text: string } | undefined;

  constructor(zone: string | readonly string[] | undefined, maxLength: number) {
    this.#decoder = new ResultDecoder(typeof zone === 'string' ? zone : zone?.[0]);
    this.#maxLength = maxLength;
  }

  take(line: string): void {
    this.#length += line.length;
    if (this.#length > this.#maxLength) throw tooManyBytesError(this.#maxLength);
    if (this.#broken !== undefined) {
      if (this.#broken.text.length < MAX_REASON_LENGTH) this.#broken.text += `\n${line}`;
      return;
    }
    try {
      this.#decoder.take(line);
    } catch (error) {
      if (!(error instanceof AnalyticsStoreError)) throw error;
      this.#broken = { error, text: line };
    }
  }

  finish(): readonly AnalyticsRecord[] {
    if (this.#broken !== undefined) throw errorInAnswer(this.#broken.text) ?? this.#broken.error;
    return this.#decoder.finish();
  }
}
