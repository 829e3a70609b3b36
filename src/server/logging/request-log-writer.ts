import type { TableBufferOptions } from '../../services/analytics/writing/table-buffer.ts';
import { createTableBuffer } from '../../services/analytics/writing/table-buffer.ts';
import type { RequestLogEntry, RequestLogSink } from '../pipeline/request-log.ts';
import type { BodyRedactor } from './body-redaction.ts';
import { requestTable } from './request-table.ts';

export interface RequestLogWriter extends RequestLogSink {
  /** Requests recorded and not written yet. */
  readonly unwritten: number;
  /** Writes what is there and records nothing more. @throws Error when rows could not be written */
  close(): Promise<void>;
}

/**
 * Bodies are kept whole, so that the number of requests alone would bound nothing: together they may weigh as much as this
 * many characters.
 */
const MOST_CHARACTERS = 128 * 1024 * 1024;
/** Of what a request weighs besides its texts. */
const ENTRY_WEIGHT = 512;

export interface RequestLogWriterOptions
  extends Pick<TableBufferOptions<object>, 'inserter' | 'pace' | 'metrics' | 'log'> {
  readonly redactBody: BodyRedactor;
  readonly region: string;
  /** Characters of all requests that wait; 128 Mi unless said. */
  readonly budget?: number;
}

/** Writes finished requests to the analytics store. Requests pay for a place in the queue; redaction comes with the write. */
export function createRequestLogWriter(options: RequestLogWriterOptions): RequestLogWriter {
  const { redactBody, region, budget = MOST_CHARACTERS, ...rest } = options;
  const buffer = createTableBuffer<RequestLogEntry>({
    ...rest,
    name: 'api_requests',
    table: requestTable({ redactBody, region }),
    budget: { limit: budget, weigh },
  });
  return {
    get unwritten() {
      return buffer.size;
    },
    record: (entry) => {
      buffer.add(entry);
    },
    close: () => buffer.close(),
  };
}

function weigh(entry: RequestLogEntry): number {
  let weight = ENTRY_WEIGHT + entry.url.length + entry.error.length;
  weight += entry.requestBody.length + entry.responseBody.length;
  for (const text of entry.requestHeaders) weight += text.length;
  return weight;
}
