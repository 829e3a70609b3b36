// How near to the limit several nodes stay together: engines in this process, each with a connection of its own to one
// real Redis, under an even load in real time.
import { checkEngines, openFleet, paceLoad } from '../test/support/node-fleet.ts';
import { provideServers } from '../test/support/servers-provide.ts';

export interface AccuracyRow {
  readonly limit: string;
  readonly nodes: number;
  /** Requests as a multiple of the limit. */
  readonly load: number;
  readonly requests: number;
  readonly passed: number;
  /** Beyond what may pass in all windows together. */
  readonly overshoot: string;
  /** The same in the worst window. */
  readonly worstWindow: string;
}

const NODES = [1, 3, 9];
const LOADS = [0.5, 1, 2, 10];
const LIMITS = [
  { limit: 100, duration: 1_000, windows: 10 },
  { limit: 1_000, duration: 5_000, windows: 4 },
];

/** @param quick fewer windows, for a look. @returns nothing where no Redis can be had. */
export async function measureAccuracy(quick: boolean): Promise<AccuracyRow[]> {
  const servers = await provideServers();
  try {
    const url = servers.variables.TEST_REDIS_URL;
    if (url === undefined) {
      console.log(`\naccuracy not measured: ${servers.missing.join(', ')}`);
      return [];
    }
    const rows: AccuracyRow[] = [];
    for (const plan of quick ? [{ limit: 100, duration: 1_000, windows: 2 }] : LIMITS) {
      for (const nodes of NODES) {
        for (const load of LOADS) rows.push(await measureOne(url, { ...plan, nodes, load }));
      }
    }
    return rows;
  } finally {
    await servers.stop();
  }
}

async function measureOne(url: string, plan: Parameters<typeof paceLoad>[1]): Promise<AccuracyRow> {
  const { limit, duration, nodes, load, windows } = plan;
  const fleet = await openFleet(nodes, url);
  try {
    const { requests, passed, possible, mostInWindow } = await paceLoad(checkEngines(fleet), plan);
    return {
      limit: `${limit} in ${duration / 1_000} s`,
      nodes,
      load,
      requests,
      passed,
      overshoot: percent(passed / possible - 1),
      worstWindow: percent(Math.max(0, mostInWindow / Math.min(limit, requests / windows) - 1)),
    };
  } finally {
    await fleet.close();
  }
}

const percent = (share: number): string => `${(share * 100).toFixed(2)} %`;
