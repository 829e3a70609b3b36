import { Mutex } from 'async-mutex';
import type { Batch } from './batches.ts';
import type { Delivery } from './deliver.ts';

export interface ImportWork {
  readonly batches: AsyncGenerator<Batch>;
  /** Batches in flight at a time. */
  readonly concurrency: number;
  /** When aborted, no further batch begins; those in flight are finished and acknowledged. */
  readonly signal: AbortSignal;
  deliver(batch: Batch): Promise<Delivery>;
  /** Called once for each delivered batch, for one at a time. */
  acknowledge(batch: Batch, delivery: Delivery): Promise<void>;
}

/**
 * Delivers all batches. No more than `concurrency` of them are read ahead of what has been acknowledged.
 *
 * @throws what reading, delivering or acknowledging throws first, after the batches in flight have ended
 */
export async function importBatches(work: ImportWork): Promise<void> {
  const { batches, concurrency, signal } = work;
  const acknowledging = new Mutex();
  let stopped = false;
  const deliverInTurn = async (): Promise<void> => {
    while (!stopped && !signal.aborted) {
      const next = await batches.next();
      if (next.done === true) return;
      const delivery = await work.deliver(next.value);
      await acknowledging.runExclusive(() => work.acknowledge(next.value, delivery));
    }
  };
  const failures: unknown[] = [];
  const workers = Array.from({ length: concurrency }, () =>
    deliverInTurn().catch((error: unknown) => {
      stopped = true;
      failures.push(error);
    }),
  );
  await Promise.all(workers);
  await batches.return(undefined);
  if (failures.length > 0) throw failures[0];
}
