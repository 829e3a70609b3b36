import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadVaultConfig } from '../../../src/config/load-vault.ts';
import { ConfigError } from '../../../src/config/problems.ts';

const MINIMAL = `bearer_token = "t"
[encryption]
master_key = "m"
[storage.disk]
path = "/data"`;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'unkey-config-'));
});
afterEach(() => rm(folder, { recursive: true }));

const load = (configArgument: string, options: Partial<Parameters<typeof loadVaultConfig>[0]> = {}) =>
  loadVaultConfig({ env: {}, cwd: folder, configArgument, purpose: 'serve', ...options });

function problemsOf(work: () => unknown): string[] {
  try {
    work();
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(({ path, what }) => `${path}: ${what}`);
    throw error;
  }
  throw new Error('the configuration was accepted');
}

test('what only the API can do is named as without effect', () => {
  const { warnings } = load(`${MINIMAL}
[observability.tracing]
sample_rate = 0.5
[observability.logging]
level = "debug"
slow_threshold = "2s"`);
  expect(warnings).toEqual([
    expect.stringMatching(/^observability\.tracing\.sample_rate: has no effect here/),
    expect.stringMatching(/^observability\.logging\.slow_threshold: has no effect here/),
  ]);
});

test('the smallest file gives the documented defaults', () => {
  const { config, warnings } = load(MINIMAL);
  expect(warnings).toEqual([]);
  expect(config).toEqual({
    instanceId: expect.stringMatching(/^ins_/),
    httpPort: 8060,
    region: 'unknown',
    bearerToken: 't',
    masterKey: 'm',
    previousMasterKey: undefined,
    storage: { kind: 'disk', path: '/data' },
    logging: { level: 'info', format: 'json' },
    metricsPort: 0,
    server: { host: '0.0.0.0', startupTimeoutMs: 60_000, drainDelayMs: 5_000, drainTimeoutMs: 30_000 },
  });
});

test('flags win over the environment, which wins over the file; secrets come from files', () => {
  writeFileSync(join(folder, 'key'), 'from-file\n');
  const { config } = load(`${MINIMAL}\n[observability.logging]\nlevel = "warn"`, {
    env: {
      UNKEY_HTTP_PORT: '9001',
      UNKEY_REGION: 'eu',
      UNKEY_ENCRYPTION_MASTER_KEY_FILE: join(folder, 'key'),
      UNKEY_LOG_LEVEL: 'error',
    },
    flags: { http_port: { flag: '--http-port', value: 9002 } },
  });
  expect(config).toMatchObject({
    httpPort: 9002,
    region: 'eu',
    masterKey: 'from-file',
    logging: { level: 'error' },
  });
});

test('a bucket is a storage', () => {
  const s3 = 'url = "http://s3"\nbucket = "b"\naccess_key_id = "i"\naccess_key_secret = "s"';
  const file = MINIMAL.replace('[storage.disk]\npath = "/data"', `[storage.s3]\n${s3}`);
  expect(load(file).config.storage).toEqual({
    kind: 's3',
    url: 'http://s3',
    bucket: 'b',
    accessKeyId: 'i',
    accessKeySecret: 's',
  });
});

describe('refuses', () => {
  test('a file without anything, at once', () => {
    expect(problemsOf(() => load('region = "x"')).map((line) => line.split(':')[0])).toEqual([
      'bearer_token',
      'encryption.master_key',
      'storage',
    ]);
  });

  test('two storages, half a bucket, and a port that is none', () => {
    const problems = problemsOf(() => load(`http_port = 0\n${MINIMAL}\n[storage.s3]\nbucket = "b"`));
    expect(problems).toContain('storage: takes disk or s3, not both');
    expect(problems).toContain('storage.s3.url: is required with storage.s3');
    expect(problems.find((line) => line.startsWith('http_port:'))).toContain('from 1 to 65535');
  });

  test('secrets made for unkey dev', () => {
    const problems = problemsOf(() => load(MINIMAL.replace('"m"', '"dev-only-m"')));
    expect(problems).toEqual([expect.stringMatching(/^encryption\.master_key: .*unkey dev/)]);
  });

  test('unknown keys where the caller is strict; elsewhere they are warned about', () => {
    const file = MINIMAL.replace('bearer_token', 'bearer_tokn = "x"\nbearer_token');
    expect(load(file).warnings).toEqual([expect.stringContaining('did you mean bearer_token?')]);
    expect(problemsOf(() => load(file, { strict: true }))).toHaveLength(1);
  });
});

test('looking after the storage needs no token', () => {
  const { config } = load(MINIMAL.replace('bearer_token = "t"\n', ''), { purpose: 'maintain' });
  expect(config.masterKey).toBe('m');
});
