// The executable from outside: streams, exit codes, and the tools that look at a running installation.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { startUnkey } from '../support/unkey-process.ts';

const LAUNCHER = fileURLToPath(new URL('../../bin/unkey', import.meta.url));
const directory = mkdtempSync(join(tmpdir(), 'unkey-cli-'));
afterAll(() => rmSync(directory, { recursive: true }));

const run = (args: string[], env: Record<string, string> = {}) =>
  startUnkey(args, { cwd: directory, env }).ended;

/** An HTTP server that answers as told, for as long as `use` takes. */
async function withServer<T>(answer: RequestListener, use: (url: string) => Promise<T>): Promise<T> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    return await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

describe('the executable', () => {
  it('prints its bare version', async () => {
    const { code, stdout, stderr } = await run(['-v']);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\S*\n$/);
  });

  it('offers the command that was meant', async () => {
    const { code, stdout, stderr } = await run(['rootkey', 'list']);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain("did you mean 'root-key'?");
  });

  it('describes its build for scripts', async () => {
    const { stdout } = await run(['version', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      apiLevel: 'v2',
      runtime: `node ${process.versions.node}`,
      schemaVersions: { sql: expect.stringMatching(/^\d{14}$/) },
    });
  });

  it('shows help without loading what commands need only when they run', () => {
    const script = `
      import { createRequire } from 'node:module';
      import { runCli } from '${new URL('../../src/commands/cli/run.ts', import.meta.url).href}';
      import { processIo } from '${new URL('../../src/commands/cli/io.ts', import.meta.url).href}';
      const code = await runCli(['--help'], { ...processIo(), stdout: { write: () => undefined } });
      const loaded = Object.keys(createRequire(import.meta.url).cache).flatMap(
        (path) => /node_modules\\/((?:@[^/]+\\/)?[^/]+)/.exec(path)?.[1] ?? [],
      );
      console.log(JSON.stringify({ code, loaded: [...new Set(loaded)] }));
    `;
    const out = execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
    const { code, loaded } = JSON.parse(out) as { code: number; loaded: string[] };
    expect(code).toBe(0);
    const heavy = ['sequelize', 'mysql2', '@hapi/hapi', 'joi', 'ajv', 'ioredis', 'pino', 'yaml', 'umzug'];
    expect(loaded.filter((name) => heavy.includes(name))).toEqual([]);
  });

  it('ends quietly with 0 when its reader has gone', () => {
    const script = `"${process.execPath}" "${LAUNCHER}" config schema | true; echo "\${PIPESTATUS[0]}"`;
    const out = execFileSync('bash', ['-c', script], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
    expect(out.trim()).toBe('0');
  });
});

describe('healthcheck', () => {
  it('ends with 0 on 200 and with 1 on anything else', async () => {
    await withServer(
      (request, response) => {
        response.statusCode = request.url === '/health/ready' ? 200 : 503;
        response.end();
      },
      async (url) => {
        expect(await run(['healthcheck', `${url}/health/ready`])).toMatchObject({ code: 0 });
        expect(await run(['healthcheck', `${url}/other`])).toMatchObject({ code: 1, stdout: '' });
        const port = new URL(url).port;
        expect(await run(['healthcheck', '--quiet'], { UNKEY_HTTP_PORT: port })).toMatchObject({
          code: 0,
          stdout: '',
          stderr: '',
        });
      },
    );
  });

  it('ends with 1 when nobody listens, nobody answers, or the line is wrong', async () => {
    expect((await run(['healthcheck', 'http://127.0.0.1:1/'])).code).toBe(1);
    expect((await run(['healthcheck', '--bogus'])).code).toBe(1);
    expect((await run(['healthcheck', 'nonsense'])).code).toBe(1);
    await withServer(
      () => undefined,
      async (url) => {
        const { code, stderr } = await run(['healthcheck', url, '--timeout', '100ms']);
        expect([code, stderr]).toEqual([1, expect.stringContaining('did not answer within 100 ms')]);
      },
    );
  });
});

describe('doctor', () => {
  const SECRET = 's3cret';
  const unreachable = `
redis_url = "redis://:${SECRET}@127.0.0.1:1"
[database]
primary = "u:${SECRET}@tcp(127.0.0.1:1)/unkey"
readonly_replica = "u:${SECRET}@tcp(no-such-host.invalid:3306)/unkey"
[clickhouse]
url = "http://u:${SECRET}@127.0.0.1:1"
[vault]
url = "http://127.0.0.1:1"
token = "${SECRET}"
[control]
url = "http://127.0.0.1:1"
token = "${SECRET}"
[tls]
cert_file = "none.crt"
key_file = "none.key"
[[auth]]
type = "root_key"
`;
  interface Report {
    readonly status: string;
    readonly checks: readonly {
      id: string;
      status: string;
      latencyMs: number | null;
      detail: string;
      remedy?: string;
    }[];
  }

  it('runs to its end with nothing reachable, and shows no secret', async () => {
    writeFileSync(join(directory, 'unreachable.toml'), unreachable);
    const { code, stdout, stderr } = await run([
      'doctor',
      '--config',
      'unreachable.toml',
      '--json',
      '--verbose',
    ]);
    const report = JSON.parse(stdout) as Report;
    const statuses = Object.fromEntries(report.checks.map((check) => [check.id, check.status]));
    expect(code).toBe(8);
    expect(statuses).toMatchObject({
      config: 'ok',
      'mysql.connect': 'fail',
      'mysql.migrations': 'skipped',
      'mysql.replica.connect': 'fail',
      'redis.connect': 'fail',
      'redis.latency': 'skipped',
      'clickhouse.connect': 'fail',
      'clickhouse.version': 'skipped',
      'vault.connect': 'fail',
      'control.connect': 'fail',
      'tls.certificate': 'fail',
      root: 'skipped',
      server: 'skipped',
    });
    expect(report.checks.map(({ id }) => id)).toEqual(report.checks.map(({ id }) => id).toSorted());
    const silent = report.checks.filter(({ status, remedy }) => /warn|fail/.test(status) && !remedy);
    expect(silent).toEqual([]);
    expect(stdout + stderr).not.toContain(SECRET);
  });

  it('has no colour off a terminal', async () => {
    const { stdout, stderr } = await run(['doctor', '--only', 'host,config']);
    expect(stdout + stderr).not.toContain('\u001b');
    expect(stdout).toContain('host');
  });

  it('ends with 3 when only the configuration is wrong, and still looks at the rest', async () => {
    const { code, stdout } = await run(['check', '--json'], { UNKEY_REDIS_URL: 'nonsense' });
    const { checks } = JSON.parse(stdout) as Report;
    expect(code).toBe(3);
    expect(checks.find(({ id }) => id === 'config')?.detail).toContain('redis_url');
    expect(checks.find(({ id }) => id === 'host')?.status).not.toBe('skipped');
  });

  it('asks a running server', async () => {
    await withServer(
      (request, response) => {
        response.statusCode = request.url === '/health/ready' ? 503 : 200;
        response.end();
      },
      async (url) => {
        const { code, stdout } = await run(['doctor', '--only', 'server', '--api-url', url]);
        expect([code, stdout]).toEqual([8, expect.stringContaining('/health/ready answered 503')]);
      },
    );
  });

  it('ends with 2 for a check that does not exist', async () => {
    const { code, stderr } = await run(['doctor', '--only', 'redis.conect']);
    expect([code, stderr]).toEqual([2, expect.stringContaining("did you mean 'redis.connect'?")]);
  });
});
