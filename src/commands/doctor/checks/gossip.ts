import { randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import type { GossipConfig } from '../../../config/server-config.ts';
import { systemClock } from '../../../lib/clock.ts';
import { silentLogger } from '../../../lib/logger.ts';
import { silentMetrics } from '../../../lib/metrics.ts';
import { type Endpoint, formatEndpoint } from '../../../services/cluster/gossip/endpoints.ts';
import type { PoolSight } from '../../../services/cluster/gossip/observe-pool.ts';
import type { NodeIdentity, PoolName } from '../../../services/cluster/gossip/options.ts';
import { poolSecrets } from '../../../services/cluster/gossip/secret.ts';
import { type Check, type Finding, fail, ok, skip, skippedCheck, warn } from '../check.ts';

const IDS = ['gossip.key', 'gossip.lan', 'gossip.wan'];
/** The look at a pool is over when nobody new shows up for this long. */
const QUIET_MS = 1_000;
const PROBE_MS = 500;
const SAME_KEY = 'give every node the same gossip.secret_key';

export interface GossipCheckOptions {
  readonly gossip: GossipConfig | undefined;
  readonly region: string | undefined;
}

/**
 * Joins the pools for a moment, without listening and without counting as a node, and tells who is there. A node works
 * without gossip, so that nobody answers is a warning; that somebody refuses the key is a failure.
 */
export function gossipChecks({ gossip, region = '' }: GossipCheckOptions): Check[] {
  if (gossip === undefined) return IDS.map((id) => skippedCheck(id, 'the section [gossip] is absent'));
  const identity: NodeIdentity = { nodeId: `doctor-${randomUUID()}`, region };
  return [
    { id: 'gossip.key', remedy: SAME_KEY, run: async () => judgeKey(gossip.secretKey) },
    poolCheck('lan', gossip, identity),
    poolCheck('wan', gossip, identity),
  ];
}

function judgeKey(secretKey: string): Finding {
  try {
    poolSecrets(secretKey, 'lan');
    return ok('has a valid length');
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return fail(
      error.message,
      'set gossip.secret_key to the output of openssl rand -base64 32, on every node',
    );
  }
}

function poolCheck(pool: PoolName, gossip: GossipConfig, identity: NodeIdentity): Check {
  const configured = pool === 'lan' ? gossip.lanSeeds : gossip.wanSeeds;
  const seeds = configured.filter((seed) => seed.trim() !== '');
  const port = pool === 'lan' ? gossip.lanPort : gossip.wanPort;
  const remedy = `check gossip.${pool}_seeds, and that TCP port ${port} is open between the nodes`;
  // A check runs several times; the others are to be disturbed once.
  let found: Promise<Finding> | undefined;
  const look = async (signal: AbortSignal): Promise<Finding> => {
    const { observePool } = await import('../../../services/cluster/gossip/observe-pool.ts');
    const sight = await observePool({
      pool,
      identity,
      seeds,
      defaultPort: port,
      secretKey: gossip.secretKey,
      quietMs: QUIET_MS,
      signal,
      clock: systemClock,
      metrics: silentMetrics,
      log: silentLogger,
    });
    return judgeSight(pool, sight, remedy);
  };
  return {
    id: `gossip.${pool}`,
    parent: 'gossip.key',
    remedy,
    run: async (signal) => {
      if (seeds.length === 0) return judgeNoSeeds(pool);
      found ??= look(signal);
      return found;
    },
  };
}

function judgeNoSeeds(pool: PoolName): Finding {
  if (pool === 'wan') return skip('gossip.wan_seeds is empty');
  return warn(
    'gossip.lan_seeds is empty: this node meets the others only if they name it',
    'set gossip.lan_seeds to a name that resolves to all nodes, or to the address of some',
  );
}

async function judgeSight(pool: PoolName, { seeds, members }: PoolSight, remedy: string): Promise<Finding> {
  const refused = seeds.filter(({ error }) => error !== undefined).map(({ endpoint }) => endpoint);
  const count = `${seeds.length - refused.length} of ${seeds.length} seed addresses answered`;
  const strict = await firstListening(refused);
  if (strict !== undefined) {
    return fail(`${formatEndpoint(strict)} listens, but does not accept this key`, SAME_KEY);
  }
  if (refused.length === seeds.length) {
    return warn(`no seed answers: ${refused.map(formatEndpoint).join(', ')}`, remedy);
  }
  const nodes = members.map(({ nodeId, region }) => `${nodeId} (${region})`).sort();
  const detail = `${nodes.length} ${nodes.length === 1 ? 'node' : 'nodes'}: ${nodes.join(', ')}; ${count}`;
  // Of the nodes of another region only the bridge listens; in the own region all do.
  return pool === 'lan' && refused.length > 0
    ? warn(`${detail}; not ${refused.map(formatEndpoint).join(', ')}`, remedy)
    : ok(detail);
}

/** The first of the endpoints that takes a connection, whatever it speaks. */
async function firstListening(endpoints: readonly Endpoint[]): Promise<Endpoint | undefined> {
  const listening = await Promise.all(endpoints.map(acceptsConnections));
  return endpoints.find((_, i) => listening[i]);
}

function acceptsConnections({ host, port }: Endpoint): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: PROBE_MS });
    const end = (accepted: boolean) => () => {
      socket.destroy();
      resolve(accepted);
    };
    socket.once('connect', end(true)).once('timeout', end(false)).once('error', end(false));
  });
}
