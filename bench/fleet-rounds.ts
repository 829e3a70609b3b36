// The same traffic on several fleets of the product in turn, so that whatever else the machine does falls on all of them.
import type { Bed } from './bed.ts';
import type { Job } from './generator/job.ts';
import { figuresOf, type Sample } from './rows.ts';
import type { Traffic } from './scenarios/http-scenario.ts';
import { creditedKey, limitedKey, oneIdentifier, oneKey } from './scenarios/traffic.ts';
import { rounded } from './statistics.ts';
import type { Subject } from './subject.ts';

/** Servers behind one address. */
export interface Fleet {
  /** What its rows are told apart by. */
  readonly name: string;
  readonly url: string;
  /** Of all its servers, in milliseconds. */
  readonly processorMs: () => number;
}

export interface FleetRow {
  readonly scenario: string;
  readonly fleet: string;
  readonly rps: number;
  readonly p50: number;
  readonly p99: number;
  /** Throughput as a multiple of the first fleet's. */
  readonly ofFirst: number;
  /** Processor time of the servers for a request; those that the store and the counters take are not in it. */
  readonly cpuMicrosPerRequest: number | undefined;
}

const TRAFFIC: readonly (readonly [string, (subject: Subject, bed: Bed) => Promise<Traffic>])[] = [
  ['verifyKey warm', oneKey],
  ['verifyKey with limit', limitedKey],
  ['verifyKey with credits', creditedKey],
  ['ratelimit.limit warm', oneIdentifier],
];

/** @param maker a server of the installation that all fleets run on, which makes the keys */
export async function compareFleets(
  bed: Bed,
  maker: Subject,
  fleets: readonly Fleet[],
): Promise<readonly FleetRow[]> {
  const rows: FleetRow[] = [];
  for (const [scenario, prepare] of TRAFFIC) {
    const { operation, bodies, expected } = await prepare(maker, bed);
    const job: Omit<Job, 'url' | 'pace'> = {
      path: `/v2/${operation}`,
      authorization: maker.authorization,
      bodies: bodies.map((body) => JSON.stringify(body)),
      expected,
      connections: bed.plan.connections,
    };
    rows.push(...(await compareOne(bed, scenario, job, fleets)));
  }
  return rows;
}

async function compareOne(
  bed: Bed,
  scenario: string,
  job: Omit<Job, 'url' | 'pace'>,
  fleets: readonly Fleet[],
): Promise<readonly FleetRow[]> {
  const { rounds, seconds, warmUpSeconds } = bed.plan;
  const samples = new Map<Fleet, Sample[]>(fleets.map((fleet) => [fleet, []]));
  const drive = async (fleet: Fleet, lasting: number): Promise<Sample> => {
    const before = fleet.processorMs();
    const pace = { kind: 'closed', extent: { seconds: lasting } } as const;
    const measured = await bed.generator.run({ ...job, url: fleet.url, pace });
    return { measured, processorMs: fleet.processorMs() - before };
  };
  for (const fleet of fleets) await drive(fleet, warmUpSeconds);
  for (let round = 0; round < rounds; round++) {
    for (const [fleet, own] of samples) own.push(await drive(fleet, seconds));
  }
  const figures = fleets.map((fleet) => ({ fleet: fleet.name, ...figuresOf(samples.get(fleet) ?? []) }));
  const first = figures[0]?.rps ?? Number.NaN;
  return figures.map(({ fleet, rps, p50, p99, cpuMicrosPerRequest }) => ({
    scenario,
    fleet,
    rps,
    p50,
    p99,
    ofFirst: rounded(rps / first, 3),
    cpuMicrosPerRequest,
  }));
}
