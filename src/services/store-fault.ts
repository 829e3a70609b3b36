import { Fault } from '../lib/fault.ts';
import { DatabaseError, DuplicateKeyError } from '../storage/sql/database.ts';

/**
 * Runs work on the relational store and reports its failures as the fault that callers see: `service_unavailable`.
 * Faults that the work throws itself pass through. `purpose` goes to the log ("listing keys").
 */
export async function reportingStoreFailure<T>(purpose: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isStoreFailure(error)) throw error;
    throw new Fault('unkey:application:service_unavailable', {
      public: 'The data store could not complete the request. Please try again.',
      internal: `${purpose} failed`,
      cause: error,
    });
  }
}

/** Whether the store itself failed, as opposed to a rule of ours refusing. */
export function isStoreFailure(error: unknown): boolean {
  return error instanceof DatabaseError || error instanceof DuplicateKeyError;
}
