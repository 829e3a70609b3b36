// `unkey audit export` where events have left the relational store for a ClickHouse server.
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { EXIT } from '../../../src/commands/cli/exit-codes.ts';
import { runCli } from '../../../src/commands/cli/run.ts';
import { ManualClock, systemClock } from '../../../src/lib/clock.ts';
import { silentLogger } from '../../../src/lib/logger.ts';
import { silentMetrics } from '../../../src/lib/metrics.ts';
import { randomIds } from '../../../src/lib/uid.ts';
import { type AuditEvent, writeAuditEvents } from '../../../src/services/audit/audit-log.ts';
import { auditExport } from '../../../src/services/jobs/audit-export.ts';
import type { MigratableDatabase } from '../../../src/storage/sql/database.ts';
import { createMigrator } from '../../../src/storage/sql/migrator.ts';
import { openDatabase } from '../../../src/storage/sql/open-database.ts';
import { openTestClickHouse, type TestClickHouse } from '../../support/analytics.ts';
import { memoryIo } from '../../support/cli-io.ts';
import { contextOf, runnerOn } from '../jobs/workbench.ts';

/** Recent: the analytics store drops what was exported long ago by its own clock. */
const START = Date.now() - 3_600_000;

let folder: string;
let db: MigratableDatabase;
let clickhouse: TestClickHouse;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'unkey-audit-'));
  clickhouse = await openTestClickHouse();
  const primary = `sqlite:${join(folder, 'unkey.db')}`;
  await writeFile(
    join(folder, 'unkey.toml'),
    `[database]\nprimary = "${primary}"\n[clickhouse]\nurl = "${clickhouse.front.url}"\n`,
  );
  db = openDatabase({ primary, metrics: silentMetrics, log: silentLogger, tags: { region: 'test' } });
  await createMigrator({ database: db, clock: systemClock, toolVersion: 'test' }).up();
});
afterAll(async () => {
  await db.close();
  await clickhouse.close();
  await rm(folder, { recursive: true });
});

/** Writes the events at a time; yields nothing: the export tells their ids. */
async function write(at: number, ...events: readonly AuditEvent[]): Promise<void> {
  await db.transaction(async (tx) =>
    writeAuditEvents(
      tx,
      {
        events,
        workspaceId: 'ws_acme',
        actor: { type: 'rootkey', id: 'key_root', name: 'ci', meta: { from: 'ci' } },
        client: { ip: '203.0.113.7', userAgent: 'curl' },
        correlationId: `cor_${at}`,
      },
      { clock: new ManualClock(at), ids: randomIds },
    ),
  );
}

async function audit(...argv: string[]) {
  const io = memoryIo({ cwd: folder, env: { UNKEY_CONFIG: 'unkey.toml' } });
  const code = await runCli(['audit', 'export', ...argv], io);
  const lines = io.out().split('\n').filter(Boolean);
  return { code, err: io.err(), events: lines.map((line) => JSON.parse(line)) };
}

const event = (name: AuditEvent['event'], id: string): AuditEvent => ({
  event: name,
  description: `${name} of ${id}`,
  targets: [
    { type: 'key', id, name: 'a key', meta: { plan: 'pro' } },
    { type: 'api', id: 'api_1' },
  ],
});

it('joins both stores: every event once, by time, as it was written', async () => {
  await write(START, event('key.create', 'key_1'), event('key.create', 'key_2'));
  await write(START + 1000, event('key.delete', 'key_1'));
  const written = (await audit('--no-analytics')).events;
  const runner = runnerOn(db, 'node-1', new ManualClock(Date.now()));
  expect(await auditExport.run({ ...contextOf(runner, Date.now()), analytics: clickhouse.store })).toBe(3);
  // The first two are cleaned up, the third is still in both, the fourth waits for its export.
  await db.primary.run('test', 'DELETE FROM clickhouse_outbox WHERE created_at = :at', { at: START });
  await write(START + 2000, event('role.create', 'key_3'));

  const { code, err, events } = await audit();
  expect(code, err).toBe(EXIT.done);
  expect(events).toHaveLength(4);
  expect(events.slice(0, 3)).toEqual(written);
  expect(events[3]).toMatchObject({ event: 'role.create', time: START + 2000 });

  const namesOf = async (...argv: string[]): Promise<string[]> =>
    (await audit(...argv)).events.map(({ event, targets }) => `${event} ${targets[0].id}`);
  expect((await namesOf('--event', 'key.*', '--resource', 'key_1')).toSorted()).toEqual([
    'key.create key_1',
    'key.delete key_1',
  ]);
  expect(await namesOf('--event', 'key.delete', '--actor', 'rootkey:key_root')).toEqual(['key.delete key_1']);
  expect(await namesOf('--resource', 'api:key_1')).toEqual([]);
  expect(await namesOf('--correlation', `cor_${START + 1000}`)).toEqual(['key.delete key_1']);
  expect(await namesOf('--since', new Date(START + 1000).toISOString())).toEqual([
    'key.delete key_1',
    'role.create key_3',
  ]);
  expect(await namesOf('--until', new Date(START + 1).toISOString())).toHaveLength(2);
  expect(await namesOf('--no-analytics')).toEqual(['key.delete key_1', 'role.create key_3']);
});

it('reads page after page of what was exported', async () => {
  const row = (index: number) => ({
    event_id: `log_page_${String(index).padStart(5, '0')}`,
    time: START + 10_000 + Math.floor(index / 3),
    inserted_at: Date.now(),
    workspace_id: 'ws_pages',
    bucket: 'unkey_mutations',
    source: 'platform',
    event: 'key.create',
    description: '',
    actor_type: 'system',
    actor_id: 'a',
  });
  const rows = Array.from({ length: 12_000 }, (_, index) => row(index));
  // A second copy of some, as an export that was repeated leaves it until the engine merges.
  for (const [token, part] of [
    ['pages', rows],
    ['again', rows.slice(4990, 5010)],
  ] as const) {
    const columns = Object.keys(row(0));
    await clickhouse.store.insert({
      table: 'audit_logs_raw_v1',
      columns,
      rows: part,
      deduplicationToken: token,
    });
  }
  const { events } = await audit('--event', 'key.create', '--actor', 'system:a');
  expect(events.map(({ event_id: id }) => id)).toEqual(rows.map(({ event_id: id }) => id));
});

it('ends with 8, and says what helps, when a store in a directory cannot be opened', async () => {
  await writeFile(join(folder, 'taken'), '');
  const io = memoryIo({
    cwd: folder,
    env: { UNKEY_CONFIG: 'unkey.toml', UNKEY_CLICKHOUSE_URL: `chdb:${join(folder, 'taken')}` },
  });
  const code = await runCli(['audit', 'export', '--json', '--output-file', 'never.jsonl'], io);
  expect(code).toBe(EXIT.unreachable);
  expect(JSON.parse(io.out()).error).toMatchObject({
    code: 'analytics_failed',
    detail: expect.stringContaining('taken'),
    hint: expect.stringContaining('--no-analytics'),
  });
  expect((await readdir(folder)).filter((name) => name.includes('never'))).toEqual([]);
});

it('leaves no file when the analytics store does not answer', async () => {
  await clickhouse.front.kill();
  const { code, err } = await audit('--output-file', 'audit.jsonl');
  expect(code).toBe(EXIT.unreachable);
  expect(err).toContain('--no-analytics');
  expect(err).not.toContain('front-secret');
  expect((await readdir(folder)).filter((name) => name.includes('audit'))).toEqual([]);
  expect((await audit('--no-analytics', '--output-file', 'audit.jsonl')).code).toBe(EXIT.done);
});
