import { setTimeout as sleep } from 'node:timers/promises';
import { type CircuitBreaker, CircuitOpenError } from '../../../lib/circuit-breaker.ts';
import { withDeadline } from '../../../lib/deadline.ts';
import { Fault } from '../../../lib/fault.ts';
import type { WorkspaceReader } from '../../../storage/analytics/analytics-store.ts';
import { AnalyticsStoreError } from '../../../storage/analytics/store-error.ts';
import type { Vault } from '../../vault/vault.ts';
import { analyticsConnectionFailed } from './analytics-faults.ts';
import type { WorkspaceSettings } from './workspace-settings.ts';

/** A reader that can tell whether its server is there, at no cost to the workspace's quota. */
export interface ServerReader extends WorkspaceReader {
  /** @throws AnalyticsStoreError */
  ping(signal?: AbortSignal): Promise<void>;
}

export interface ServerReaderDeps {
  readonly vault: Vault;
  readonly openReader: (credentials: {
    readonly username: string;
    readonly password: string;
  }) => ServerReader;
  /** Of the server: shared by all its readers. */
  readonly breaker: CircuitBreaker;
}

/** Milliseconds of real time that the Vault may take. */
const DECRYPT_MS = 5_000;
/** Milliseconds of real time that reaching the server may take, all attempts together. */
const REACH_MS = 5_000;
/** Milliseconds before each further attempt: a server that restarts refuses for a moment. */
const RETRY_WAITS_MS = [100, 300, 900];

/**
 * A client of the workspace's user, after the server has answered a ping. Its queries fail at once, with the failure
 * `network`, while the breaker is open. Throws a Fault: `analytics_connection_failed` when the Vault does not decrypt or
 * the server does not answer, `service_unavailable` when the configured address makes no client.
 */
export async function connectToServer(
  { vault, openReader, breaker }: ServerReaderDeps,
  settings: WorkspaceSettings,
): Promise<WorkspaceReader> {
  const password = await decryptPassword(vault, settings);
  const reader = makeReader(openReader, settings.username, password);
  try {
    await throughBreaker(breaker, () => reach(reader));
  } catch (error) {
    await reader.close();
    throw analyticsConnectionFailed('the analytics store does not answer', error);
  }
  return {
    query: (statement, options) => throughBreaker(breaker, () => reader.query(statement, options)),
    close: () => reader.close(),
  };
}

async function decryptPassword(vault: Vault, settings: WorkspaceSettings): Promise<string> {
  const { workspaceId, passwordEncrypted } = settings;
  try {
    return await withDeadline(vault.decrypt(workspaceId, passwordEncrypted), DECRYPT_MS);
  } catch (error) {
    throw analyticsConnectionFailed(`the analytics password of ${workspaceId} was not decrypted`, error);
  }
}

function makeReader(open: ServerReaderDeps['openReader'], username: string, password: string): ServerReader {
  try {
    return open({ username, password });
  } catch (error) {
    throw new Fault('unkey:application:service_unavailable', {
      public: 'Analytics are not available.',
      internal: 'clickhouse.analytics_url makes no client',
      cause: error,
    });
  }
}

/** Asks the server a few times whether it is there. @throws AnalyticsStoreError */
async function reach(reader: ServerReader): Promise<void> {
  const signal = AbortSignal.timeout(REACH_MS);
  for (const waitMs of RETRY_WAITS_MS) {
    try {
      return await reader.ping(signal);
    } catch (error) {
      if (!isNetworkFailure(error)) throw unlessOutOfTime(signal, error);
      await sleep(waitMs);
    }
  }
  try {
    await reader.ping(signal);
  } catch (error) {
    throw unlessOutOfTime(signal, error);
  }
}

/** A ping that ran out of its time is a server that does not answer. */
function unlessOutOfTime(signal: AbortSignal, error: unknown): unknown {
  if (!signal.aborted) return error;
  return new AnalyticsStoreError('network', 'the server did not answer in time', { cause: error });
}

function isNetworkFailure(error: unknown): boolean {
  return error instanceof AnalyticsStoreError && error.failure === 'network';
}

async function throughBreaker<T>(breaker: CircuitBreaker, work: () => Promise<T>): Promise<T> {
  try {
    return await breaker.run(work);
  } catch (error) {
    if (!(error instanceof CircuitOpenError)) throw error;
    throw new AnalyticsStoreError('network', error.message, { cause: error });
  }
}
