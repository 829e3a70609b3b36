// What a server that is told to stop leaves in the analytics store, and the jobs that need that store, by hand.
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../src/lib/clock.ts';
import { silentLogger } from '../../src/lib/logger.ts';
import { randomIds } from '../../src/lib/uid.ts';
import { PERMISSION_PRESETS } from '../../src/services/rbac/catalogue.ts';
import { bootstrap } from '../../src/services/root-keys/bootstrap.ts';
import type { AnalyticsRecord } from '../../src/storage/analytics/analytics-store.ts';
import { openEmptyChdb } from '../support/analytics.ts';
import { type ClickHouseFront, startClickHouseFront } from '../support/clickhouse-front.ts';
import { startUnkey, type UnkeyProcess, untilStarted } from '../support/unkey-process.ts';
import { type AdminSite, migratedSite } from './admin-support.ts';

interface Server {
  readonly process: UnkeyProcess;
  /** Answers with the request id and the code of the verification. @throws when the request is refused or cut off */
  verify(): Promise<{ requestId: string; code: string }>;
}

/** `unkey api serve` on the site with that analytics store, and a key to verify. */
async function serve(site: AdminSite, clickhouse: string): Promise<Server> {
  const access = await site.inspect((db) =>
    bootstrap(
      { db, clock: systemClock, ids: randomIds, log: silentLogger },
      { workspaceSlug: 'local', permissions: PERMISSION_PRESETS.full },
    ),
  );
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const server = startUnkey(['api', 'serve', '--auto-migrate'], {
    cwd: site.folder,
    env: {
      UNKEY_AUTH: '[{"type":"root_key"}]',
      UNKEY_REDIS_URL: 'memory:',
      UNKEY_DATABASE_PRIMARY: site.address,
      UNKEY_CLICKHOUSE_URL: clickhouse,
      UNKEY_JOBS_ENABLED: 'false',
      UNKEY_SERVER_HOST: '127.0.0.1',
      UNKEY_SERVER_DRAIN_DELAY: '0s',
      UNKEY_HTTP_PORT: String(port),
    },
  });
  onTestFinished(async () => {
    await server.end('SIGKILL');
  });
  await untilStarted(server, url);
  const call = async (operation: string, body: unknown) => {
    const response = await fetch(`${url}/v2/${operation}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${access.rootKey}` },
      body: JSON.stringify(body),
    });
    if (response.status !== 200) throw new Error(`${operation} answered ${response.status}`);
    return (await response.json()) as {
      meta: { requestId: string };
      data: { key: string; code: string };
    };
  };
  const { key } = (await call('keys.createKey', { apiId: access.apiId })).data;
  return {
    process: server,
    async verify() {
      const { meta, data } = await call('keys.verifyKey', { key });
      return { requestId: meta.requestId, code: data.code };
    },
  };
}

function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

/** What a query finds in the data that a process has left behind. */
async function left(directory: string, query: string): Promise<readonly AnalyticsRecord[]> {
  const store = await openEmptyChdb(directory);
  try {
    return await store.query(query);
  } finally {
    await store.close();
  }
}

async function front(): Promise<ClickHouseFront> {
  const started = await startClickHouseFront();
  onTestFinished(() => started.stop());
  return started;
}

describe('a server that is told to stop', () => {
  it('leaves a row of every verification that it answered, also of those in flight', async () => {
    const site = await migratedSite('sqlite');
    const directory = join(site.folder, 'analytics');
    const server = await serve(site, `chdb:${directory}`);
    await Promise.all(Array.from({ length: 100 }, () => server.verify()));
    const inFlight = Promise.allSettled(Array.from({ length: 200 }, () => server.verify()));
    const outcome = await server.process.end('SIGTERM');
    expect(outcome, outcome.stderr).toMatchObject({ code: 0, signal: null });

    const answered = (await inFlight).flatMap((answer) =>
      answer.status === 'fulfilled' ? [answer.value.requestId] : [],
    );
    const rows = await left(
      directory,
      'SELECT request_id, count() AS rows FROM key_verifications_raw_v2 GROUP BY 1',
    );
    expect(rows.every(({ rows: count }) => Number(count) === 1)).toBe(true);
    const written = new Set(rows.map(({ request_id: id }) => id));
    expect(answered.filter((id) => !written.has(id))).toEqual([]);
    expect(written.size).toBe(100 + answered.length);
    const logged = await left(
      directory,
      "SELECT uniqExact(request_id) AS requests FROM api_requests_raw_v2 WHERE path = '/v2/keys.verifyKey'",
    );
    expect(logged).toEqual([{ requests: written.size }]);
  });

  it('says how many rows are lost when it is told twice', async () => {
    const site = await migratedSite('sqlite');
    const clickhouse = await front();
    await clickhouse.fault({ kind: 'slow', ms: 60_000 });
    const server = await serve(site, clickhouse.url);
    await Promise.all(Array.from({ length: 10 }, () => server.verify()));
    process.kill(server.process.pid, 'SIGTERM');
    await expect.poll(server.process.stderr, { timeout: 10_000 }).toContain('stopping: draining');
    const outcome = await server.process.end('SIGTERM');
    expect(outcome.code).toBe(1);
    // Ten verifications, their requests and the one that made the key.
    expect(outcome.stderr).toContain('without writing analytics rows: 21');
  });

  it('gives up what cannot be written, says so, and ends with 1', async () => {
    const site = await migratedSite('sqlite');
    const clickhouse = await front();
    const server = await serve(site, clickhouse.url);
    await clickhouse.fault({ kind: 'down' });
    await server.verify();
    const outcome = await server.process.end('SIGTERM');
    expect(outcome.code, outcome.stderr).toBe(1);
    expect(outcome.stderr).toContain('rows of key_verifications_raw_v2 were not written');
  });
});

describe('a job that needs the analytics store', () => {
  const names = ['audit-export', 'key-last-used'];
  const env = (clickhouse: string) => ({ env: { UNKEY_CLICKHOUSE_URL: clickhouse } });

  it('is listed as one, and refused without a store', async () => {
    const site = await migratedSite('sqlite');
    const { document } = await site.json(['jobs', 'list']);
    const needing = document.jobs.filter((job: { needs: string | null }) => job.needs === 'analytics');
    expect(
      needing.map((job: { name: string; scheduled: boolean }) => [job.name, job.scheduled]).toSorted(),
    ).toEqual(names.map((name) => [name, false]));
    for (const name of names) {
      const { code, stderr } = await site.run(['jobs', 'run', name]);
      expect(code, stderr).toBe(6);
      expect(stderr).toContain('clickhouse.url is not set');
    }
    const inMemory = await site.run(['jobs', 'run', 'audit-export'], env('chdb:'));
    expect([inMemory.code, inMemory.stderr]).toEqual([6, expect.stringContaining('memory of the server')]);
  });

  it('works on the directory of a server that is not running, and says who has it while it runs', async () => {
    const site = await migratedSite('sqlite');
    const directory = join(site.folder, 'analytics');
    const clickhouse = `chdb:${directory}`;
    const server = await serve(site, clickhouse);
    await server.verify();
    const beside = await site.run(['jobs', 'run', 'audit-export'], env(clickhouse));
    expect([beside.code, beside.stderr]).toEqual([
      6,
      expect.stringContaining(`in use by process ${server.process.pid}`),
    ]);
    await server.process.end('SIGTERM');

    const exported = await site.json(['jobs', 'run', 'audit-export'], env(clickhouse));
    expect(exported).toMatchObject({ code: 0, document: { ran: true } });
    expect(exported.document.done).toBeGreaterThan(0);
    expect(await left(directory, 'SELECT count() AS events FROM audit_logs_raw_v1 FINAL')).toEqual([
      { events: exported.document.done },
    ]);
    const used = await site.json(['jobs', 'run', 'key-last-used'], env(clickhouse));
    expect(used).toMatchObject({ code: 0, document: { done: 1 } });
  });

  it('ends with 8 when the store does not answer', async () => {
    const site = await migratedSite('sqlite');
    const { code, stderr } = await site.run(
      ['jobs', 'run', 'key-last-used'],
      env(`http://default:s3cret@127.0.0.1:${await freePort()}`),
    );
    expect(code, stderr).toBe(8);
    expect(stderr).not.toContain('s3cret');
  });
});
