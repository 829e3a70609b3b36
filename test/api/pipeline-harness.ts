// A listening server around operations made up by the test, with everything that it tells kept in memory.

import { once } from 'node:events';
import { connect } from 'node:net';
import { Writable } from 'node:stream';
import Joi from 'joi';
import { systemClock } from '../../src/lib/clock.ts';
import { Fault } from '../../src/lib/fault.ts';
import { randomIds } from '../../src/lib/uid.ts';
import { createLogger } from '../../src/server/logging/logger.ts';
import { createMetrics } from '../../src/server/metrics/registry.ts';
import {
  type AnyOperation,
  bearerOperation,
  type Operation,
  type OperationContext,
  type OperationResult,
} from '../../src/server/operation.ts';
import { liveness } from '../../src/server/routes/liveness/liveness.ts';
import { type ApiServer, type ApiServerOptions, createServer } from '../../src/server/server.ts';
import type { Authenticator } from '../../src/services/auth/authenticator.ts';
import type { Principal } from '../../src/services/auth/principal.ts';
import type { Services } from '../../src/services/services.ts';
import type { ThrottleDecision } from '../../src/services/workspaces/throttle.ts';

export const ROOT_KEY = 'unkey_good';
export const PORTAL_TOKEN = 'portal_good';

const principal: Principal = {
  version: 'v1',
  type: 'API_KEY',
  subject: { id: 'key_root', name: 'root key', type: 'rootkey' },
  workspaceId: 'ws_1',
  permissions: ['api.*.create_api'],
  source: { kind: 'rootKey', keyId: 'key_root', keyspaceId: 'ks_root' },
};

/** Knows one root key and, like the real chain, tells missing, malformed and unknown bearers apart. */
const bearer: Authenticator = {
  authenticate: async ({ authorization = '' }) => {
    const token = authorization.trim();
    if (!token.startsWith('Bearer ')) {
      throw new Fault('unkey:authentication:malformed', { public: 'The bearer token is malformed.' });
    }
    if (token.slice(7).trim() !== ROOT_KEY) {
      throw new Fault('unkey:authentication:key_not_found', { public: 'The key is unknown.' });
    }
    return principal;
  },
};

/** Knows one portal session. */
const portal: Authenticator = {
  authenticate: async ({ authorization = '', portalSession }) => {
    if (authorization !== '') throw new Fault('unkey:authentication:missing', { public: 'No session.' });
    if (portalSession === '') throw new Fault('unkey:authentication:portal_token_missing');
    if (portalSession !== PORTAL_TOKEN) throw new Fault('unkey:authentication:portal_session_not_found');
    return { ...principal, type: 'PORTAL_SESSION' };
  },
};

/** A protected operation whose body is `{name: string of at least 3}`. */
export function nameOperation(
  handle: (context: OperationContext, body: { name: string }) => Promise<OperationResult>,
  declaration: Partial<Operation<{ name: string }, 'bearer'>> = {},
): AnyOperation {
  return bearerOperation<{ name: string }>({
    name: 'apis.createApi',
    // What is strange about connections meets both ways here: the project api-framework runs the same tests again. That
    // both answer alike, to the byte: hot-lane.test.ts.
    isHot: process.env.UNKEY_TEST_WAY !== 'framework',
    summary: 'Create an API',
    description: 'Creates an API.',
    permissions: [],
    request: Joi.object({ name: Joi.string().min(3).required() }).required(),
    response: Joi.object({ apiId: Joi.string().required() }).required(),
    errors: [],
    examples: { request: { name: 'abc' }, response: { apiId: 'api_1' } },
    handle,
    ...declaration,
  }) as AnyOperation;
}

export const createApi = nameOperation(async () => ({ data: { apiId: 'api_1' } }));

/** A portal operation with an empty body. */
export const portalListKeys: AnyOperation = {
  ...(createApi as Operation<{ name: string }, 'bearer'>),
  name: 'portal.listKeys',
  path: '/v2/portal.listKeys',
  auth: 'portal',
} as AnyOperation;

export interface TestServer {
  readonly url: string;
  readonly port: number;
  readonly server: ApiServer;
  /** Every line logged so far, parsed. */
  readonly lines: Record<string, unknown>[];
  /** The metrics as text. */
  metrics(): Promise<string>;
  /** A POST with the good root key and a JSON body, unless told otherwise. */
  post(path: string, init?: PostInit): Promise<Response>;
}

export interface PostInit {
  readonly body?: string;
  readonly headers?: Record<string, string | undefined>;
  readonly signal?: AbortSignal;
}

export interface TestServerOptions extends Partial<Omit<ApiServerOptions, 'throttle'>> {
  readonly throttle?: () => ThrottleDecision;
}

/** Starts a server on a free port; the test stops it. */
export async function startServer(options: TestServerOptions = {}): Promise<TestServer> {
  const lines: Record<string, unknown>[] = [];
  const destination = new Writable({
    write(chunk, _encoding, done) {
      for (const line of String(chunk).split('\n')) if (line !== '') lines.push(JSON.parse(line));
      done();
    },
  });
  const log = createLogger({
    level: 'debug',
    format: 'json',
    bindings: { service: 'api', instanceId: 'ins_test', region: 'test', version: '0.0.0' },
    destination,
  });
  const metrics = createMetrics({ version: '0.0.0', revision: 'abc', buildTime: '', strict: true });
  const { throttle = () => ({ denied: false }), ...rest } = options;
  const server = createServer({
    operations: [createApi, liveness],
    services: {} as Services,
    authenticators: { bearer, portal },
    throttle: { check: async () => throttle() },
    log,
    metrics,
    clock: systemClock,
    ids: randomIds,
    host: '127.0.0.1',
    port: 0,
    ...rest,
  });
  const { url, port } = await server.start();
  server.markStarted();
  return {
    url,
    port,
    server,
    lines,
    metrics: async () => (await metrics.expose(undefined)).text,
    post: (path, { body = '{"name":"abc"}', headers = {}, signal } = {}) => {
      const all = { authorization: `Bearer ${ROOT_KEY}`, 'content-type': 'application/json', ...headers };
      const sent = Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined);
      return fetch(`${url}${path}`, {
        method: 'POST',
        headers: sent,
        // Bytes, so that fetch does not add a content type of its own.
        body: Buffer.from(body),
        ...(signal === undefined ? {} : { signal }),
      });
    },
  };
}

/** Sends bytes as they are and yields everything that comes back until the server closes the connection. */
export async function sendRaw(port: number, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  socket.write(text);
  await once(socket, 'close');
  return Buffer.concat(chunks).toString();
}
