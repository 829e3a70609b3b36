// Rolling master keys: every stored data key under the current one. Source: the Vault section of the analytics chapter.

import type { Clock } from '../lib/clock.ts';
import { KEYRINGS, readStored, rewrapped } from './data-keys.ts';
import type { MasterKeys } from './master-keys.ts';
import type { ObjectStore } from './storage/object-store.ts';

export interface RewrapOptions {
  readonly store: ObjectStore;
  readonly masterKeys: MasterKeys;
  readonly clock: Clock;
  /** Counts only. */
  readonly dryRun?: boolean;
  /** Ends the work between two objects; what is done stays done. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (counts: RewrapCounts) => void;
  /** An object that could not be wrapped again; the others are. */
  readonly onFailure: (name: string, error: unknown) => void;
}

/** Objects, not data keys: the newest key of a keyring is two objects. */
export interface RewrapCounts {
  readonly rewrapped: number;
  /** Under the current master key already. */
  readonly current: number;
  readonly failed: number;
}

/**
 * Wraps what is wrapped by the previous master key. Safe to repeat, and beside a serving Vault: a data key that such a one
 * makes meanwhile stays readable whichever of both writes LATEST last. Rejects when the store cannot be listed.
 */
export async function rewrapAll(options: RewrapOptions): Promise<RewrapCounts> {
  const { store, signal, onProgress, onFailure } = options;
  const counts = { rewrapped: 0, current: 0, failed: 0 };
  for await (const name of store.list(KEYRINGS)) {
    if (signal?.aborted) break;
    try {
      counts[await rewrapOne(options, name)]++;
    } catch (error) {
      counts.failed++;
      onFailure(name, error);
    }
    onProgress?.({ ...counts });
  }
  return counts;
}

async function rewrapOne(
  { store, masterKeys, clock, dryRun }: RewrapOptions,
  name: string,
): Promise<'rewrapped' | 'current'> {
  const bytes = await store.get(name);
  // Gone since it was listed.
  if (bytes === undefined) return 'current';
  const renewed = rewrapped(masterKeys, readStored(bytes), clock);
  if (renewed === undefined) return 'current';
  if (dryRun !== true) await store.put(name, renewed);
  return 'rewrapped';
}
