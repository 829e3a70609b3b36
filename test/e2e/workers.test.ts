// `unkey api serve --workers 2` on MySQL and Redis: one service on one port, whatever happens to one of its processes.
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { redisUrl, requireOrSkip } from '../support/servers.ts';
import { freePort } from '../support/servers-local.ts';
import { startUnkey, type UnkeyProcess, untilStarted } from '../support/unkey-process.ts';
import { type AdminSite, bootstrappedSite, emptySite } from './admin-support.ts';

const available = [requireOrSkip('mysql'), requireOrSkip('redis')].every(Boolean);

/** How long something asynchronous may take to happen, in milliseconds; entries of caches stay fresh for twice as long. */
const SOON_MS = 5_000;

// biome-ignore lint/suspicious/noExplicitAny: answers of every operation
type Data = any;

interface Service {
  readonly url: string;
  readonly process: UnkeyProcess;
  /** Calls an operation over a connection of its own, so that the workers take turns. @throws Error unless it answers 200 */
  call(operation: string, body: unknown): Promise<Data>;
  /** What the log says, one object a line. */
  log(): Record<string, unknown>[];
  /** The ids of the worker processes. */
  pids(): number[];
}

const GOSSIP_KEY = randomBytes(32).toString('base64');

const running: UnkeyProcess[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((process) => process.end('SIGKILL')));
});

const settings = (site: AdminSite, port: number, more: Readonly<Record<string, string>> = {}) => ({
  UNKEY_AUTH: '[{"type":"root_key"}]',
  UNKEY_INSTANCE_ID: 'ins_test',
  UNKEY_REDIS_URL: redisUrl(),
  UNKEY_DATABASE_PRIMARY: site.address,
  UNKEY_SERVER_HOST: '127.0.0.1',
  UNKEY_SERVER_DRAIN_DELAY: '0s',
  UNKEY_SERVER_WORKERS: '2',
  UNKEY_HTTP_PORT: String(port),
  UNKEY_OBSERVABILITY_LOGGING_SAMPLE_RATE: '1',
  ...more,
});

type Site = Awaited<ReturnType<typeof bootstrappedSite>>;

async function started(more?: Readonly<Record<string, string>>, shared?: Site): Promise<Service> {
  const site = shared ?? (await bootstrappedSite('mysql'));
  const port = await freePort();
  const process = startUnkey(['api', 'serve'], { cwd: site.folder, env: settings(site, port, more) });
  running.push(process);
  const url = `http://127.0.0.1:${port}`;
  await untilStarted(process, url);
  const log = () =>
    process
      .stderr()
      .split('\n')
      .filter((line) => line.startsWith('{') && line.endsWith('}'))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  await expect.poll(() => log().some(({ workers }) => workers), { timeout: SOON_MS }).toBe(true);
  return {
    url,
    process,
    log,
    pids: () => childrenOf(process.pid),
    async call(operation, body) {
      const response = await fetch(`${url}/v2/${operation}`, {
        method: 'POST',
        headers: {
          Authorization: `Bearer ${site.rootKey}`,
          'Content-Type': 'application/json',
          Connection: 'close',
        },
        body: JSON.stringify(body),
      });
      if (response.status !== 200) throw new Error(`${operation} answered ${await response.text()}`);
      return ((await response.json()) as { data: Data }).data;
    },
  };
}

function childrenOf(pid: number): number[] {
  const table = execFileSync('ps', ['-e', '-o', 'pid=,ppid=,stat='], { encoding: 'utf8' });
  return table
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, parent, state]) => Number(parent) === pid && !state?.startsWith('Z'))
    .map(([child]) => Number(child));
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** A key of an API of its own. */
async function newKey(service: Service, more: object = {}): Promise<{ keyId: string; key: string }> {
  const { apiId } = await service.call('apis.createApi', { name: 'workers' });
  return service.call('keys.createKey', { apiId, ...more });
}

const times = <T>(count: number, work: () => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, work));

describe.runIf(available)('two workers', { timeout: 120_000 }, () => {
  it('share the port, each under an instance id of its own, and say once that they listen', async () => {
    const service = await started();
    const { key } = await newKey(service);
    for (const { code } of await times(20, () => service.call('keys.verifyKey', { key }))) {
      expect(code).toBe('VALID');
    }
    const answering = () =>
      new Set(
        service
          .log()
          .filter(({ msg }) => msg === 'POST /v2/keys.verifyKey')
          .map(({ instanceId }) => instanceId),
      );
    await expect.poll(answering, { timeout: SOON_MS }).toEqual(new Set(['ins_test-w1', 'ins_test-w2']));
    const announcements = service.log().filter(({ msg }) => `${msg}`.startsWith('listening on'));
    expect(announcements).toMatchObject([{ instanceId: 'ins_test', workers: service.pids() }]);
    expect((await service.process.end('SIGTERM')).code).toBe(0);
  });

  it('keep secrets out of their arguments', async () => {
    const service = await started();
    const shown = service
      .pids()
      .map((pid) => execFileSync('ps', ['-o', 'args=', '-p', String(pid)], { encoding: 'utf8' }));
    expect(shown).toHaveLength(2);
    for (const words of shown) expect(words.trim()).toMatch(/worker\.[jt]s$/);
  });

  it('do not double a rate limit', async () => {
    const service = await started();
    const limit = 50;
    const { key } = await newKey(service, {
      ratelimits: [{ name: 'requests', limit, duration: 600_000, autoApply: true }],
    });
    let accepted = 0;
    for (let sent = 0; sent < 4 * limit; sent++) {
      if ((await service.call('keys.verifyKey', { key })).valid) accepted += 1;
    }
    expect(accepted).toBeGreaterThanOrEqual(limit);
    // Two processes that each allow the whole limit would accept twice as many.
    expect(accepted).toBeLessThan(1.5 * limit);
  });

  it('refuse a key that was disabled through one of them soon, and without waiting for the age of cache entries', async () => {
    const service = await started();
    const { keyId, key } = await newKey(service);
    const codes = async () =>
      new Set(
        (await times(8, () => service.call('keys.verifyKey', { key }))).map(({ code }) => code as string),
      );
    expect(await codes()).toEqual(new Set(['VALID']));
    await service.call('keys.updateKey', { keyId, enabled: false });
    await expect.poll(codes, { timeout: SOON_MS, interval: 20 }).toEqual(new Set(['DISABLED']));
  });

  it('hear over gossip what a worker of another node dropped', async () => {
    const site = await bootstrappedSite('mysql');
    const ports = [await freePort(), await freePort()];
    const services = await Promise.all(
      ports.map((port, node) =>
        started(
          {
            UNKEY_INSTANCE_ID: `ins_node${node}`,
            UNKEY_GOSSIP_BIND_ADDR: '127.0.0.1',
            UNKEY_GOSSIP_LAN_PORT: String(port),
            UNKEY_GOSSIP_LAN_SEEDS: ports.map((seed) => `127.0.0.1:${seed}`).join(','),
            UNKEY_GOSSIP_SECRET_KEY: GOSSIP_KEY,
          },
          site,
        ),
      ),
    );
    const [here, there] = services;
    if (here === undefined || there === undefined) throw new Error('there are no two nodes');
    const codes = async (key: string) =>
      new Set(
        (await times(8, () => there.call('keys.verifyKey', { key }))).map(({ code }) => code as string),
      );
    /** Whether the other node knew within a moment that a key which it holds was disabled here. */
    const heardOf = async (): Promise<boolean> => {
      const { keyId, key } = await newKey(here);
      expect(await codes(key)).toEqual(new Set(['VALID']));
      await here.call('keys.updateKey', { keyId, enabled: false });
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      return (await codes(key)).isSubsetOf(new Set(['DISABLED']));
    };
    // The nodes take a moment to find each other; until then nobody hears.
    await expect.poll(heardOf, { timeout: 30_000 }).toBe(true);
  });

  it('outlive one of them: the other one answers, and a new one takes its place', async () => {
    const service = await started();
    const { key } = await newKey(service);
    const [victim, other] = service.pids();
    if (victim === undefined || other === undefined) throw new Error('there are no two workers');
    process.kill(victim, 'SIGKILL');
    await expect.poll(() => isAlive(victim), { timeout: SOON_MS, interval: 5 }).toBe(false);
    await expect
      .poll(
        () =>
          service.log().some(({ msg, pid }) => `${msg}`.startsWith('a worker has ended') && pid === victim),
        {
          timeout: SOON_MS,
          interval: 5,
        },
      )
      .toBe(true);
    for (const { code } of await times(10, () => service.call('keys.verifyKey', { key }))) {
      expect(code).toBe('VALID');
    }
    await expect
      .poll(() => service.log().some(({ msg }) => msg === 'a new worker is serving'), { timeout: 30_000 })
      .toBe(true);
    expect(service.pids()).toHaveLength(2);
    expect(service.pids()).toContain(other);
  });

  it('lose no request at SIGTERM, and leave nothing behind', async () => {
    const service = await started({ UNKEY_SERVER_DRAIN_DELAY: '3s' });
    const { key } = await newKey(service);
    const pids = service.pids();
    let stopping = false;
    const codes: string[] = [];
    const clients = times(20, async () => {
      // Each sends one more request after the signal, while the workers still take connections.
      for (let last = false; !last; ) {
        last = stopping;
        codes.push((await service.call('keys.verifyKey', { key })).code as string);
      }
    });
    await expect.poll(() => codes.length, { timeout: SOON_MS, interval: 5 }).toBeGreaterThan(100);
    const ended = service.process.end('SIGTERM');
    stopping = true;
    await clients;
    expect(new Set(codes)).toEqual(new Set(['VALID']));
    expect((await ended).code).toBe(0);
    expect(pids.filter(isAlive)).toEqual([]);
  });

  it('count a Ctrl-C that reaches all processes once', async () => {
    const service = await started({ UNKEY_SERVER_DRAIN_DELAY: '1s' });
    for (const pid of service.pids()) process.kill(pid, 'SIGINT');
    const { code, stderr } = await service.process.end('SIGINT');
    expect(code).toBe(0);
    expect(stderr).not.toContain('second signal');
  });

  it('end at once at a second signal', async () => {
    const service = await started({ UNKEY_SERVER_DRAIN_DELAY: '1m' });
    const pids = service.pids();
    process.kill(service.process.pid, 'SIGTERM');
    await expect.poll(() => service.process.stderr(), { timeout: SOON_MS }).toContain('the workers drain');
    // A repetition within the same moment would count as the first signal.
    await new Promise((resolve) => setTimeout(resolve, 100));
    const { code } = await service.process.end('SIGTERM');
    expect(code).toBe(1);
    expect(pids.filter(isAlive)).toEqual([]);
  });

  it('stop when their primary process is killed', async () => {
    const service = await started();
    const pids = service.pids();
    expect(pids).toHaveLength(2);
    process.kill(service.process.pid, 'SIGKILL');
    await expect.poll(() => pids.filter(isAlive), { timeout: 20_000 }).toEqual([]);
    expect(service.process.stderr()).toContain('the primary process has gone');
  });

  it('pass SIGUSR2 on', async () => {
    const service = await started();
    process.kill(service.process.pid, 'SIGUSR2');
    const told = () =>
      service
        .log()
        .filter(({ msg }) => msg === 'log level changed')
        .map(({ instanceId }) => instanceId)
        .toSorted();
    await expect.poll(told, { timeout: SOON_MS }).toEqual(['ins_test', 'ins_test-w1', 'ins_test-w2']);
  });

  it('are one in the metrics, which go on counting when one ends', async () => {
    const metricsPort = await freePort();
    const service = await started({ UNKEY_OBSERVABILITY_METRICS_PROMETHEUS_PORT: String(metricsPort) });
    const { key } = await newKey(service);
    const scrape = async () => (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
    const verified = async () => {
      const text = await scrape();
      return Number(/^unkey_key_verifications_total\{type="key",code="VALID"\} (\d+)$/m.exec(text)?.[1]);
    };
    await times(20, () => service.call('keys.verifyKey', { key }));
    expect(await verified()).toBe(20);
    const text = await scrape();
    expect(text.match(/^unkey_build_info\{.*\} 1$/gm)).toHaveLength(1);
    expect(text.match(/^unkey_config_info\{.*\} 1$/gm)).toHaveLength(1);
    expect(text).toContain('unkey_dependency_up{dependency="database"} 1');

    const [victim] = service.pids();
    if (victim === undefined) throw new Error('there is no worker');
    process.kill(victim, 'SIGKILL');
    await expect
      .poll(() => service.log().some(({ msg }) => msg === 'a new worker is serving'), { timeout: 30_000 })
      .toBe(true);
    await times(5, () => service.call('keys.verifyKey', { key }));
    expect(await verified()).toBe(25);
  });
});

describe.runIf(available)('workers that cannot be', { timeout: 120_000 }, () => {
  it('are refused with in-process counters, naming the setting', async () => {
    const site = await bootstrappedSite('mysql');
    const env = settings(site, await freePort(), { UNKEY_REDIS_URL: 'memory:' });
    const { code, stderr } = await startUnkey(['api', 'serve'], { cwd: site.folder, env }).ended;
    expect(code).toBe(3);
    expect(stderr).toMatch(/server\.workers: must be 1.*redis_url = "memory:"/);
  });

  it('end with the words of one process alone when the port is taken', async () => {
    const service = await started();
    const site = await bootstrappedSite('mysql');
    const env = settings(site, Number(new URL(service.url).port));
    const { code, stderr } = await startUnkey(['api', 'serve'], { cwd: site.folder, env }).ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: port unavailable: .*already in use$/m);
    expect(stderr).toContain('http_port');
  });

  it('end with 9 on a schema that is behind, without starting', async () => {
    const site = await emptySite('mysql');
    const env = settings(site, await freePort());
    const { code } = await startUnkey(['api', 'serve'], { cwd: site.folder, env }).ended;
    expect(code).toBe(9);
  });
});
