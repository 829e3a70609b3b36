// A cluster of limiters under a driven clock, with an origin that is slow, loses calls and goes away: what must hold after
// every step, and once everything has calmed down.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { BucketIdentity, Cell } from '../../../src/services/ratelimit/cells.ts';
import type { RateLimitEngine } from '../../../src/services/ratelimit/engine.ts';
import type { RateLimitDecision, RateLimitRequest } from '../../../src/services/ratelimit/limiter.ts';
import type { Random } from '../../support/prng.ts';
import { type SimulatedFleet, type SimulatedNode, simulatedFleet } from '../../support/simulated-fleet.ts';
import { useSimulatedTimers } from '../../support/simulated-time.ts';
import { type Simulation, type SimulationEvent, simulate } from '../../support/simulation.ts';

const RUNS = 5;
const MAX_STEPS = 10_000;
const SECOND = 1_000;
/** Longer than an open breaker, a fresh count and every deadline. */
const CALM_MS = 20 * SECOND;

const LIMITS = [
  { identifier: 'a', limit: 5, duration: SECOND },
  { identifier: 'b', limit: 40, duration: 5 * SECOND },
  { identifier: 'c', limit: 10, duration: 60 * SECOND },
  { identifier: 'd', limit: 1_000, duration: 60 * SECOND },
  { identifier: 'e', limit: 3, duration: 3_600 * SECOND },
] as const;

interface World {
  readonly fleet: SimulatedFleet;
  /** Tokens that each node has let pass, by cell. */
  readonly passed: Map<SimulatedNode, Map<string, number>>;
  /** What each cell was last seen at. */
  readonly seen: Map<Cell, Pick<Cell, 'val' | 'imported' | 'freshUntil'>>;
  readonly pending: Set<Promise<void>>;
  /** What an answer that came in meanwhile got wrong. */
  wrong: string | undefined;
}

function create(random: Random): World {
  const regions = random.integer(1, 3);
  const fleet = simulatedFleet(regions * random.integer(1, 3), random, { regions });
  const passed = new Map(fleet.nodes.map((node) => [node, new Map<string, number>()]));
  return { fleet, passed, seen: new Map(), pending: new Set(), wrong: undefined };
}

function anyRequest({ fleet }: World, random: Random): RateLimitRequest & { readonly time: number } {
  const { identifier, limit, duration } = random.pick(LIMITS);
  return {
    workspaceId: 'ws_1',
    namespace: 'rlns_1',
    identifier,
    // Checks of one counter may come with different limits.
    limit: limit + random.integer(0, 1),
    duration,
    cost: random.pick([0, 1, 1, 1, 2, limit + 2]),
    time: fleet.time.clock.now(),
  };
}

/** The key of the request's cell at the origin, as the limiter chapter lays it out. */
function cellOf({ workspaceId, namespace, identifier, duration }: RateLimitRequest, time: number): string {
  return `${workspaceId}-${namespace}-${identifier}-${duration}:${Math.trunc(time / duration)}`;
}

/** What the node knows to weigh on the request already, by the definition and not by the engine's own sum. */
function viewOf(engine: RateLimitEngine, request: RateLimitRequest, time: number): number {
  const { identifier, duration } = request;
  const sequence = Math.trunc(time / duration);
  let current = 0;
  let previous = 0;
  for (const cell of engine.cells.bucket({ ...request, identifier }).cells()) {
    if (cell.sequence === sequence) current = cell.val + cell.imported;
    if (cell.sequence === sequence - 1) previous = cell.val + cell.imported;
  }
  return current + Math.trunc(previous * (1.0 - (time - sequence * duration) / duration));
}

/** Sends the checks off; what comes back is judged whenever it comes. */
function send(
  world: World,
  random: Random,
  requests: readonly (RateLimitRequest & { time: number })[],
): void {
  const node = random.pick(world.fleet.nodes);
  const hopeless = requests.map(
    (request) => viewOf(node.engine, request, request.time) + request.cost > request.limit,
  );
  const [only] = requests;
  const deciding =
    requests.length === 1 && only !== undefined
      ? Promise.resolve(node.engine.limit(only)).then((decision) => [decision])
      : Promise.resolve(node.engine.limitMany(requests));
  const judging = deciding.then(
    (decisions) => judge(world, node, { requests, hopeless, decisions }),
    (error: unknown) => {
      world.wrong = `a check failed: ${String(error)}`;
    },
  );
  world.pending.add(judging);
  void judging.finally(() => world.pending.delete(judging));
}

function judge(
  world: World,
  node: SimulatedNode,
  batch: {
    readonly requests: readonly RateLimitRequest[];
    /** Whether the node knew before that the limit would be exceeded. */
    readonly hopeless: readonly boolean[];
    readonly decisions: readonly RateLimitDecision[];
  },
): void {
  batch.requests.forEach((request, index) => {
    const decision = batch.decisions[index];
    if (decision === undefined) world.wrong = 'a check has no decision';
    else if (decision.success && batch.hopeless[index]) world.wrong = 'passed beyond what the node knew';
    else if (decision.success && decision.current > request.limit) world.wrong = 'passed over the limit';
  });
  if (!batch.decisions.every(({ success }) => success)) return;
  const passed = world.passed.get(node);
  for (const request of batch.requests) {
    const key = cellOf(request, request.time ?? Number.NaN);
    passed?.set(key, (passed.get(key) ?? 0) + request.cost);
  }
}

const requestsAndTime: readonly SimulationEvent<World>[] = [
  { name: 'request', run: (world, random) => send(world, random, [anyRequest(world, random)]) },
  {
    name: 'batch',
    run: (world, random) => {
      const { time } = anyRequest(world, random);
      const items = Array.from({ length: random.integer(2, 4) }, () => ({
        ...anyRequest(world, random),
        time,
      }));
      send(world, random, items);
    },
  },
  {
    name: 'burst',
    run: (world, random) => {
      for (let left = random.integer(2, 20); left > 0; left--)
        send(world, random, [anyRequest(world, random)]);
    },
  },
  {
    name: 'advance',
    run: ({ fleet }, random) =>
      fleet.time.advance(random.integer(1, random.chance(0.1) ? 90 * SECOND : 2 * SECOND)),
  },
  { name: 'push', run: ({ fleet }, random) => fleet.time.until(random.pick(fleet.nodes).exchange.push()) },
  { name: 'pull', run: ({ fleet }, random) => fleet.time.until(random.pick(fleet.nodes).exchange.pull()) },
  { name: 'sweep', run: ({ fleet }, random) => random.pick(fleet.nodes).engine.sweep() },
];

const storms: readonly SimulationEvent<World>[] = [
  { name: 'store up', run: ({ fleet }) => setStore(fleet, false) },
  { name: 'store down', run: ({ fleet }) => setStore(fleet, true) },
  {
    name: 'origin up',
    run: ({ fleet: { weather } }) => {
      weather.server = 'up';
      weather.lost = 0;
    },
  },
  {
    name: 'origin down',
    run: ({ fleet: { weather } }, random) => {
      weather.server = random.pick(['refusing', 'silent'] as const);
    },
  },
  {
    name: 'bad network',
    run: ({ fleet: { weather } }, random) => {
      weather.lost = random.fraction() / 2;
      weather.latencyMs = random.pick([
        [0, 2],
        [5, 50],
        [100, 400],
      ] as const);
    },
  },
];

function setStore({ store }: SimulatedFleet, isDown: boolean): void {
  store.isDown = isDown;
}

function validate({ fleet, passed, seen, wrong }: World): void {
  assert(wrong === undefined, wrong);
  for (const node of fleet.nodes) {
    for (const { identifier, duration } of LIMITS) {
      const request = { workspaceId: 'ws_1', namespace: 'rlns_1', identifier, duration };
      for (const cell of node.engine.cells.bucket(request).cells()) {
        const { val, imported, freshUntil } = cell;
        const before = seen.get(cell) ?? { val: 0, imported: 0, freshUntil: Number.NEGATIVE_INFINITY };
        assert(val >= before.val, `a count went from ${before.val} down to ${val}`);
        assert(imported >= before.imported, `an imported count went down to ${imported}`);
        assert(freshUntil >= before.freshUntil, `freshness went back to ${freshUntil}`);
        seen.set(cell, { val, imported, freshUntil });
        const own = passed.get(node)?.get(`ws_1-rlns_1-${identifier}-${duration}:${cell.sequence}`) ?? 0;
        assert(val >= own, `a node has let ${own} pass and counts ${val}`);
      }
    }
  }
}

/**
 * The network is well again; what is on its way arrives, breakers close, every node looks at every counter, and regions
 * tell each other.
 */
async function calmDown({ fleet, pending }: World): Promise<void> {
  const { time, weather, nodes } = fleet;
  Object.assign(weather, { server: 'up', lost: 0, latencyMs: [0, 2] });
  setStore(fleet, false);
  await time.until(Promise.all(pending), 60 * SECOND);
  // The first round may be turned away by breakers that are only half closed.
  for (let round = 0; round < 3; round++) {
    await time.advance(CALM_MS);
    for (const node of nodes) await time.until(Promise.all(LIMITS.map((limits) => look(node, limits))));
  }
  // A breaker of the store stays open for longer. Who imports for the first time publishes what it had kept to itself.
  await time.advance(60 * SECOND);
  for (let round = 0; round < 3; round++) {
    for (const { exchange } of nodes) await time.until(exchange.push());
    for (const { exchange } of nodes) await time.until(exchange.pull());
  }
  // Early in a second, so that no window ends before all have looked.
  await time.advance(SECOND - (time.clock.now() % SECOND));
  for (const node of nodes) await time.until(Promise.all(LIMITS.map((limits) => look(node, limits))));
}

const look = async ({ engine }: SimulatedNode, limits: (typeof LIMITS)[number]): Promise<RateLimitDecision> =>
  engine.limit({ workspaceId: 'ws_1', namespace: 'rlns_1', ...limits, cost: 0 });

/** The current and the previous cell of every limit, now. */
function cellsNow({ fleet }: World): { key: string; bucket: BucketIdentity; sequence: number }[] {
  const now = fleet.time.clock.now();
  return LIMITS.flatMap(({ identifier, duration }) => {
    const bucket = { workspaceId: 'ws_1', namespace: 'rlns_1', identifier, duration };
    return [now, now - duration].map((at) => ({
      key: `ws_1-rlns_1-${identifier}-${duration}:${Math.trunc(at / duration)}`,
      bucket,
      sequence: Math.trunc(at / duration),
    }));
  });
}

function cellOn({ engine }: SimulatedNode, bucket: BucketIdentity, sequence: number): Cell | undefined {
  return [...engine.cells.bucket(bucket).cells()].find((cell) => cell.sequence === sequence);
}

/**
 * Every node knows what its region's origin knows, and beyond that at most what nodes of its region let pass and could not
 * tell; and all nodes of a region know the same of the others, which is no more than was let pass there.
 */
async function expectAgreement(world: World): Promise<void> {
  const { fleet, passed } = world;
  for (const { key, bucket, sequence } of cellsNow(world)) {
    for (const region of fleet.regions) {
      const inside = fleet.nodes.filter((node) => node.region === region);
      const outside = fleet.nodes.filter((node) => node.region !== region);
      const [known = 0] = await region.origin.get([key]);
      const heard = sum(inside, ({ origin }) => origin.arrived.get(key) ?? 0);
      const untold = sum(inside, (node) => passed.get(node)?.get(key) ?? 0) - heard;
      expect([key, known]).toEqual([key, heard]);
      for (const node of inside) {
        const cell = cellOn(node, bucket, sequence);
        expect(cell?.val).toBeGreaterThanOrEqual(known);
        expect(cell?.val).toBeLessThanOrEqual(known + untold);
        expect(cell?.imported).toBeLessThanOrEqual(sum(outside, (other) => passed.get(other)?.get(key) ?? 0));
      }
      expect(new Set(inside.map((node) => cellOn(node, bucket, sequence)?.imported)).size).toBe(1);
    }
  }
}

const sum = (nodes: readonly SimulatedNode[], of: (node: SimulatedNode) => number): number =>
  nodes.reduce((total, node) => total + of(node), 0);

/**
 * Where nothing is ever lost, origins have counted exactly what passed, and each region knows all of the others' counts that
 * are worth telling.
 */
async function expectNothingUntold(world: World): Promise<void> {
  const { fleet, passed } = world;
  for (const node of fleet.nodes) {
    for (const [key, tokens] of passed.get(node) ?? []) {
      expect([key, node.origin.arrived.get(key) ?? 0]).toEqual([key, tokens]);
    }
  }
  for (const { key, bucket, sequence } of cellsNow(world)) {
    for (const node of fleet.nodes) {
      const cell = cellOn(node, bucket, sequence);
      if (cell === undefined || cell.imported === 0) continue;
      const elsewhere = fleet.nodes.filter(({ region }) => region !== node.region);
      expect([key, cell.imported]).toEqual([
        key,
        sum(elsewhere, (other) => passed.get(other)?.get(key) ?? 0),
      ]);
    }
  }
}

const cluster = (
  name: string,
  events: readonly SimulationEvent<World>[],
  settled: (world: World) => Promise<void>,
): Simulation<World> => ({
  name,
  maxSteps: MAX_STEPS,
  create,
  tick: ({ fleet }, ms) => fleet.time.advance(ms),
  events,
  validate,
  async settle(world) {
    await calmDown(world);
    validate(world);
    await expectAgreement(world);
    await settled(world);
    await world.fleet.close();
  },
});

const runs = Array.from({ length: RUNS }, (_, run) => run + 1);

describe('a simulated cluster', () => {
  beforeEach(useSimulatedTimers);
  afterEach(() => {
    vi.useRealTimers();
  });

  it.each(runs)('agrees exactly when the network only takes its time (run %i)', () =>
    simulate(cluster('calm cluster simulation', requestsAndTime, expectNothingUntold)),
  );

  it.each(runs)('keeps its promises while the origin comes and goes (run %i)', () =>
    simulate(cluster('cluster simulation', [...requestsAndTime, ...storms], async () => undefined)),
  );
});
