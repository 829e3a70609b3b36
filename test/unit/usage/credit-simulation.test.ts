// Random histories of a fleet that shares one key. Whatever happens, no more is handed out than was sold, beyond what
// docs/credits.md allows for the fault; and once all is well again, the stored balance is what was sold less what was
// handed out: nothing is charged twice, nothing is forgotten.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { COUNTER_TTL_MS } from '../../../src/storage/counters/credit-counters.ts';
import { type CreditFleet, openFleet } from './credit-fleet.ts';

const KEY = 'key_1';
const RUNS = 100;

type Event =
  | { readonly kind: 'spend'; readonly node: number; readonly cost: number }
  | { readonly kind: 'burst'; readonly requests: number; readonly cost: number }
  | { readonly kind: 'lostAnswer'; readonly node: number; readonly cost: number }
  | {
      readonly kind: 'flush' | 'kill' | 'settle' | 'invalidate' | 'keep' | 'storeDown' | 'stall';
      readonly node: number;
    }
  | { readonly kind: 'partition'; readonly node: number; readonly costs: readonly number[] }
  | { readonly kind: 'outage'; readonly costs: readonly number[] }
  | { readonly kind: 'keep' | 'loss' | 'counterEnds' | 'hourPasses' }
  | { readonly kind: 'topUp'; readonly amount: number };

const node = fc.nat(8);
const cost = fc.integer({ min: 0, max: 6 });
const costs = fc.array(cost, { maxLength: 4 });

/** Faults that all nodes see alike, and single answers that are lost: they allow nothing beyond what was sold. */
const harmless: fc.Arbitrary<Event>[] = [
  fc.record({ kind: fc.constant('spend' as const), node, cost }),
  fc.record({ kind: fc.constant('burst' as const), requests: fc.integer({ min: 2, max: 8 }), cost }),
  fc.record({ kind: fc.constant('lostAnswer' as const), node, cost }),
  fc.record({
    kind: fc.constantFrom('flush', 'kill', 'settle', 'invalidate', 'storeDown', 'stall'),
    node,
  }),
  fc.record({ kind: fc.constant('outage' as const), costs }),
  fc.record({ kind: fc.constantFrom('keep', 'loss', 'counterEnds', 'hourPasses') }),
  fc.record({ kind: fc.constant('topUp' as const), amount: fc.integer({ min: 1, max: 20 }) }),
];
/** One node is parted from Redis while the others are not. */
const partition = fc.record({ kind: fc.constant('partition' as const), node, costs });

/**
 * Events in which Redis cannot tell what it knows. Together with the death of a node in its last tenth of a second they
 * cost what that node had not written back, so here the survivors get the time to settle it first.
 */
const TAKES_REDIS_AWAY = new Set<Event['kind']>(['lostAnswer', 'partition', 'outage', 'loss']);

class History {
  readonly #fleet: CreditFleet;
  sold: number;
  handedOut = 0;
  /** Handed out on stored balances while other nodes counted in Redis. */
  besideRedis = 0;
  /** Refused on stored balances, though Redis may have taken it without anybody hearing of it. */
  refusedUnheard = 0;
  /** Whether only Redis knows what a killed node has handed out. */
  #isUnsettled = false;
  /** Whether Redis has lost what the nodes had not written back yet: they are given the time for it before one is killed. */
  #isLost = false;

  constructor(fleet: CreditFleet, sold: number) {
    this.#fleet = fleet;
    this.sold = sold;
  }

  async take(event: Event): Promise<void> {
    const fleet = this.#fleet;
    if (this.#isUnsettled && TAKES_REDIS_AWAY.has(event.kind)) await this.recover();
    switch (event.kind) {
      case 'spend':
        await this.#spend(event.node, event.cost);
        return;
      case 'burst':
        await Promise.all(Array.from({ length: event.requests }, (_, i) => this.#spend(i, event.cost)));
        return;
      case 'lostAnswer':
        return this.#loseAnswer(event.node, event.cost);
      case 'flush':
        return this.#node(event.node).flush();
      case 'kill':
        if (this.#isLost) await fleet.flush();
        this.#node(event.node).kill();
        await fleet.addNode().keep();
        this.#isUnsettled = true;
        return;
      case 'settle':
        return this.#node(event.node).settle([KEY]);
      case 'invalidate':
        return this.#invalidate(event.node);
      case 'keep':
        return this.#keep();
      case 'stall':
        // Long enough to be given up by the others, and then it goes on as if nothing had been.
        fleet.clock.advance(11_000);
        for (const each of fleet.nodes) if (each !== this.#node(event.node)) await succeeds(each.keep());
        return;
      case 'storeDown':
        this.#node(event.node).store = 'down';
        await this.#node(event.node)
          .flush()
          .catch(() => undefined);
        this.#node(event.node).store = 'up';
        return;
      case 'partition': {
        const before = this.handedOut;
        this.#closeCircuits();
        this.#node(event.node).redis = 'down';
        for (const cost of event.costs) await this.#spend(event.node, cost);
        this.#node(event.node).redis = 'up';
        this.besideRedis += this.handedOut - before;
        return;
      }
      case 'outage':
        // Until then all nodes have heard of Redis now and then, at the latest with their last look at it.
        await this.#keep();
        for (const each of fleet.nodes) each.redis = 'down';
        for (const [index, cost] of event.costs.entries()) await this.#spend(index, cost);
        for (const each of fleet.nodes) each.redis = 'up';
        return this.#keep();
      case 'loss':
        fleet.counters.clear();
        this.#isLost = true;
        return;
      case 'counterEnds':
        fleet.clock.advance(COUNTER_TTL_MS);
        return;
      case 'hourPasses':
        await fleet.flush();
        fleet.clock.advance(3_600_000);
        return this.#keep();
      case 'topUp':
        await this.#node(0).settle([KEY]);
        await fleet.db.primary.run(
          'topUp',
          'UPDATE `keys` SET remaining_requests = remaining_requests + :amount WHERE id = :keyId',
          { amount: event.amount, keyId: KEY },
        );
        await this.#invalidate(0);
        this.sold += event.amount;
    }
  }

  /** All is well again, and some time has passed. */
  async recover(): Promise<void> {
    await this.#keep();
    await this.#fleet.flush();
    this.#fleet.clock.advance(11_000);
    await this.#keep();
    this.#isUnsettled = false;
    this.#isLost = false;
  }

  /** Every node looks after its counters, as it does every three seconds; until its circuit is closed again. */
  async #keep(): Promise<void> {
    for (const each of this.#fleet.nodes) {
      while (!(await succeeds(each.keep()))) this.#fleet.clock.advance(2_000);
    }
  }

  /** A change that Redis could not be told is told when the circuit has closed. */
  async #invalidate(index: number): Promise<void> {
    if (!(await succeeds(this.#node(index).invalidate(KEY)))) await this.#keep();
  }

  #node(index: number) {
    const { nodes } = this.#fleet;
    const found = nodes[index % nodes.length];
    if (found === undefined) throw new Error('a fleet has nodes');
    return found;
  }

  async #loseAnswer(index: number, cost: number): Promise<void> {
    this.#closeCircuits();
    // It has heard of Redis within these seconds: without, two lost answers in a row were a node parted from Redis.
    await succeeds(this.#node(index).keep());
    this.#node(index).redis = 'mute';
    if (!(await this.#spend(index, cost))) this.refusedUnheard += cost;
    this.#node(index).redis = 'up';
  }

  /** Begins a new cycle of failures: an open circuit would part a node from Redis for longer than the event says. */
  #closeCircuits(): void {
    this.#fleet.clock.advance(5_000);
  }

  async #spend(index: number, cost: number): Promise<boolean> {
    const { allowed } = await this.#node(index).spend({ keyId: KEY, cost });
    if (allowed) this.handedOut += cost;
    return allowed;
  }
}

function succeeds(work: Promise<void>): Promise<boolean> {
  return work.then(
    () => true,
    () => false,
  );
}

async function simulate(nodes: number, credits: number, events: readonly Event[]): Promise<void> {
  const fleet = await openFleet();
  try {
    await fleet.addKey(KEY, credits);
    for (let i = 0; i < nodes; i++) await fleet.addNode().keep();
    const history = new History(fleet, credits);
    for (const event of events) {
      await history.take(event);
      expect(history.handedOut).toBeLessThanOrEqual(history.sold + history.besideRedis);
    }
    await history.recover();
    const left = history.sold - history.handedOut;
    const stored = Number(await fleet.stored(KEY));
    if (history.besideRedis === 0) expect(stored).toBe(left);
    // What was handed out beyond the balance is not taken from credits that are sold later.
    else expect(stored).toBeGreaterThanOrEqual(Math.max(0, left - history.refusedUnheard));
  } finally {
    await fleet.close();
  }
}

const fleetSize = fc.integer({ min: 1, max: 5 });
const sold = fc.integer({ min: 0, max: 60 });

test('hands out exactly what was sold, and the store comes to know it', async () => {
  const events = fc.array(fc.oneof(...harmless), { minLength: 5, maxLength: 30 });
  await fc.assert(fc.asyncProperty(fleetSize, sold, events, simulate), { numRuns: RUNS });
}, 120_000);

test('hands out no more beyond that than a node did that was parted from Redis', async () => {
  const events = fc.array(fc.oneof(...harmless, partition), { minLength: 5, maxLength: 30 });
  await fc.assert(fc.asyncProperty(fleetSize, sold, events, simulate), { numRuns: RUNS });
}, 120_000);
