// Vaults for tests: the service on a store in memory, and the same behind HTTP with a token.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ServerConfig } from '../../src/config/server-config.ts';
import { type Clock, systemClock } from '../../src/lib/clock.ts';
import type { Logger } from '../../src/lib/logger.ts';
import { type Metrics, silentMetrics } from '../../src/lib/metrics.ts';
import { randomIds } from '../../src/lib/uid.ts';
import { generateMasterKey, readMasterKeys } from '../../src/vault/master-keys.ts';
import { vaultRequestListener } from '../../src/vault/request-listener.ts';
import { createMemoryStore } from '../../src/vault/storage/memory-store.ts';
import type { ObjectStore } from '../../src/vault/storage/object-store.ts';
import { createVaultService, type VaultService } from '../../src/vault/vault-service.ts';
import { markedSecret, secretWatch } from './secret-watch.ts';
import { watchedLog } from './watched-log.ts';

export const VAULT_TOKEN = markedSecret('test-vault-token');

/** The configuration of a Vault in the process of the API, which keeps everything in memory. */
export const EMBEDDED_VAULT: ServerConfig['vault'] = {
  url: 'embedded:',
  token: '',
  embedded: { masterKey: undefined, previousMasterKey: undefined, storage: undefined },
};

/** A master key, as the configuration takes it. */
export function newMasterKey(): string {
  const masterKey = generateMasterKey({ clock: systemClock, ids: randomIds });
  secretWatch.keep('a master key', masterKey);
  return masterKey;
}

export interface TestServiceOptions {
  readonly store?: ObjectStore;
  readonly masterKey?: string;
  readonly previousMasterKey?: string;
  readonly clock?: Clock;
  readonly metrics?: Metrics;
}

/** The service on a store in memory, unless said otherwise. */
export function testVaultService(options: TestServiceOptions = {}): VaultService {
  return createVaultService({
    store: options.store ?? createMemoryStore(),
    masterKeys: readMasterKeys(options.masterKey ?? newMasterKey(), options.previousMasterKey),
    clock: options.clock ?? systemClock,
    ids: randomIds,
    metrics: options.metrics ?? silentMetrics,
    log: watchedLog(),
  });
}

export interface ServedVault {
  readonly url: string;
  /** Authorization and path of the calls so far, in order. */
  readonly calls: { readonly path: string; readonly headers: Readonly<Record<string, unknown>> }[];
  /** While true, calls get no answer. */
  hanging: boolean;
  /** Refuses connections from here on, or listens again at the same address. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

/** A Vault on a free port of this machine. */
export async function serveTestVault(
  options: TestServiceOptions & { readonly log?: Logger; readonly service?: VaultService } = {},
): Promise<ServedVault> {
  const service = options.service ?? testVaultService(options);
  const serve = vaultRequestListener({
    service,
    bearerToken: VAULT_TOKEN,
    probe: async () => ({ httpStatus: 200, body: { status: 'ok' } }),
    metrics: options.metrics ?? silentMetrics,
    log: watchedLog(options.log),
  });
  const calls: ServedVault['calls'] = [];
  const server = createServer((request, response) => {
    calls.push({ path: request.url ?? '', headers: request.headers });
    if (!served.hanging) serve(request, response);
  });
  const listen = (port: number): Promise<void> =>
    new Promise((resolve) => server.listen(port, '127.0.0.1', () => resolve()));
  await listen(0);
  const { port } = server.address() as AddressInfo;
  const served: ServedVault = {
    url: `http://127.0.0.1:${port}`,
    calls,
    hanging: false,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
    start: () => listen(port),
  };
  return served;
}
