// `unkey doctor --bundle`: what is in the file, and what is not.
import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePort } from '../support/servers-local.ts';
import { runUnkey, startDev } from '../support/unkey-process.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'unkey-bundle-'));
});
afterAll(() => rm(folder, { recursive: true }));

const marked = (name: string): string => `marked-S3cret/of#${name}`;
/** Places in which a configuration holds a secret. */
const SECRETS = ['database', 'replica', 'redis', 'clickhouse', 'vault', 'control', 'restate', 'jwt', 'pprof'];
const inUrl = (name: string): string => encodeURIComponent(marked(name));

async function unpacked(path: string): Promise<Map<string, string>> {
  const list = (...args: string[]): string => execFileSync('tar', args, { encoding: 'utf8' });
  const names = list('-tzf', path).trim().split('\n');
  return new Map(names.map((name) => [name, list('-xzOf', path, name)]));
}

it('has results, version, settings and metrics of a running server', async () => {
  const port = await freePort();
  const env = { UNKEY_OBSERVABILITY_METRICS_PROMETHEUS_PORT: String(port) };
  const dev = await startDev([], { env });
  const path = join(folder, 'running.tar.gz');
  const { code, stdout, stderr } = await runUnkey(['doctor', '--only', 'host', '--json', '--bundle', path], {
    env,
  });
  await dev.process.end('SIGTERM');
  expect(code).toBe(0);
  expect(stderr).toContain(`written to ${path}`);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  const files = await unpacked(path);
  expect([...files.keys()]).toEqual(
    ['doctor.json', 'version.json', 'config.toml', 'metrics.txt'].map((name) => `unkey-doctor/${name}`),
  );
  expect(JSON.parse(files.get('unkey-doctor/doctor.json') ?? '')).toEqual(JSON.parse(stdout));
  expect(JSON.parse(files.get('unkey-doctor/version.json') ?? '')).toMatchObject({ apiLevel: 'v2' });
  expect(files.get('unkey-doctor/config.toml')).toContain(`prometheus_port = ${port}`);
  expect(files.get('unkey-doctor/metrics.txt')).toContain('unkey_build_info{service="api"');
});

it('holds no secret, whatever does not answer', async () => {
  const config = join(folder, 'unkey.toml');
  const port = await freePort();
  const nowhere = `127.0.0.1:${port}`;
  await writeFile(
    config,
    `redis_url = "redis://:${inUrl('redis')}@${nowhere}/0"
[database]
primary = "unkey:${marked('database')}@tcp(${nowhere})/unkey?parseTime=true"
readonly_replica = "mysql://unkey:${inUrl('replica')}@${nowhere}/unkey"
[clickhouse]
url = "http://unkey:${inUrl('clickhouse')}@${nowhere}/default"
[vault]
url = "http://${nowhere}"
token = "${marked('vault')}"
[control]
url = "http://${nowhere}"
token = "${marked('control')}"
[restate]
url = "http://${nowhere}"
api_key = "${marked('restate')}"
[pprof]
username = "ops"
password = "${marked('pprof')}"
[observability.metrics]
prometheus_port = ${port}
[[auth]]
type = "jwt"
issuer = "https://issuer.test"
secrets = ["${marked('jwt')}-which-is-long-enough-for-it"]
[[auth]]
type = "root_key"
`,
  );
  const path = join(folder, 'away.tar.gz');
  const { code, stdout, stderr } = await runUnkey([
    'doctor',
    '--config',
    config,
    '--timeout',
    '2s',
    '--bundle',
    path,
  ]);
  expect(code).toBe(8);
  const files = await unpacked(path);
  expect(files.get('unkey-doctor/metrics.txt')).toMatch(/^# not scraped: .*ECONNREFUSED/);
  expect(files.get('unkey-doctor/config.toml')).toContain('unkey:***@tcp');
  const everything = `${gunzipSync(await readFile(path))}${stdout}${stderr}`;
  for (const name of SECRETS) {
    expect(everything).not.toContain(marked(name));
    expect(everything).not.toContain(inUrl(name));
  }
  expect(everything).not.toContain('S3cret');
});

it('is written for a configuration that is not valid, too', async () => {
  const path = join(folder, 'invalid.tar.gz');
  const { code } = await runUnkey([
    'doctor',
    '--config',
    'http_port = "x"',
    '--only',
    'config',
    '--bundle',
    path,
  ]);
  expect(code).toBe(3);
  expect((await unpacked(path)).get('unkey-doctor/config.toml')).toMatch(/^# not valid:\n# http_port: /);
});

it('ends with 1 where it cannot be written', async () => {
  const path = join(folder, 'unkey.toml', 'bundle.tar.gz');
  const { code, stderr } = await runUnkey(['doctor', '--only', 'host', '--bundle', path]);
  expect(code).toBe(1);
  expect(stderr).toContain('output file cannot be written');
});
