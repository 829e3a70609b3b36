import type { Tracer } from '@opentelemetry/api';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import type { Metrics } from '../lib/metrics.ts';
import type { IdSource } from '../lib/uid.ts';
import type { Authenticator } from '../services/auth/authenticator.ts';
import type { Services } from '../services/services.ts';
import type { WorkspaceThrottle } from '../services/workspaces/throttle.ts';
import type { Check } from './health/dependency-checks.ts';
import { EventLoopWatch } from './health/event-loop-watch.ts';
import { Health } from './health/health.ts';
import { healthRoutes } from './health/health-routes.ts';
import type { AnyOperation } from './operation.ts';
import type { BasicCredentials } from './pipeline/basic-authentication.ts';
import { clientAddressResolver } from './pipeline/client-address.ts';
import type { HttpRequest, HttpResponse } from './pipeline/exchange.ts';
import type { RequestLogSink } from './pipeline/request-log.ts';
import { operationEndpoint, operationStack, pageStack, profileStack } from './pipeline/stacks.ts';
import { pages } from './routes/pages/pages.ts';
import { profiles } from './routes/profiles/profiles.ts';
import { Connections } from './transport/connections.ts';
import { createHapiServer } from './transport/hapi-server.ts';
import { Inflight } from './transport/inflight.ts';
import { listen } from './transport/listen.ts';
import { type Certificate, createListener, replaceCertificate } from './transport/listener.ts';
import { requestServer } from './transport/request-server.ts';

export interface ApiServerOptions {
  readonly operations: readonly AnyOperation[];
  readonly services: Services;
  readonly authenticators: { readonly bearer: Authenticator; readonly portal: Authenticator };
  readonly throttle: WorkspaceThrottle;
  readonly log: Logger;
  /** A registry that can be scraped learns of this server's gauges by itself. */
  readonly metrics: Metrics & { beforeScrape?(hook: () => void | Promise<void>): void };
  readonly clock: Clock;
  readonly ids: IdSource;
  /** Listen address. */
  readonly host: string;
  /** 0 = any free port. */
  readonly port: number;
  readonly tls?: Certificate | undefined;
  /** Bytes, inclusive; Infinity switches the cap off. Default 10 MiB. */
  readonly maxRequestBodySize?: number;
  /** undefined = every peer's X-Forwarded-For is trusted. */
  readonly trustedProxies?: readonly string[] | undefined;
  readonly requestLogging?: {
    /** Share of ordinary requests that leave a line, 0 to 1; undefined = none. */
    readonly sampleRate: number | undefined;
    readonly slowThresholdMs: number;
  };
  readonly health?: {
    readonly checks: Readonly<Record<string, Check>>;
    readonly critical: readonly string[];
  };
  /** How long a request may take, in milliseconds. Default one minute. */
  readonly deadlineMs?: number;
  /** How long a request's body may take to arrive, in milliseconds. Default ten seconds. */
  readonly bodyTimeoutMs?: number;
  /** Checks every response and error code against the operation's declaration; a breach is an unexpected error. */
  readonly verifyResponses?: boolean;
  /** Lets callers set the time that rate limits go by, with the header X-Test-Time. For tests only. */
  readonly testMode?: boolean;
  /** Who may take profiles under /debug/pprof; undefined = the routes do not exist. */
  readonly pprof?: BasicCredentials | undefined;
  /** undefined = no spans. */
  readonly tracer?: Tracer | undefined;
  /** undefined = no request rows are kept. */
  readonly requestLogSink?: RequestLogSink | undefined;
}

export interface ApiServer {
  /** Binds the address. Throws a ListenError when it cannot. */
  start(): Promise<{ readonly url: string; readonly port: number }>;
  /** From here on the probes say ok. */
  markStarted(): void;
  /** Liveness fails from here on: something outside any request went wrong for good. */
  markFatal(): void;
  /** Readiness says `shutting down` and replies close their connection; requests are still served. */
  beginDrain(): void;
  /** Stops accepting and lets the requests in flight finish. Resolves false when `timeoutMs` cut something off. */
  stop(timeoutMs: number): Promise<boolean>;
  /** Serves new connections with another certificate. Throws, and keeps the old one, when the pair does not match. */
  reloadTls(certificate: Certificate): void;
  /** Requests being served. */
  readonly inflight: number;
}

const DEFAULTS = {
  maxRequestBodySize: 10 * 1024 * 1024,
  requestLogging: { sampleRate: undefined, slowThresholdMs: 1_000 },
  health: { checks: {}, critical: [] },
  deadlineMs: 60_000,
  bodyTimeoutMs: 10_000,
};

/** How much longer than a request may take a connection may stand still, in milliseconds. */
const IDLE_GRACE_MS = 15_000;

/** How long a stopped server waits for clients to take the last replies, in milliseconds. */
const LINGER_MS = 1_000;

/** Composes the API server; nothing is bound yet. Throws on a trusted proxy or certificate that is none. */
export function createServer(options: ApiServerOptions): ApiServer {
  const { operations, clock, ids, log, metrics, tls, pprof } = options;
  const inflight = new Inflight();
  const loop = new EventLoopWatch();
  const health = new Health({ ...(options.health ?? DEFAULTS.health), clock, log, metrics, loop });
  const listener = createListener(tls, (options.deadlineMs ?? DEFAULTS.deadlineMs) + IDLE_GRACE_MS);
  const connections = new Connections(listener);
  let draining = false;
  // Whatever is asked of a draining server, its answer closes the connection; requests that are in flight when the drain
  // begins see to it when they reply.
  listener.on('request', (request: HttpRequest, response: HttpResponse) => {
    if (draining && request.httpVersionMajor === 1) response.setHeader('Connection', 'close');
  });

  const serve = requestServer({
    host: { clock, clientAddress: clientAddressResolver(options.trustedProxies) },
    ids,
    log,
    inflight,
    body: {
      maxBytes: options.maxRequestBodySize ?? DEFAULTS.maxRequestBodySize,
      timeoutMs: options.bodyTimeoutMs ?? DEFAULTS.bodyTimeoutMs,
    },
    isDraining: () => draining,
  });
  const stack = {
    services: options.services,
    authenticators: options.authenticators,
    throttle: options.throttle,
    log,
    metrics,
    tracer: options.tracer,
    requestLogSink: options.requestLogSink,
    requestLogging: options.requestLogging ?? DEFAULTS.requestLogging,
    deadlineMs: options.deadlineMs ?? DEFAULTS.deadlineMs,
    verifyResponses: options.verifyResponses ?? false,
    testMode: options.testMode ?? false,
  };
  const hapi = createHapiServer({
    listener,
    tls: tls !== undefined,
    mounts: [
      ...operations.map((operation) =>
        serve(operationEndpoint(operation), operationStack(operation, stack), operation.isHot),
      ),
      ...pages(operations).map(({ endpoint, render }) => serve(endpoint, pageStack(endpoint, render, stack))),
      ...(pprof === undefined
        ? []
        : profiles.map(({ endpoint, take }) => serve(endpoint, profileStack(endpoint, take, pprof, stack)))),
      ...healthRoutes(health),
    ],
    onUnmatched: (method, status) =>
      metrics.count('unkey_http_requests_total', { method, path: 'unmatched', status: String(status) }),
  });
  metrics.beforeScrape?.(() => metrics.gauge('unkey_inflight_requests', {}, inflight.count));
  metrics.beforeScrape?.(() => health.refresh());

  const beginDrain = (): void => {
    if (draining) return;
    draining = true;
    health.markShuttingDown();
    metrics.gauge('unkey_draining', {}, 1);
  };

  return {
    async start() {
      await hapi.initialize();
      const bound = await listen(listener, options.host, options.port, tls === undefined ? 'http' : 'https');
      loop.start();
      return bound;
    },
    markStarted: () => health.markStarted(),
    markFatal: () => health.markFatal(),
    beginDrain,
    async stop(timeoutMs) {
      beginDrain();
      loop.stop();
      const closed = new Promise<void>((resolve) => listener.close(() => resolve()));
      connections.closeIdle();
      const finished = await settlesWithin(inflight.idle(), timeoutMs);
      connections.closeIdle();
      if (finished) await settlesWithin(closed, LINGER_MS);
      connections.destroyAll();
      await closed;
      await hapi.stop();
      return finished;
    },
    reloadTls: (certificate) => replaceCertificate(listener, certificate),
    get inflight() {
      return inflight.count;
    },
  };
}

async function settlesWithin(work: Promise<void>, milliseconds: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), milliseconds);
  });
  const settled = await Promise.race([work.then(() => true), tooLate]);
  clearTimeout(timer);
  return settled;
}
