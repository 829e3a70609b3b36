// A passing look at a pool, for `unkey doctor`.
import type { Resolve } from './endpoints.ts';
import type { NodeIdentity, PoolName, Reporting } from './options.ts';
import { Participant } from './participant.ts';
import { dialSeeds, type SeedAnswer } from './seeds.ts';

export interface ObserveOptions extends Reporting {
  readonly pool: PoolName;
  readonly identity: NodeIdentity;
  readonly seeds: readonly string[];
  /** Of seeds that name none. */
  readonly defaultPort: number;
  readonly secretKey: string;
  /** The look is over when nobody new showed up for this many milliseconds. */
  readonly quietMs: number;
  readonly signal: AbortSignal;
  readonly resolve?: Resolve | undefined;
}

export interface PoolSight {
  readonly seeds: readonly SeedAnswer[];
  readonly members: readonly NodeIdentity[];
}

/**
 * Joins a pool without listening and without counting as one of its nodes, hears who is there, and leaves. Rejects when
 * the key has no valid length or the signal is aborted.
 */
export async function observePool(options: ObserveOptions): Promise<PoolSight> {
  const { quietMs, signal } = options;
  let quietSince = performance.now();
  const participant = await Participant.start({
    ...options,
    role: 'observer',
    listen: undefined,
    advertised: undefined,
    events: {
      message: () => undefined,
      changed: () => {
        quietSince = performance.now();
      },
    },
  });
  try {
    const seeds = await dialSeeds({
      ...options,
      knows: (endpoint) => participant.knows(endpoint),
      dial: (endpoint) => participant.dial(endpoint),
    });
    quietSince = performance.now();
    while (seeds.some(({ error }) => error === undefined) && performance.now() < quietSince + quietMs) {
      signal.throwIfAborted();
      await new Promise((resolve) => setTimeout(resolve, quietMs / 10));
    }
    return { seeds, members: participant.others() };
  } finally {
    await participant.close();
  }
}
