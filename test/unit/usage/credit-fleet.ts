// Several nodes that share one store and one set of counters, driven by hand: faults are switched, time is advanced.
import { onTestFinished } from 'vitest';
import { ManualClock } from '../../../src/lib/clock.ts';
import { type Logger, silentLogger } from '../../../src/lib/logger.ts';
import { type Metrics, silentMetrics } from '../../../src/lib/metrics.ts';
import { type CreditNode, createCreditNode } from '../../../src/services/usage/credit-node.ts';
import type { CreditCounters } from '../../../src/storage/counters/credit-counters.ts';
import { type Database, DatabaseError } from '../../../src/storage/sql/database.ts';
import { createMigrator } from '../../../src/storage/sql/migrator.ts';
import { createSqliteDatabase } from '../../../src/storage/sql/sqlite.ts';
import {
  createMemoryCreditCounters,
  type MemoryCreditCounters,
} from '../../support/memory-credit-counters.ts';

/** `mute` = Redis does what it is told, and the answer is lost on its way. */
export type RedisState = 'up' | 'down' | 'mute';

export interface FleetNode extends CreditNode {
  redis: RedisState;
  store: 'up' | 'down';
  /** Ends the node as a kill -9 does: what it knows is gone, and nothing of it reaches anybody any more. */
  kill(): void;
  readonly isAlive: boolean;
}

export interface CreditFleet {
  readonly db: Database;
  readonly clock: ManualClock;
  readonly counters: MemoryCreditCounters;
  /** The nodes that are alive. */
  readonly nodes: readonly FleetNode[];
  addNode(options?: { readonly metrics?: Metrics; readonly log?: Logger }): FleetNode;
  addKey(keyId: string, credits: number | string | null): Promise<void>;
  /** The stored balance. */
  stored(keyId: string): Promise<unknown>;
  /** Lets every node write back, as all do every 100 ms. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

export async function openFleet(): Promise<CreditFleet> {
  const clock = new ManualClock(Date.UTC(2026, 0, 1));
  const db = createSqliteDatabase({ path: ':memory:', metrics: silentMetrics });
  await createMigrator({ database: db, clock, toolVersion: 'test' }).up();
  const counters = createMemoryCreditCounters({ clock });
  const nodes: FleetNode[] = [];

  const flush = async (): Promise<void> => {
    for (const node of nodes) if (node.store === 'up') await node.flush();
  };
  const fleet: CreditFleet = {
    db,
    clock,
    counters,
    get nodes() {
      return nodes.filter(({ isAlive }) => isAlive);
    },
    addNode({ metrics = silentMetrics, log = silentLogger } = {}) {
      const faults = { redis: 'up' as RedisState, store: 'up' as 'up' | 'down', isAlive: true };
      const node = createCreditNode({
        counters: faultyCounters(counters, faults),
        db: faultyStore(db, faults),
        clock,
        metrics,
        log,
        onUnsettled: () => undefined,
        // While a node waits, the others write back, and time passes.
        pause: async (ms) => {
          await flush();
          clock.advance(ms);
        },
      });
      const added: FleetNode = Object.defineProperties(
        Object.assign(faults, {
          kill: () => {
            faults.isAlive = false;
            nodes.splice(nodes.indexOf(added), 1);
          },
        }),
        Object.getOwnPropertyDescriptors(node),
      ) as FleetNode;
      nodes.push(added);
      return added;
    },
    async addKey(keyId, credits) {
      await db.primary.run(
        'arrange',
        `INSERT INTO \`keys\` (id, key_auth_id, hash, start, workspace_id, created_at_m, remaining_requests)
         VALUES (:keyId, 'ks_1', :keyId, 'abcd', 'ws_1', 0, :credits)`,
        { keyId, credits },
      );
    },
    async stored(keyId) {
      const [row] = await db.primary.all<{ credits: unknown }>(
        'assert',
        'SELECT remaining_requests AS credits FROM `keys` WHERE id = :keyId',
        { keyId },
      );
      return row?.credits;
    },
    flush,
    close: () => db.close(),
  };
  return fleet;
}

/** A fleet for one test, closed when the test ends, with one key `key_1`. */
export async function fleetWith(options: {
  readonly nodes: number;
  readonly credits: number | string | null;
}): Promise<CreditFleet> {
  const fleet = await openFleet();
  onTestFinished(() => fleet.close());
  await fleet.addKey('key_1', options.credits);
  for (let i = 0; i < options.nodes; i++) fleet.addNode();
  return fleet;
}

interface Faults {
  readonly redis: RedisState;
  readonly store: 'up' | 'down';
  readonly isAlive: boolean;
}

function faultyCounters(counters: CreditCounters, faults: Faults): CreditCounters {
  const through = async <T>(work: () => Promise<T>): Promise<T> => {
    if (!faults.isAlive || faults.redis === 'down') throw new Error('Redis is not connected');
    const answer = await work();
    if (!faults.isAlive || faults.redis === 'mute') throw new Error('no answer in time');
    return answer;
  };
  return {
    spend: (...args) => through(() => counters.spend(...args)),
    beginHydration: (...args) => through(() => counters.beginHydration(...args)),
    finishHydration: (...args) => through(() => counters.finishHydration(...args)),
    drop: (...args) => through(() => counters.drop(...args)),
    spent: (...args) => through(() => counters.spent(...args)),
    strike: (...args) => through(() => counters.strike(...args)),
    dismiss: (...args) => through(() => counters.dismiss(...args)),
    beat: (...args) => through(() => counters.beat(...args)),
    lapsed: (...args) => through(() => counters.lapsed(...args)),
    enlisted: (...args) => through(() => counters.enlisted(...args)),
    discharge: (...args) => through(() => counters.discharge(...args)),
  };
}

function faultyStore(db: Database, faults: Faults): Database {
  const through = async <T>(work: () => Promise<T>): Promise<T> => {
    if (!faults.isAlive || faults.store === 'down') {
      throw new DatabaseError('connection lost', { transient: true });
    }
    return work();
  };
  return {
    ...db,
    dialect: db.dialect,
    primary: {
      dialect: db.dialect,
      all: (...args) => through(() => db.primary.all(...args)),
      run: (...args) => through(() => db.primary.run(...args)),
      together: (work) => through(() => db.primary.together(work)),
    },
    replica: db.replica,
    transaction: (work) => through(() => db.transaction(work)),
    ping: () => through(() => db.ping()),
    close: () => Promise.resolve(),
  };
}
