import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { rereading } from '../../../src/commands/runtime/reread-role.ts';
import type { RoleRuntime } from '../../../src/commands/runtime/serve-role.ts';
import { startVaultRuntime } from '../../../src/commands/vault/vault-runtime.ts';
import type { VaultServerConfig } from '../../../src/config/vault-config.ts';
import { silentLogger } from '../../../src/lib/logger.ts';
import { markedSecret } from '../../support/secret-watch.ts';
import { freePort } from '../../support/servers-local.ts';
import { newMasterKey, VAULT_TOKEN } from '../../support/vault.ts';

let folder: string;
let runtime: RoleRuntime | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'unkey-vault-'));
});
afterEach(async () => {
  await runtime?.stop();
  runtime = undefined;
  await rm(folder, { recursive: true });
});

const configOf = (changes: Partial<VaultServerConfig> = {}): VaultServerConfig => ({
  instanceId: 'ins_test',
  httpPort: 0,
  region: 'test',
  bearerToken: VAULT_TOKEN,
  masterKey: newMasterKey(),
  previousMasterKey: undefined,
  storage: { kind: 'disk', path: join(folder, 'vault') },
  logging: { level: 'error', format: 'json' },
  metricsPort: 0,
  server: { host: '127.0.0.1', startupTimeoutMs: 500, drainDelayMs: 0, drainTimeoutMs: 5_000 },
  ...changes,
});

const BUILD = { version: '0.0.0-test', revision: '', buildTime: '' };

const SECRETS = new Set(['bearer_token', 'encryption.master_key', 'encryption.previous_master_key']);
const loadedOf = (config: VaultServerConfig) => ({
  config,
  values: new Map<string, unknown>([
    ['bearer_token', config.bearerToken],
    ['encryption.master_key', config.masterKey],
    ['encryption.previous_master_key', config.previousMasterKey],
    ['region', config.region],
  ]),
});

/** Starts on a configuration; what `reload` then finds instead can be changed. */
async function start(
  changes: Partial<VaultServerConfig> = {},
  found: { next?: VaultServerConfig } = {},
): Promise<RoleRuntime> {
  const { signal } = new AbortController();
  const loaded = loadedOf(configOf(changes));
  const reread = rereading(loaded, SECRETS, async () => loadedOf(found.next ?? loaded.config));
  const { config } = loaded;
  runtime = await startVaultRuntime({ config, reread, build: BUILD, log: silentLogger, signal });
  return runtime;
}

const post = (url: string, body: string | ReadableStream<Uint8Array>): Promise<Response> =>
  fetch(`${url}/vault.v1.VaultService/Encrypt`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${VAULT_TOKEN}` },
    body,
    // A body that is still being written needs this.
    ...(body instanceof ReadableStream ? { duplex: 'half' } : {}),
  });

test('tells of its storage when it is ready', async () => {
  const { url } = await start();
  const ready = await fetch(`${url}/health/ready`);
  expect(ready.status).toBe(200);
  expect(await ready.json()).toEqual({ status: 'ok', checks: { storage: 'ok' } });
  expect((await fetch(`${url}/health/live`)).status).toBe(200);
  runtime?.markFatal();
  expect((await fetch(`${url}/health/live`)).status).toBe(503);
});

test('counts its calls by method, on the port for metrics', async () => {
  const metricsPort = await freePort();
  const { url } = await start({ metricsPort });
  await (await post(url, '{"keyring":"ws_a","data":"x"}')).json();
  const headers = { Authorization: `Bearer ${VAULT_TOKEN}` };
  await (await fetch(`${url}/nowhere`, { headers })).text();
  const text = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
  expect(text).toContain(
    'unkey_http_requests_total{method="POST",path="/vault.v1.VaultService/Encrypt",status="200"} 1',
  );
  expect(text).toContain('unkey_http_requests_total{method="GET",path="unmatched",status="404"} 1');
  expect(text).toMatch(/unkey_build_info\{service="vault",version="0\.0\.0-test"/);
  expect(text).toContain('unkey_cache_size{resource="vault_data_keys"} 1');
});

describe('reloading', () => {
  const status = async (url: string, token: string): Promise<number> => {
    const response = await fetch(`${url}/vault.v1.VaultService/Encrypt`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${token}` },
      body: '{"keyring":"ws_a","data":"x"}',
    });
    await response.text();
    return response.status;
  };

  test('takes a new token and new master keys, and tells of what waits for a restart', async () => {
    const masterKey = newMasterKey();
    const found: { next?: VaultServerConfig } = {};
    const { url, reload } = await start({ masterKey }, found);
    expect(await reload()).toEqual({ taken: [], ignored: [] });
    const [newKey, newToken] = [newMasterKey(), markedSecret('new-token')];
    found.next = configOf({
      masterKey: newKey,
      previousMasterKey: masterKey,
      bearerToken: newToken,
      region: 'elsewhere',
    });
    expect(await reload()).toEqual({ taken: [...SECRETS], ignored: ['region'] });
    expect(await status(url, VAULT_TOKEN)).toBe(401);
    expect(await status(url, newToken)).toBe(200);
    expect(await reload()).toEqual({ taken: [], ignored: ['region'] });
  });

  test('keeps what it has when a master key is none', async () => {
    const masterKey = newMasterKey();
    const found: { next?: VaultServerConfig } = {};
    const { url, reload } = await start({ masterKey }, found);
    found.next = configOf({ masterKey: 'bm8ga2V5', bearerToken: 'another' });
    await expect(reload()).rejects.toThrow('encryption.master_key');
    expect(await status(url, VAULT_TOKEN)).toBe(200);
    expect(await status(url, 'another')).toBe(401);
  });
});

describe('stopping', () => {
  test('lets a call finish that is under way', async () => {
    const { url } = await start();
    const body = new TransformStream<Uint8Array, Uint8Array>();
    const writer = body.writable.getWriter();
    const answering = post(url, body.readable);
    await writer.write(Buffer.from('{"keyring":"ws_a",'));
    await expect.poll(() => runtime?.inflight).toBe(1);
    const stopped = runtime?.stop();
    await writer.write(Buffer.from('"data":"x"}'));
    await writer.close();
    const response = await answering;
    expect(response.status).toBe(200);
    expect(response.headers.get('connection')).toBe('close');
    expect(await response.json()).toHaveProperty('encrypted');
    expect(await stopped).toBe(true);
    await expect(fetch(`${url}/health/live`)).rejects.toThrow();
  });

  test('cuts off what takes longer than the drain time, and says so', async () => {
    const server = { host: '127.0.0.1', startupTimeoutMs: 500, drainDelayMs: 0, drainTimeoutMs: 50 };
    const { url } = await start({ server });
    const body = new TransformStream<Uint8Array, Uint8Array>();
    const writer = body.writable.getWriter();
    const answering = post(url, body.readable);
    const cut = expect(answering).rejects.toThrow();
    await writer.write(Buffer.from('{'));
    await expect.poll(() => runtime?.inflight).toBe(1);
    expect(await runtime?.stop()).toBe(false);
    await cut;
  });
});

test('does not start on a storage that cannot be used', async () => {
  await expect(start({ storage: { kind: 'disk', path: '/dev/null/vault' } })).rejects.toMatchObject({
    exitCode: 8,
    code: 'storage_unreachable',
  });
});

test('does not wait for its storage once it is told to stop', async () => {
  const stop = new AbortController();
  const starting = startVaultRuntime({
    config: configOf({ storage: { kind: 'disk', path: '/dev/null/vault' } }),
    reread: () => Promise.reject(new Error('not asked to')),
    build: BUILD,
    log: silentLogger,
    signal: stop.signal,
  });
  stop.abort(new Error('stopped'));
  await expect(starting).rejects.toThrow('stopped');
});
