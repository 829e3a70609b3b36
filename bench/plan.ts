// What is asked for on the command line, and how much of it is done.
import { parseArgs } from 'node:util';

/** Where the subject keeps its data: SQLite and counters in its process, or MySQL and Redis. */
export type Backend = 'embedded' | 'servers';

export interface Plan {
  readonly quick: boolean;
  /** Of floor and subject in turn. */
  readonly rounds: number;
  /** Length of one round. */
  readonly seconds: number;
  /**
   * Rounds of open load, each of one second: many and short, since a pause of the machine itself, of which a core that does
   * nothing has several a second, decides the slowest hundredth of the round that it falls into.
   */
  readonly pacedRounds: number;
  /** What precedes the rounds, counted: a busy machine warms nothing up in a given time. */
  readonly warmUpRequests: number;
  /** The same of what is bound by a store. */
  readonly warmUpSeconds: number;
  readonly connections: number;
  /** Processes of the subject that share its port. */
  readonly workers: number;
  /** Whether servers and generator have a core of their own each. */
  readonly pinned: boolean;
  /** Keys for each round of verifications of keys that were never seen. */
  readonly coldKeys: number;
  readonly listedKeys: number;
  readonly importedKeys: number;
  /** Start-ups that are timed. */
  readonly starts: number;
}

export interface Request {
  readonly plan: Plan;
  /** Names of what is measured; undefined = what the targets speak of. */
  readonly scenarios: readonly string[] | undefined;
  /** undefined = where each scenario belongs. */
  readonly backend: Backend | undefined;
  /** The file that the results go to. */
  readonly json: string | undefined;
  /** Only tell what there is. */
  readonly list: boolean;
}

/** Keys that are verified in turn where many are. */
export const WARM_KEYS = 100_000;

const FULL = {
  quick: false,
  rounds: 5,
  seconds: 4,
  pacedRounds: 15,
  warmUpRequests: 40_000,
  warmUpSeconds: 3,
  coldKeys: 10_000,
  listedKeys: 1_000_000,
  importedKeys: 100_000,
  starts: 10,
};
const QUICK = {
  quick: true,
  rounds: 2,
  seconds: 1,
  pacedRounds: 7,
  warmUpRequests: 10_000,
  warmUpSeconds: 1,
  coldKeys: 2_000,
  listedKeys: 100_000,
  importedKeys: 10_000,
  starts: 4,
};
const CONNECTIONS = 20;

/**
 * Reads the arguments of `npm run bench`.
 * @param argv without program and script
 * @param canPin whether this machine can keep processes on cores
 * @throws Error that says what is wrong with them
 */
export function readRequest(argv: readonly string[], canPin: boolean): Request {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      json: { type: 'string' },
      scenario: { type: 'string', multiple: true },
      backend: { type: 'string' },
      seconds: { type: 'string' },
      workers: { type: 'string' },
      quick: { type: 'boolean', default: false },
      'no-pin': { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
    },
  });
  const { backend } = values;
  if (backend !== undefined && backend !== 'embedded' && backend !== 'servers') {
    throw new Error(`--backend is embedded or servers, not ${backend}`);
  }
  const workers = positive('--workers', values.workers) ?? 1;
  if (!Number.isInteger(workers)) throw new Error('--workers is a whole number');
  if (workers > 1 && backend !== 'servers') throw new Error('--workers needs --backend servers');
  const size = values.quick ? QUICK : FULL;
  return {
    plan: {
      ...size,
      seconds: positive('--seconds', values.seconds) ?? size.seconds,
      connections: CONNECTIONS,
      workers,
      pinned: canPin && !values['no-pin'],
    },
    scenarios: values.scenario,
    backend,
    json: values.json,
    list: values.list,
  };
}

function positive(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!(value > 0 && value < Number.POSITIVE_INFINITY)) throw new Error(`${option} is a number above 0`);
  return value;
}
