import { expect, test } from 'vitest';
import { loadServerConfig } from '../../../src/config/load.ts';
import { loadControlConfig } from '../../../src/config/load-control.ts';
import { ConfigError } from '../../../src/config/problems.ts';

const MINIMAL = `bearer_token = "t"
[database]
primary = "sqlite:x.db"`;

const load = (configArgument: string, env: Record<string, string> = {}) =>
  loadControlConfig({ env, cwd: '/', configArgument });

function problemsOf(work: () => unknown): string[] {
  try {
    work();
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(({ path, what }) => `${path}: ${what}`);
    throw error;
  }
  throw new Error('the configuration was accepted');
}

test('the smallest file gives the documented defaults', () => {
  const { config, warnings } = load(MINIMAL);
  expect(warnings).toEqual([]);
  expect(config).toEqual({
    instanceId: expect.stringMatching(/^ins_/),
    httpPort: 7091,
    region: 'unknown',
    bearerToken: 't',
    database: { primary: 'sqlite:x.db' },
    vault: undefined,
    github: undefined,
    runner: undefined,
    domain: undefined,
    regions: [],
    requirePlan: false,
    logging: { level: 'info', format: 'json' },
    metricsPort: 0,
    server: { host: '0.0.0.0', startupTimeoutMs: 60_000, drainDelayMs: 5_000, drainTimeoutMs: 30_000 },
  });
});

test('everything can be set', () => {
  const { config } = load(
    `domain = "apps.test"
regions = ["eu", "us"]
require_plan = true
${MINIMAL}
[runner]
command = ["run", "--fast"]
timeout = "90s"
[vault]
url = "http://vault:8060"
[github]
app_name = "shop-app"
app_id = 42`,
    { UNKEY_VAULT_TOKEN: 'v', UNKEY_GITHUB_PRIVATE_KEY_PEM: 'pem' },
  );
  expect(config).toMatchObject({
    runner: { command: ['run', '--fast'], timeoutMs: 90_000 },
    github: { appName: 'shop-app', appId: 42, privateKeyPem: 'pem' },
    domain: 'apps.test',
    regions: ['eu', 'us'],
    requirePlan: true,
    vault: { url: 'http://vault:8060', token: 'v' },
  });
});

test('what is missing or wrong is told at once, without secrets', () => {
  expect(problemsOf(() => load('domain = "No Domain"'))).toEqual([
    expect.stringMatching(/^domain: must be a domain/),
    expect.stringMatching(/^bearer_token: is required/),
    expect.stringMatching(/^database.primary: is required/),
  ]);
  expect(problemsOf(() => load(MINIMAL.replace('"t"', '"dev-only-t"')))).toEqual([
    expect.stringMatching(/^bearer_token: is a secret made for 'unkey dev'/),
  ]);
});

test('a vault without a token is told', () => {
  const { warnings } = load(`${MINIMAL}\n[vault]\nurl = "http://vault:8060"`);
  expect(warnings).toEqual([expect.stringMatching(/^vault.token: is not set/)]);
});

test('the embedded control plane has the same settings, under control., and needs no token', () => {
  const { config } = loadServerConfig({
    profile: 'tool',
    env: {},
    cwd: '/',
    configArgument: `[control]
url = "embedded:"
domain = "apps.test"
regions = ["eu"]
[control.runner]
command = ["run"]
[restate]
url = "embedded:"`,
  });
  expect(config.embeddedControl).toEqual({
    runner: { command: ['run'], timeoutMs: 1_800_000 },
    domain: 'apps.test',
    regions: ['eu'],
    requirePlan: false,
  });
});

test('`unkey dev` has one unless something else is configured', () => {
  const dev = (configArgument: string) =>
    loadServerConfig({ profile: 'dev', env: {}, cwd: '/', configArgument }).config;
  expect(dev('region = "x"').embeddedControl).toMatchObject({ runner: undefined, regions: ['local'] });
  const remote = dev(
    '[control]\nurl = "http://c:1"\ntoken = "t"\n[restate]\nurl = "http://r:1"\napi_key = "k"',
  );
  expect(remote.embeddedControl).toBeUndefined();
});
