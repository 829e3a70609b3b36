import type { EventSink, RatelimitEvent, VerificationEvent } from './event-sink.ts';
import { ratelimitTable } from './ratelimit-table.ts';
import { createTableBuffer, type TableBufferOptions } from './table-buffer.ts';
import { verificationTable } from './verification-table.ts';

export interface EventWriter extends EventSink {
  /** Events accepted and not written yet. */
  readonly unwritten: number;
}

/** Writes events to the analytics store, in batches behind the back of the requests that they tell of. */
export function createEventWriter(
  options: Pick<TableBufferOptions<object>, 'inserter' | 'pace' | 'metrics' | 'log'>,
): EventWriter {
  const verifications = createTableBuffer<VerificationEvent>({
    ...options,
    name: 'key_verifications',
    table: verificationTable,
  });
  const ratelimits = createTableBuffer<RatelimitEvent>({
    ...options,
    name: 'ratelimits',
    table: ratelimitTable,
  });
  return {
    get unwritten() {
      return verifications.size + ratelimits.size;
    },
    verification: (event) => {
      verifications.add(event);
    },
    ratelimit: (event) => {
      ratelimits.add(event);
    },
    async close() {
      await Promise.all([verifications.close(), ratelimits.close()]);
    },
  };
}
