// `unkey api serve` as a process: how it starts, refuses to start, and listens to signals.
import { execFileSync } from 'node:child_process';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runUnkey, startUnkey, type UnkeyProcess, untilStarted } from '../support/unkey-process.ts';

let folder: string;
let port: number;
const taken: Server[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'unkey-serve-'));
  const server = await listening();
  port = portOf(server);
  await closed(server);
});
afterEach(async () => {
  await Promise.all(taken.splice(0).map(closed));
  await rm(folder, { recursive: true, force: true });
});

const environment = (more: Readonly<Record<string, string>> = {}) => ({
  UNKEY_AUTH: '[{"type":"root_key"}]',
  UNKEY_REDIS_URL: 'memory:',
  UNKEY_DATABASE_PRIMARY: `sqlite:${join(folder, 'unkey.db')}`,
  UNKEY_SERVER_HOST: '127.0.0.1',
  UNKEY_SERVER_DRAIN_DELAY: '0s',
  UNKEY_HTTP_PORT: String(port),
  ...more,
});
const serveArguments = ['api', 'serve', '--auto-migrate'];
const run = (args: readonly string[], more?: Readonly<Record<string, string>>) =>
  runUnkey([...serveArguments, ...args], { cwd: folder, env: environment(more) });

/** A TCP server that takes connections and says nothing. */
function listening(): Promise<Server> {
  const server = createServer();
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server listens on no port');
  return address.port;
}

const closed = (server: Server) => new Promise<void>((resolve) => server.close(() => resolve()));

async function takenPort(): Promise<number> {
  const server = await listening();
  taken.push(server);
  return portOf(server);
}

/** Writes `<name>.crt` and `<name>.key` for a host of that name. */
function makeCertificate(name: string): void {
  const words = `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=${name}`;
  const files = ['-keyout', join(folder, `${name}.key`), '-out', join(folder, `${name}.crt`)];
  execFileSync('openssl', [...words.split(' '), ...files], { stdio: 'ignore' });
}

function servedName(): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate().subject.CN);
      socket.destroy();
    });
    socket.once('error', reject);
  });
}

async function untilSaid(server: UnkeyProcess, what: string): Promise<void> {
  await expect.poll(server.stderr, { timeout: 20_000, interval: 20 }).toContain(what);
}

describe('a start that fails', () => {
  it('names the port and the setting when the port is taken', async () => {
    const { code, stderr } = await run(['--http-port', String(await takenPort())]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: port unavailable: .*already in use$/m);
    expect(stderr).toContain('http_port');
  });

  it('names the other setting when the port of the metrics is taken', async () => {
    const metricsPort = await takenPort();
    const { code, stderr } = await run(['--metrics-port', String(metricsPort)]);
    expect(code).toBe(1);
    expect(stderr).toContain(String(metricsPort));
    expect(stderr).toContain('observability.metrics.prometheus_port');
  });

  it('ends with 3 for TLS files that are missing or no pair, before it touches the store', async () => {
    const missing = { UNKEY_TLS_CERT_FILE: join(folder, 'a.crt'), UNKEY_TLS_KEY_FILE: join(folder, 'b.key') };
    const first = await run([], missing);
    expect(first.code).toBe(3);
    expect(first.stderr).toContain('tls.cert_file: cannot read');
    expect(first.stderr).toContain('tls.key_file: cannot read');
    makeCertificate('a');
    makeCertificate('b');
    const second = await run([], missing);
    expect([second.code, second.stderr]).toEqual([
      3,
      expect.stringContaining('no certificate and its private key'),
    ]);
    expect(second.stderr).not.toContain('migration(s) applied');
  });

  it('does not wait for a file that is no database', async () => {
    await writeFile(join(folder, 'unkey.db'), 'not a database, certainly not one of ours');
    const { code, stderr } = await run([]);
    expect(code).toBe(8);
    expect(stderr).not.toContain('does not answer');
  });

  it('warns of the misspelt name of a setting that is missing', async () => {
    await writeFile(join(folder, 'unkey.toml'), 'redis_ulr = "memory:"\n');
    const { code, stderr } = await run([], { UNKEY_REDIS_URL: '' });
    expect(code).toBe(3);
    expect(stderr).toContain('warning: redis_ulr: unknown key; did you mean redis_url?');
  });
});

describe('--check', () => {
  it('needs no port and does not drain', async () => {
    const metrics = { UNKEY_OBSERVABILITY_METRICS_PROMETHEUS_PORT: String(await takenPort()) };
    const begun = performance.now();
    const outcome = await run(['--check', '--http-port', String(await takenPort())], {
      ...metrics,
      UNKEY_SERVER_DRAIN_DELAY: '1m',
    });
    expect(outcome.code, outcome.stderr).toBe(0);
    expect(outcome.stderr).not.toContain('listening');
    expect(performance.now() - begun).toBeLessThan(30_000);
  });
});

describe('signals', () => {
  it('SIGTERM ends a start within a second, even while a database takes the connection and says nothing', async () => {
    const silent = await takenPort();
    const server = startUnkey(['api', 'serve'], {
      cwd: folder,
      env: environment({ UNKEY_DATABASE_PRIMARY: `u:p@tcp(127.0.0.1:${silent})/unkey?timeout=20s` }),
    });
    await untilSaid(server, 'control or restate');
    await new Promise((resolve) => setTimeout(resolve, 500));
    const begun = performance.now();
    const { code } = await server.end('SIGTERM');
    expect(performance.now() - begun).toBeLessThan(1000);
    expect(code).toBe(0);
  });

  it('SIGHUP takes a new certificate, keeps the old one when the files are no pair, and names what waits for a restart', async () => {
    makeCertificate('first');
    makeCertificate('second');
    const [certificate, key] = [join(folder, 'tls.crt'), join(folder, 'tls.key')];
    await copyFile(join(folder, 'first.crt'), certificate);
    await copyFile(join(folder, 'first.key'), key);
    const settings = `[tls]\ncert_file = "${certificate}"\nkey_file = "${key}"\n`;
    await writeFile(join(folder, 'unkey.toml'), settings);
    const server = startUnkey(serveArguments, { cwd: folder, env: environment() });
    try {
      await untilSaid(server, 'listening on');
      expect(await servedName()).toBe('first');

      await copyFile(join(folder, 'second.crt'), certificate);
      process.kill(server.pid, 'SIGHUP');
      await untilSaid(server, 'keeping the old ones');
      expect(await servedName()).toBe('first');

      await copyFile(join(folder, 'second.key'), key);
      await writeFile(join(folder, 'unkey.toml'), `${settings}[server]\ndrain_timeout = "7s"\n`);
      process.kill(server.pid, 'SIGHUP');
      await untilSaid(server, 'after a restart only: server.drain_timeout"');
      expect(await servedName()).toBe('second');

      await writeFile(join(folder, 'unkey.toml'), `${settings}http_prt = \n`);
      process.kill(server.pid, 'SIGHUP');
      await untilSaid(server, 'the configuration has become invalid');
      expect(await servedName()).toBe('second');
    } finally {
      expect((await server.end('SIGTERM')).code).toBe(0);
    }
  });

  it('a stop ends with 0 and frees the port', async () => {
    const server = startUnkey(serveArguments, { cwd: folder, env: environment() });
    await untilStarted(server, `http://127.0.0.1:${port}`);
    expect(await server.end('SIGINT')).toMatchObject({ code: 0, signal: null });
    await expect(fetch(`http://127.0.0.1:${port}/health/live`)).rejects.toThrow();
  });
});
