// A Vault that hangs costs a request no more than its own time.

import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../src/lib/clock.ts';
import { silentLogger } from '../../src/lib/logger.ts';
import { silentMetrics } from '../../src/lib/metrics.ts';
import { sealKey } from '../../src/services/keys/key-vault.ts';
import { createRemoteVault, type RemoteVault } from '../../src/services/vault/remote-vault.ts';
import { type ServedVault, serveTestVault, VAULT_TOKEN } from '../support/vault.ts';
import { nameOperation, startServer, type TestServer } from './pipeline-harness.ts';

const PATH = '/v2/apis.createApi';
const DEADLINE_MS = 200;

let served: ServedVault;
let vault: RemoteVault;
let api: TestServer;

beforeEach(async () => {
  served = await serveTestVault();
  vault = createRemoteVault({
    url: served.url,
    token: VAULT_TOKEN,
    clock: systemClock,
    metrics: silentMetrics,
    log: silentLogger,
  });
  const keyspace = {
    id: 'ks_1',
    storeEncryptedKeys: true,
    defaultPrefix: null,
    defaultBytes: null,
  };
  api = await startServer({
    deadlineMs: DEADLINE_MS,
    operations: [
      nameOperation(async () => {
        await sealKey(vault, { workspaceId: 'ws_1', keyspace, key: 'sk_1' });
        throw new Error('the Vault answered');
      }),
    ],
  });
});
afterEach(async () => {
  await api?.server.stop(1_000);
  vault?.close();
  await served?.stop();
});

test('making a recoverable key answers 408 when the request runs out of time', async () => {
  served.hanging = true;
  const response = await api.post(PATH);
  expect(response.status).toBe(408);
  expect(await response.json()).toMatchObject({
    error: { type: expect.stringContaining('user/bad_request/request_timeout') },
  });
  const left = Number(served.calls[0]?.headers['connect-timeout-ms']);
  expect(left).toBeGreaterThan(0);
  expect(left).toBeLessThanOrEqual(DEADLINE_MS);
});
