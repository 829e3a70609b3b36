import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'smol-toml';
import { afterAll, describe, expect, it } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { runCli } from '../../../src/commands/cli/run.ts';
import { loadServerConfig } from '../../../src/config/load.ts';
import { memoryIo } from '../../support/cli-io.ts';

const directory = mkdtempSync(join(tmpdir(), 'unkey-config-'));
afterAll(() => rmSync(directory, { recursive: true }));

async function run(argv: string[], options: { file?: string; env?: Record<string, string> } = {}) {
  writeFileSync(join(directory, 'unkey.toml'), options.file ?? '');
  const io = memoryIo({ cwd: directory, env: options.env ?? {} });
  const code = await runCli(argv, io);
  return { code, out: io.out(), err: io.err() };
}

const SECRETS = `
redis_url = "redis://:s3cret@redis:6379"
[database]
primary = "u:s3cret@tcp(db:3306)/unkey"
[clickhouse]
url = "http://u:s3cret@ch:8123/?password=s3cret"
[vault]
url = "http://vault:8060"
token = "s3cret"
[github]
app_name = "app"
private_key_pem = "s3cret"
[observability.tracing]
[[auth]]
type = "jwt"
issuer = "i"
secrets = ["s3cret-s3cret-s3cret-s3cret-s3cret"]
`;

describe('config print', () => {
  it('shows connection strings without passwords, and no secret anywhere', async () => {
    for (const flags of [
      [],
      ['--origin'],
      ['--json'],
      ['--json', '--origin'],
      ['--output', 'yaml'],
      ['--verbose'],
    ]) {
      const { code, out, err } = await run(['config', 'print', ...flags], { file: SECRETS });
      expect(code).toBe(0);
      expect(out).toContain('u:***@tcp(db:3306)/unkey');
      expect(out + err).not.toContain('s3cret');
    }
  });

  it('is a file that loads to the same settings once secrets are put back', async () => {
    const file = `region = "pa$$is"\n${SECRETS}`;
    const { out } = await run(['config', 'print'], { file });
    // Every secret of this file is the same word, except that a JWT secret has to be longer.
    const restored = out
      .replaceAll('"***"', '"s3cret-s3cret-s3cret-s3cret-s3cret"')
      .replaceAll('***', 's3cret');
    const load = (configArgument: string) =>
      loadServerConfig({
        profile: 'tool',
        env: {},
        cwd: directory,
        configArgument,
        generateInstanceId: () => 'ins_1',
      });
    const long = file.replaceAll('= "s3cret"', '= "s3cret-s3cret-s3cret-s3cret-s3cret"');
    expect(load(restored).config).toEqual(load(long).config);
  });

  it('names the origin of each value', async () => {
    const origin = async (argv: string[], env = {}) => {
      const { out } = await run(['config', 'print', '--origin', '--json', ...argv], {
        file: 'http_port = 1',
        env,
      });
      return (JSON.parse(out) as Record<string, unknown>).http_port;
    };
    expect(await origin(['--http-port', '3'], { UNKEY_HTTP_PORT: '2' })).toEqual({
      value: 3,
      origin: 'flag',
    });
    expect(await origin([], { UNKEY_HTTP_PORT: '2' })).toEqual({ value: 2, origin: 'env UNKEY_HTTP_PORT' });
    expect(await origin([])).toEqual({ value: 1, origin: 'unkey.toml:1' });
    const { out } = await run(['config', 'print', '--origin'], { file: 'http_port = 1' });
    expect(out).toContain('http_port = 1  # unkey.toml:1');
    expect(out).toContain('[jobs]\nenabled = true  # default');
  });

  it('prints the same settings as TOML, JSON and YAML', async () => {
    const toml = parse((await run(['config', 'print'], { file: SECRETS })).out);
    const json: unknown = JSON.parse((await run(['config', 'print', '--json'], { file: SECRETS })).out);
    const yaml: unknown = parseYaml(
      (await run(['config', 'print', '--output', 'yaml'], { file: SECRETS })).out,
    );
    expect(JSON.parse(JSON.stringify(toml))).toEqual(json);
    expect(yaml).toEqual(json);
  });
});

describe('config validate', () => {
  it('lists a typing error and a missing key in one run', async () => {
    const file = 'redis_ulr = "redis://x"\n[database]\nprimary = "sqlite:/d"\n[[auth]]\ntype = "root_key"';
    const { code, out, err } = await run(['config', 'validate'], { file });
    expect([code, out]).toEqual([3, '']);
    expect(err).toContain('redis_url: is required');
    expect(err).toContain('redis_ulr: unknown key; did you mean redis_url? (unkey.toml:1)');
  });

  it('reports a configuration that is wrong as one document in JSON mode', async () => {
    const { code, out } = await run(['config', 'validate', '--json']);
    expect(code).toBe(3);
    expect(JSON.parse(out)).toMatchObject({ error: { code: 'config_invalid' } });
  });

  it('accepts a valid one', async () => {
    expect(await run(['config', 'validate'], { file: SECRETS })).toEqual({
      code: 0,
      out: 'the configuration is valid\n',
      err: '',
    });
  });

  it('names both of a variable and its file', async () => {
    const env = { UNKEY_REDIS_URL: 'a', UNKEY_REDIS_URL_FILE: '/f' };
    const { code, err } = await run(['config', 'validate'], { env });
    expect(code).toBe(3);
    expect(err).toContain('UNKEY_REDIS_URL and UNKEY_REDIS_URL_FILE');
  });

  it('refuses a malformed flag as a mistake on the command line', async () => {
    expect((await run(['config', 'validate', '--http-port', '70000'])).code).toBe(2);
  });
});

describe('config schema', () => {
  it('is JSON Schema 2020-12', async () => {
    const { out } = await run(['config', 'schema']);
    expect(JSON.parse(out)).toMatchObject({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      properties: { http_port: { type: 'integer', default: 7070 } },
    });
  });
});
