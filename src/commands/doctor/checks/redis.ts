import { createHash, randomUUID } from 'node:crypto';
import { Cluster, type Redis } from 'ioredis';
import { createRedisClient, type RedisClient } from '../../../storage/counters/redis-client.ts';
import { tryConnection } from '../../cli/tcp.ts';
import {
  type Check,
  type CheckGroup,
  type Finding,
  fail,
  medianOfThree,
  ok,
  skippedCheck,
  warn,
} from '../check.ts';

const IDS = ['redis.connect', 'redis.version', 'redis.commands', 'redis.eviction', 'redis.latency'];
const NEEDED = [6, 2] as const;
const DEFAULT_PORT = 6379;
const REMEDY = 'check redis_url, and that Redis runs';
const PROBE_SECONDS = 60;
const MEMORY_SHARE = 0.9;
const SLOW_MS = 2;
const TOO_SLOW_MS = 100;

function openRedis(url: URL, timeoutMs: number): { client: RedisClient; lastError: () => Error | undefined } {
  const client = createRedisClient(url, {
    connection: { connectTimeout: timeoutMs, maxRetriesPerRequest: 0 },
    enableOfflineQueue: true,
    lazyConnect: true,
    reconnectDelay: () => null,
  });
  let last: Error | undefined;
  // Without a listener the client prints its errors; the checks report them instead.
  client.on('error', (error: Error & { lastNodeError?: Error }) => {
    last = error.lastNodeError ?? error;
  });
  return { client, lastError: () => last };
}

/** The servers that hold counters: one, or those of a cluster that are no replicas. */
function mastersOf(client: RedisClient): readonly Redis[] {
  return client instanceof Cluster ? client.nodes('master') : [client];
}

/** `key:value` lines of INFO. */
function parseInfo(info: string): ReadonlyMap<string, string> {
  return new Map(
    info.split(/\r?\n/).flatMap((line): [string, string][] => {
      const colon = line.indexOf(':');
      return colon === -1 || line.startsWith('#') ? [] : [[line.slice(0, colon), line.slice(colon + 1)]];
    }),
  );
}

function judgeVersion(info: ReadonlyMap<string, string>): Finding {
  const valkey = info.get('valkey_version');
  const version = valkey ?? info.get('redis_version') ?? '';
  const product = valkey === undefined ? 'Redis' : 'Valkey';
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (valkey === undefined && (major < NEEDED[0] || (major === NEEDED[0] && minor < NEEDED[1]))) {
    return fail(`${product} ${version} is too old`, `upgrade to ${NEEDED.join('.')} or newer`, { version });
  }
  const mode = info.get('redis_mode') === 'cluster' ? ', cluster mode' : '';
  return ok(`${product} ${version}${mode}`, { version });
}

/** The first of the findings that is not ok, or else the first. */
function worstOf(findings: readonly Finding[]): Finding {
  const bad = findings.find(({ status }) => status !== 'ok') ?? findings[0];
  if (bad === undefined) throw new Error('the cluster has no masters');
  return bad;
}

function judgeEviction(info: ReadonlyMap<string, string>): Finding {
  const policy = info.get('maxmemory_policy') ?? 'unknown';
  const limit = Number(info.get('maxmemory') ?? 0);
  const used = Number(info.get('used_memory') ?? 0);
  if (policy.startsWith('allkeys-')) {
    return warn(
      `maxmemory-policy ${policy} may evict counters`,
      'CONFIG SET maxmemory-policy volatile-lru (or noeviction)',
    );
  }
  if (limit > 0 && used > limit * MEMORY_SHARE) {
    return warn(`${Math.round((used / limit) * 100)} % of maxmemory is used`, 'raise maxmemory');
  }
  return ok(`maxmemory-policy ${policy}`);
}

const SCRIPT = "return redis.call('GET', KEYS[1])";
const SCRIPT_SHA = createHash('sha1').update(SCRIPT).digest('hex');

/** Whether the server has other servers' keys to refuse. */
async function isOneOfSeveral(client: Redis): Promise<boolean> {
  if (parseInfo(await client.info('server')).get('redis_mode') !== 'cluster') return false;
  return Number(parseInfo(await client.cluster('INFO')).get('cluster_size')) > 1;
}

/** Tries every command that the service uses on a key of its own, which expires even if deleting fails. */
async function tryCommands(client: RedisClient): Promise<Finding> {
  if (!(client instanceof Cluster) && (await isOneOfSeveral(client))) {
    return fail('redis_url names one server of a Redis Cluster', 'add ?cluster=true to redis_url');
  }
  const key = `{unkey:doctor:${randomUUID()}}`;
  const probes: readonly (readonly [string, () => Promise<unknown>])[] = [
    ['SET NX', () => client.set(key, '1', 'EX', PROBE_SECONDS, 'NX')],
    ['GET', () => client.get(key)],
    ['MGET', () => client.mget(key)],
    ['INCRBY', () => client.incrby(key, 1)],
    ['EXPIRE', () => client.expire(key, PROBE_SECONDS)],
    // In this order: what is run whole once can be called by its hash afterwards.
    ['EVAL', () => client.eval(SCRIPT, 1, key)],
    ['EVALSHA', () => client.evalsha(SCRIPT_SHA, 1, key)],
  ];
  const refused: string[] = [];
  try {
    for (const [name, probe] of probes) {
      await probe().catch((error: Error) => refused.push(`${name} (${error.message})`));
    }
  } finally {
    await client.del(key);
  }
  return refused.length === 0
    ? ok('every command needed works')
    : fail(
        `refused: ${refused.join(', ')}`,
        'allow the user of redis_url +@read +@write +@scripting on all keys',
      );
}

function judgeLatency(latencyMs: number): Finding {
  const detail = `median ${latencyMs.toFixed(2)} ms`;
  const remedy = 'move Redis closer to the servers';
  if (latencyMs > TOO_SLOW_MS) return fail(detail, remedy, { latencyMs });
  return latencyMs > SLOW_MS ? warn(detail, remedy, { latencyMs }) : ok(detail, { latencyMs });
}

export function redisChecks({
  url,
  timeoutMs,
}: {
  readonly url: string | undefined;
  readonly timeoutMs: number;
}): CheckGroup {
  if (url === undefined || url === '' || url.startsWith('memory:')) {
    const why = url?.startsWith('memory:') ? 'counters are inside the server' : 'redis_url is not set';
    return { checks: IDS.map((id) => skippedCheck(id, why)) };
  }
  const parsed = URL.parse(url);
  if (parsed === null) {
    const [connect = '', ...children] = IDS;
    const malformed = fail('redis_url cannot be parsed', 'percent-encode the password in redis_url');
    return {
      checks: [
        { id: connect, remedy: REMEDY, run: async () => malformed },
        ...children.map((id) => skippedCheck(id, `${connect} failed`)),
      ],
    };
  }
  const { client, lastError } = openRedis(parsed, timeoutMs);
  const child = (id: string, run: () => Promise<Finding>): Check => ({
    id,
    parent: 'redis.connect',
    remedy: REMEDY,
    run,
  });
  return {
    checks: [
      {
        id: 'redis.connect',
        remedy: REMEDY,
        run: async (signal) => {
          // The client of a cluster does not tell why it reaches no node.
          if (client instanceof Cluster) {
            await tryConnection(parsed.hostname, Number(parsed.port || DEFAULT_PORT), signal);
          }
          try {
            if (client.status === 'wait') await client.connect();
            await client.ping();
          } catch (error) {
            throw lastError() ?? error;
          }
          return ok('answers');
        },
      },
      child('redis.version', async () => judgeVersion(parseInfo(await client.info('server')))),
      child('redis.commands', () => tryCommands(client)),
      child('redis.eviction', async () => {
        const infos = await Promise.all(mastersOf(client).map((master) => master.info('memory')));
        return worstOf(infos.map((info) => judgeEviction(parseInfo(info))));
      }),
      {
        ...child('redis.latency', async () => judgeLatency(await medianOfThree(() => client.ping()))),
        isMeasurement: true,
      },
    ],
    close: async () => client.disconnect(),
  };
}
