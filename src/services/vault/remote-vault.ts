// A Vault on the network: Connect over HTTP/1.1 in binary, a bearer token on every call, no retries, and no more time than
// the request has that asks. Source: the Vault section of the analytics chapter, transport.

import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { type CallOptions, Code, ConnectError, createClient, type Interceptor } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-node';
import { type CircuitBreaker, CircuitOpenError, createCircuitBreaker } from '../../lib/circuit-breaker.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import type { Metrics } from '../../lib/metrics.ts';
import { currentRequestScope } from '../../lib/request-scope.ts';
import { VaultService } from '../../proto/vault/v1/vault_pb.ts';
import type { Vault } from './vault.ts';

export interface RemoteVaultOptions {
  readonly url: string;
  readonly token: string;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly log: Logger;
}

export interface RemoteVault extends Vault {
  /** Resolves when the Vault answers; needs no token, and goes past the breaker. */
  ping(signal?: AbortSignal): Promise<void>;
  /** Lets go of connections. */
  close(): void;
}

/**
 * `unauthenticated`: the token is wrong; `unavailable`: no answer, or not called; `timeout`: no answer in time;
 * `cancelled`: the request that asked is over; `refused`: any other answer.
 */
export type VaultFailure = 'unauthenticated' | 'unavailable' | 'timeout' | 'cancelled' | 'refused';

/** The Vault did not do what it was asked. Every call rejects with this. */
export class VaultError extends Error {
  override readonly name = 'VaultError';
  readonly reason: VaultFailure;

  constructor(reason: VaultFailure, message: string, cause: unknown) {
    super(message, { cause });
    this.reason = reason;
  }
}

/** For calls that no request waits for, in milliseconds. */
const TIMEOUT_MS = 10_000;

/** Shorter than the usual minute: nothing but recoverable keys waits for the Vault, and a restart of it takes seconds. */
const OPEN_MS = 10_000;

/** No answer speaks against the Vault; a refusal does not, a caller may have sent anything. */
const OUTAGES: ReadonlySet<Code> = new Set([Code.Unavailable, Code.DeadlineExceeded, Code.Unknown]);

/** The Vault behind an http or https URL. Nothing is connected yet. */
export function createRemoteVault(options: RemoteVaultOptions): RemoteVault {
  const { url, token, clock, metrics, log } = options;
  const agent = /^https:/i.test(url)
    ? new HttpsAgent({ keepAlive: true })
    : new HttpAgent({ keepAlive: true });
  const client = createClient(
    VaultService,
    createConnectTransport({
      baseUrl: url,
      httpVersion: '1.1',
      nodeOptions: { agent },
      interceptors: [bearer(token)],
    }),
  );
  const breaker = createCircuitBreaker({
    name: 'vault',
    clock,
    metrics,
    log,
    openMs: OPEN_MS,
    isFailure: (error) => error instanceof ConnectError && OUTAGES.has(error.code),
  });
  const call = <T>(operation: string, work: (options: CallOptions) => Promise<T>): Promise<T> =>
    measured(metrics, operation, () => guarded(breaker, work));

  return {
    async encrypt(keyring, data) {
      const { encrypted, keyId } = await call('encrypt', (o) => client.encrypt({ keyring, data }, o));
      return { encrypted, keyId };
    },
    async decrypt(keyring, encrypted) {
      return (await call('decrypt', (o) => client.decrypt({ keyring, encrypted }, o))).plaintext;
    },
    async encryptBulk(keyring, items) {
      const answer = await call('encrypt_bulk', (o) =>
        client.encryptBulk({ keyring, items: Object.fromEntries(items) }, o),
      );
      return new Map(
        Object.entries(answer.items).map(([id, { encrypted, keyId }]) => [id, { encrypted, keyId }]),
      );
    },
    async decryptBulk(keyring, items) {
      const answer = await call('decrypt_bulk', (o) =>
        client.decryptBulk({ keyring, items: Object.fromEntries(items) }, o),
      );
      return new Map(Object.entries(answer.items));
    },
    async ping(signal) {
      await client.liveness({}, { timeoutMs: TIMEOUT_MS, ...(signal === undefined ? {} : { signal }) });
    },
    close: () => agent.destroy(),
  };
}

function bearer(token: string): Interceptor {
  return (next) => (request) => {
    request.header.set('Authorization', `Bearer ${token}`);
    return next(request);
  };
}

/** Calls with what is left of the time of the request being served, and ends with it. @throws VaultError */
async function guarded<T>(breaker: CircuitBreaker, work: (options: CallOptions) => Promise<T>): Promise<T> {
  const scope = currentRequestScope();
  // 0 would mean no limit at all.
  const timeoutMs = Math.max(1, Math.ceil(scope?.remainingMs ?? TIMEOUT_MS));
  try {
    return await breaker.run(() =>
      work({ timeoutMs, ...(scope === undefined ? {} : { signal: scope.signal }) }),
    );
  } catch (error) {
    throw asVaultError(error, scope?.signal);
  }
}

function asVaultError(error: unknown, signal: AbortSignal | undefined): VaultError {
  if (error instanceof CircuitOpenError) return new VaultError('unavailable', error.message, error);
  const failure = ConnectError.from(error);
  const told = `the Vault answered: ${failure.message}`;
  // The request's own signal says best why the call ended; those who label failures know its errors by name.
  if (signal?.aborted) return new VaultError('cancelled', 'the request ended first', signal.reason);
  switch (failure.code) {
    case Code.DeadlineExceeded:
      return new VaultError(
        'timeout',
        'the Vault did not answer in time',
        new DOMException(failure.message, 'TimeoutError'),
      );
    case Code.Unauthenticated:
      return new VaultError('unauthenticated', told, failure);
    case Code.Unavailable:
    case Code.Unknown:
      return new VaultError('unavailable', told, failure);
    default:
      return new VaultError('refused', told, failure);
  }
}

async function measured<T>(metrics: Metrics, operation: string, work: () => Promise<T>): Promise<T> {
  const started = performance.now();
  let status = 'error';
  try {
    const outcome = await work();
    status = 'success';
    return outcome;
  } finally {
    metrics.count('unkey_vault_operations_total', { operation, status });
    metrics.observe(
      'unkey_vault_operations_latency_seconds',
      { operation },
      (performance.now() - started) / 1000,
    );
  }
}
