// Seeded simulation: random events on a state under a driven clock, its invariants checked after every step. A failure
// names its seed; SIMULATION_SEED=<base64> runs that one again. Source: the simulation section of the limiter chapter.
import { parseSeed, Random, randomSeed, type Seed } from './prng.ts';

export interface SimulationEvent<State> {
  readonly name: string;
  run(state: State, random: Random): void | Promise<void>;
}

export interface Simulation<State> {
  readonly name: string;
  /** A run takes a random number of steps up to this. */
  readonly maxSteps: number;
  readonly create: (random: Random) => State;
  readonly events: readonly SimulationEvent<State>[];
  /** Lets the time of a step pass, 1 to 10 ms. */
  readonly tick: (state: State, ms: number) => void | Promise<void>;
  /** Throws when an invariant is broken; runs after every step. */
  readonly validate: (state: State) => void;
  /** What must hold once nothing happens any more. */
  readonly settle?: (state: State) => void | Promise<void>;
}

const MIN_STEPS = 100;

/** Weight of the event at `index` of `count`; a step draws its scheme at random, so that no mix goes untried. */
const WEIGHTS: readonly ((index: number, count: number) => number)[] = [
  () => 1,
  (index) => index + 1,
  (index, count) => count - index,
  (index) => 2 ** index,
  (index, count) => 2 ** (count - index),
];

/** Runs the simulation once and prints its statistics. @throws Error, with the seed and the step, on any failure. */
export async function simulate<State>(simulation: Simulation<State>): Promise<void> {
  const asked = process.env.SIMULATION_SEED;
  const seed = asked === undefined ? randomSeed() : parseSeed(asked);
  const random = new Random(seed);
  const state = simulation.create(random);
  const steps = random.integer(MIN_STEPS, simulation.maxSteps);
  const counts = new Map(simulation.events.map(({ name }) => [name, 0]));
  let doing = 'nothing yet';
  let step = 0;
  try {
    for (; step < steps; step++) {
      await simulation.tick(state, random.integer(1, 10));
      const event = draw(simulation.events, random);
      doing = event.name;
      await event.run(state, random);
      counts.set(event.name, (counts.get(event.name) ?? 0) + 1);
      simulation.validate(state);
    }
    doing = 'settling';
    await simulation.settle?.(state);
  } catch (error) {
    throw failure(simulation.name, seed, `step ${step} of ${steps} (${doing})`, error);
  }
  const statistics = [...counts].map(([name, count]) => `${name} ${count}`).join(', ');
  console.info(`${simulation.name}: seed ${seed.toString('base64')}, ${steps} steps: ${statistics}`);
}

function draw<State>(events: readonly SimulationEvent<State>[], random: Random): SimulationEvent<State> {
  const weight = random.pick(WEIGHTS);
  const weights = events.map((_event, index) => weight(index, events.length));
  let left = random.fraction() * weights.reduce((sum, one) => sum + one, 0);
  const index = weights.findIndex((one) => {
    left -= one;
    return left < 0;
  });
  return events[index] ?? random.pick(events);
}

function failure(name: string, seed: Seed, where: string, cause: unknown): Error {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new Error(`${name} failed at ${where}, SIMULATION_SEED=${seed.toString('base64')}: ${reason}`, {
    cause,
  });
}
