// Everything that can be measured, in the order of a run.
import { measureAccuracy } from './accuracy.ts';
import { measureAnalytics } from './analytics.ts';
import { measureOutage } from './analytics-outage.ts';
import type { Bed } from './bed.ts';
import { measureCredits } from './credits.ts';
import { measureLimiterMemory } from './limiter-memory.ts';
import type { Backend, Plan } from './plan.ts';
import type { ScenarioRow } from './rows.ts';
import { measureScale } from './scale.ts';
import { measureScaleOut } from './scale-out.ts';
import { createKeyTraffic } from './scenarios/create-key.ts';
import { measureHttp, measureHttpOnce } from './scenarios/http-scenario.ts';
import { measureImport } from './scenarios/import.ts';
import { listKeysTraffic } from './scenarios/list-keys.ts';
import { measureStartUp } from './scenarios/start-up.ts';
import { measureOnStore } from './scenarios/store-scenario.ts';
import {
  creditedKey,
  fiveLimits,
  limitedKey,
  manyIdentifiers,
  manyKeys,
  oneIdentifier,
  oneKey,
  unseenKeys,
} from './scenarios/traffic.ts';
import { withServers } from './servers.ts';
import { measureVault } from './vault.ts';
import { measureWorkers } from './workers.ts';

/** An operation beside its floor: what the targets speak of, and what a run measures unless it is told otherwise. */
export interface Scenario {
  readonly name: string;
  /** Where it can run. */
  readonly backends: readonly Backend[];
  /** Where it runs unless a backend is named. */
  readonly home: readonly Backend[];
  run(bed: Bed): Promise<ScenarioRow>;
}

/** Something else worth knowing, with columns of its own; runs when it is named. */
export interface Measure {
  readonly name: string;
  /** What its rows are. */
  readonly title: string;
  run(plan: Plan): Promise<readonly object[]>;
}

const EMBEDDED = ['embedded'] as const;
const SERVERS = ['servers'] as const;
const BOTH = ['embedded', 'servers'] as const;

export const SCENARIOS: readonly Scenario[] = [
  http('verifyKey warm', BOTH, EMBEDDED, oneKey, { paced: true }),
  http('verifyKey warm 100k keys', EMBEDDED, EMBEDDED, manyKeys, { paced: false }),
  http('verifyKey with limit', BOTH, EMBEDDED, limitedKey, { paced: true }),
  http('verifyKey with credits', BOTH, SERVERS, creditedKey, { paced: false }),
  scenario('verifyKey cold', EMBEDDED, EMBEDDED, (name, bed) => measureHttpOnce(name, bed, unseenKeys)),
  http('ratelimit.limit warm', BOTH, EMBEDDED, oneIdentifier, { paced: true }),
  http('ratelimit.limit 10k identifiers', BOTH, EMBEDDED, manyIdentifiers, { paced: false }),
  http('multiLimit 5', BOTH, EMBEDDED, fiveLimits, { paced: false }),
  scenario('createKey', BOTH, SERVERS, (name, bed) => measureOnStore(name, bed, createKeyTraffic)),
  scenario('import', BOTH, SERVERS, measureImport),
  scenario('start-up to first verification', BOTH, EMBEDDED, measureStartUp),
  // Last, since what it stores stays.
  scenario('listKeys 100 of 1M', SERVERS, SERVERS, (name, bed) => measureOnStore(name, bed, listKeysTraffic)),
];

export const MEASURES: readonly Measure[] = [
  {
    name: 'workers',
    title: 'throughput by workers, on MySQL and Redis',
    run: measureWorkers,
  },
  {
    name: 'scale-out',
    title: 'one node and three behind a round-robin proxy, on MySQL and Redis',
    run: measureScaleOut,
  },
  {
    name: 'scale',
    title: 'a million keys beside ten thousand',
    run: ({ quick }) => withServers(() => measureScale(quick)),
  },
  {
    name: 'memory',
    title: 'memory of the rate limiter',
    run: () => measureLimiterMemory(),
  },
  {
    name: 'accuracy',
    title: 'accuracy across nodes, on Redis',
    run: ({ quick }) => measureAccuracy(quick),
  },
  {
    name: 'credits',
    title: 'credits across nodes, on Redis and MySQL',
    run: ({ quick }) => measureCredits(quick),
  },
  {
    name: 'analytics',
    title: 'verifyKey with analytics, beside the same without',
    run: ({ quick }) => measureAnalytics(quick),
  },
  {
    name: 'outage',
    title: 'verifyKey while the analytics store is away',
    run: ({ quick }) => measureOutage(quick),
  },
  {
    name: 'vault',
    title: 'calls of the Vault, beside bare AES-256-GCM behind the same handlers',
    run: ({ quick }) => measureVault(quick),
  },
];

function scenario(
  name: string,
  backends: readonly Backend[],
  home: readonly Backend[],
  run: (name: string, bed: Bed) => Promise<ScenarioRow>,
): Scenario {
  return { name, backends, home, run: (bed) => run(name, bed) };
}

function http(
  name: string,
  backends: readonly Backend[],
  home: readonly Backend[],
  prepare: Parameters<typeof measureHttp>[2],
  options: Parameters<typeof measureHttp>[3],
): Scenario {
  return scenario(name, backends, home, (known, bed) => measureHttp(known, bed, prepare, options));
}
