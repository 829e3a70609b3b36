import { Cluster, type CommonRedisOptions, Redis } from 'ioredis';

export type RedisClient = Redis | Cluster;

export interface RedisClientOptions {
  /** Of each connection. */
  readonly connection: CommonRedisOptions;
  /** Whether commands that are issued without a connection wait for one. */
  readonly enableOfflineQueue: boolean;
  /** Waits for `connect()`, instead of connecting at once. */
  readonly lazyConnect: boolean;
  /** Milliseconds before the next attempt to connect, whose number, from 1, it is given; null = there is none. */
  readonly reconnectDelay: (attempt: number) => number | null;
}

/** Makes a client of one server or, with `?cluster=true`, of the cluster that the server is a node of. */
export function createRedisClient(url: URL, options: RedisClientOptions): RedisClient {
  const { connection, enableOfflineQueue, lazyConnect, reconnectDelay } = options;
  const shared = { enableOfflineQueue, lazyConnect };
  if (url.searchParams.get('cluster') !== 'true') {
    return new Redis(url.href, { ...connection, ...shared, retryStrategy: reconnectDelay });
  }
  const isTls = url.protocol === 'rediss:';
  return new Cluster([{ host: url.hostname, port: Number(url.port || 6379) }], {
    ...shared,
    redisOptions: {
      ...connection,
      username: decodeURIComponent(url.username),
      password: decodeURIComponent(url.password),
      ...(isTls ? { tls: {} } : {}),
    },
    // Certificates name hosts, not addresses: nodes are dialled by the name under which they are known.
    ...(isTls ? { dnsLookup: (host, found) => found(null, host) } : {}),
    enableAutoPipelining: connection.enableAutoPipelining ?? false,
    clusterRetryStrategy: reconnectDelay,
  });
}
