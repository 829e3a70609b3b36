// `unkey vault` as its users run it: the server as a process of its own beside an API, the tools around it, and the vault of
// `unkey dev`.
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Unkey } from '@unkey/api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { markedSecret } from '../support/secret-watch.ts';
import { freePort } from '../support/servers-local.ts';
import {
  type DevServer,
  runUnkey,
  startDev,
  startUnkey,
  type UnkeyProcess,
  untilStarted,
} from '../support/unkey-process.ts';

const TOKEN = markedSecret('a-token-of-the-vault');

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'unkey-vault-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function masterKey(): Promise<string> {
  const { code, stdout } = await runUnkey(['vault', 'generate-master-key']);
  expect(code).toBe(0);
  return stdout.trim();
}

interface VaultFile {
  readonly path: string;
  readonly port: number;
  readonly url: string;
}

async function vaultFile(
  name: string,
  keys: { current: string; previous?: string; port?: number },
): Promise<VaultFile> {
  const path = join(folder, `${name}.toml`);
  const port = keys.port ?? (await freePort());
  await writeFile(
    path,
    `http_port = ${port}
bearer_token = "${TOKEN}"
[server]
host = "127.0.0.1"
drain_delay = "0s"
startup_timeout = "1s"
[encryption]
master_key = "${keys.current}"
${keys.previous === undefined ? '' : `previous_master_key = "${keys.previous}"`}
[storage.disk]
path = "${join(folder, 'objects')}"
`,
  );
  return { path, port, url: `http://127.0.0.1:${port}` };
}

async function startVault({ path, url }: VaultFile): Promise<UnkeyProcess> {
  const started = startUnkey(['vault', 'serve', '--config', path]);
  await untilStarted(started, url);
  return started;
}

const sdk = ({ url, rootKey }: DevServer): Unkey =>
  new Unkey({ serverURL: url, rootKey, retryConfig: { strategy: 'none' } });

/** No operation switches the keeping of ciphertexts on. */
function keepCiphertexts(dataDirectory: string): void {
  const db = new DatabaseSync(join(dataDirectory, 'unkey.db'));
  db.exec('UPDATE key_auth SET store_encrypted_keys = 1');
  db.close();
}

describe('an API with `unkey vault serve` beside it', () => {
  let vault: UnkeyProcess;
  let file: VaultFile;
  let api: DevServer;
  let dataDirectory: string;
  let old: string;

  beforeAll(async () => {
    old = await masterKey();
    file = await vaultFile('first', { current: old });
    vault = await startVault(file);
    dataDirectory = join(folder, 'served-data');
    api = await startDev(['--data-dir', dataDirectory], {
      env: { UNKEY_VAULT_URL: file.url, UNKEY_VAULT_TOKEN: TOKEN },
    });
    keepCiphertexts(dataDirectory);
  });
  afterAll(async () => {
    await api?.process.end('SIGTERM');
    await vault?.end('SIGTERM');
  });

  it('creates, reads, lists and rerolls recoverable keys through the SDK', async () => {
    const unkey = sdk(api);
    const { data: created } = await unkey.keys.createKey({ apiId: api.apiId, recoverable: true });
    const read = await unkey.keys.getKey({ keyId: created.keyId, decrypt: true });
    expect(read.data.plaintext).toBe(created.key);
    const rerolled = await unkey.keys.rerollKey({ keyId: created.keyId, expiration: 0 });
    const { result } = await unkey.apis.listKeys({ apiId: api.apiId, decrypt: true });
    const texts = new Map(result.data.map(({ keyId, plaintext }) => [keyId, plaintext]));
    expect(texts.get(created.keyId)).toBe(created.key);
    expect(texts.get(rerolled.data.keyId)).toBe(rerolled.data.key);
  });

  it('rolls its master key without losing a key, and without a stop of the API', async () => {
    const unkey = sdk(api);
    const { data: created } = await unkey.keys.createKey({ apiId: api.apiId, recoverable: true });
    const current = await masterKey();
    const both = await vaultFile('both', { current, previous: old, port: file.port });
    await vault.end('SIGTERM');
    vault = await startVault(both);

    const rehearsal = await runUnkey(['vault', 'rewrap', '--config', both.path, '--dry-run', '--json']);
    const planned = JSON.parse(rehearsal.stdout);
    expect(planned).toMatchObject({ current: 0, failed: 0, dryRun: true });
    expect(planned.rewrapped).toBeGreaterThan(0);
    const done = await runUnkey(['vault', 'rotate-kek', '--config', both.path, '--json']);
    expect(done.code).toBe(0);
    expect(JSON.parse(done.stdout)).toMatchObject({ rewrapped: planned.rewrapped, current: 0, failed: 0 });

    await vault.end('SIGTERM');
    vault = await startVault(await vaultFile('last', { current, port: file.port }));
    const read = await unkey.keys.getKey({ keyId: created.keyId, decrypt: true });
    expect(read.data.plaintext).toBe(created.key);
  });

  it('is found well by the doctor, and a wrong token is told apart', async () => {
    const doctor = async (token: string) => {
      const { stdout } = await runUnkey(['doctor', '--only', 'vault', '--json'], {
        env: { UNKEY_VAULT_URL: file.url, UNKEY_VAULT_TOKEN: token },
      });
      return Object.fromEntries(
        JSON.parse(stdout).checks.map(({ id, status, detail }: Record<string, string>) => [
          id,
          [status, detail],
        ]),
      );
    };
    expect(await doctor(TOKEN)).toMatchObject({
      'vault.connect': ['ok', expect.any(String)],
      'vault.roundtrip': ['ok', expect.any(String)],
    });
    expect(await doctor('wrong')).toMatchObject({
      'vault.connect': ['fail', expect.stringContaining('token')],
      'vault.roundtrip': ['skipped', expect.any(String)],
    });
  });

  it('takes a new token on SIGHUP, and keeps the old one when the new configuration is invalid', async () => {
    const renewed = markedSecret('a-renewed-token');
    const config = join(folder, 'last.toml');
    const before = await readFile(config, 'utf8');
    const status = async (token: string) => {
      const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
      const url = `${file.url}/vault.v1.VaultService/EncryptBulk`;
      return (await fetch(url, { method: 'POST', headers, body: '{}' })).status;
    };
    await writeFile(config, before.replace(TOKEN, renewed));
    process.kill(vault.pid, 'SIGHUP');
    await expect.poll(() => vault.stderr()).toContain('SIGHUP: taken: bearer_token');
    expect([await status(renewed), await status(TOKEN)]).toEqual([200, 401]);

    await writeFile(config, before.replace(/master_key = ".*"/, 'master_key = "bm8ga2V5"'));
    process.kill(vault.pid, 'SIGHUP');
    await expect.poll(() => vault.stderr()).toContain('keeping the old one');
    expect([await status(renewed), await status(TOKEN)]).toEqual([200, 401]);
  });

  it('ends with 0 on a signal, and its log holds neither the token nor a master key', async () => {
    const { code, stderr } = await vault.end('SIGTERM');
    expect(code).toBe(0);
    expect(stderr).toContain('vault call');
    for (const secret of [TOKEN, old]) expect(stderr).not.toContain(secret);
  });
});

describe('unkey vault serve refuses to start', () => {
  it('without what it needs, naming all of it', async () => {
    const { code, stderr } = await runUnkey(['vault', 'serve', '--config', 'region = "x"']);
    expect(code).toBe(3);
    for (const path of ['bearer_token', 'encryption.master_key', 'storage']) {
      expect(stderr).toContain(`${path}: is required`);
    }
  });

  it('with a master key that is none, or made for `unkey dev`, without showing it', async () => {
    for (const key of ['bm8ga2V5', 'dev-only-bm8ga2V5']) {
      const file = await vaultFile('bad', { current: key });
      const { code, stderr } = await runUnkey(['vault', 'serve', '--config', file.path]);
      expect(code).toBe(3);
      expect(stderr).toContain('encryption.master_key');
      expect(stderr).not.toContain(key);
    }
  });

  it('on a port that is taken', async () => {
    const file = await vaultFile('taken', { current: await masterKey() });
    const first = await startVault(file);
    const { code, stderr } = await runUnkey(['vault', 'serve', '--config', file.path]);
    expect(code).toBe(1);
    expect(stderr).toContain(String(file.port));
    await first.end('SIGTERM');
  });

  it('on a storage that cannot be used, with 8', async () => {
    const file = await vaultFile('unusable', { current: await masterKey() });
    const text = await readFile(file.path, 'utf8');
    await writeFile(file.path, text.replace(join(folder, 'objects'), `${file.path}/objects`));
    const { code, stderr } = await runUnkey(['vault', 'serve', '--check', '--config', file.path]);
    expect(code).toBe(8);
    expect(stderr).toContain('storage unreachable');
  });
});

describe('unkey dev', () => {
  it('keeps recoverable keys readable in its data directory, under a key of its own', async () => {
    const dataDirectory = join(folder, 'dev-data');
    let dev = await startDev(['--data-dir', dataDirectory]);
    keepCiphertexts(dataDirectory);
    const { data: created } = await sdk(dev).keys.createKey({ apiId: dev.apiId, recoverable: true });
    await dev.process.end('SIGTERM');

    const keyFile = join(dataDirectory, 'vault-master-key');
    expect((await stat(keyFile)).mode & 0o777).toBe(0o600);
    const kept = (await readFile(keyFile, 'utf8')).trim();
    expect(kept).toMatch(/^dev-only-/);
    const refused = await runUnkey(['config', 'validate'], {
      env: { UNKEY_VAULT_URL: 'embedded:', UNKEY_VAULT_ENCRYPTION_MASTER_KEY: kept },
    });
    expect(refused.code).toBe(3);
    expect(refused.stderr).toContain('vault.encryption.master_key');

    dev = await startDev(['--data-dir', dataDirectory]);
    const { data: read } = await sdk(dev).keys.getKey({ keyId: created.keyId, decrypt: true });
    expect(read.plaintext).toBe(created.key);
    await dev.process.end('SIGTERM');
  });

  it('makes master keys', async () => {
    const line = await runUnkey(['dev', 'generate-master-key']);
    expect(line.stdout).toMatch(/^[A-Za-z0-9+/]+=*\n$/);
    const path = join(folder, 'master-key');
    const written = await runUnkey(['vault', 'generate-master-key', '--output-file', path, '--json']);
    expect(JSON.parse(written.stdout)).toEqual({ outputFile: path });
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    const again = await runUnkey(['vault', 'generate-master-key', '--output-file', path]);
    expect(again.code).toBe(6);
  });
});
