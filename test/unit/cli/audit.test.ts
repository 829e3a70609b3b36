// `unkey audit tail|export` on each relational store: which events, in which order, in which form.
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { EXIT } from '../../../src/commands/cli/exit-codes.ts';
import { runCli } from '../../../src/commands/cli/run.ts';
import { ManualClock, systemClock } from '../../../src/lib/clock.ts';
import { silentLogger } from '../../../src/lib/logger.ts';
import { silentMetrics } from '../../../src/lib/metrics.ts';
import { randomIds } from '../../../src/lib/uid.ts';
import {
  type AuditActor,
  type AuditEvent,
  type AuditTarget,
  writeAuditEvents,
} from '../../../src/services/audit/audit-log.ts';
import type { MigratableDatabase } from '../../../src/storage/sql/database.ts';
import { insertRows } from '../../../src/storage/sql/dialect.ts';
import { createMigrator } from '../../../src/storage/sql/migrator.ts';
import { openDatabase } from '../../../src/storage/sql/open-database.ts';
import { type MemoryIo, memoryIo } from '../../support/cli-io.ts';
import { availableStores, freshMysqlDatabase } from '../../support/servers.ts';

const START = Date.UTC(2026, 0, 1);
const ROOT: AuditActor = { type: 'rootkey', id: 'key_root', name: 'ci' };

interface Written {
  readonly event?: AuditEvent['event'];
  readonly targets?: readonly AuditTarget[];
  readonly actor?: AuditActor;
  readonly workspaceId?: string;
  readonly at?: number;
  readonly description?: string;
  readonly correlationId?: string;
}

describe.each(availableStores())('on %s', (store) => {
  let db: MigratableDatabase;
  let folder: string;
  let drop: () => Promise<void>;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'unkey-audit-'));
    const server = store === 'mysql' ? await freshMysqlDatabase() : undefined;
    const address = server?.url ?? `sqlite:${join(folder, 'unkey.db')}`;
    await writeFile(join(folder, 'database'), address);
    db = openDatabase({
      primary: address,
      metrics: silentMetrics,
      log: silentLogger,
      tags: { region: 'test' },
    });
    await createMigrator({ database: db, clock: systemClock, toolVersion: 'test' }).up();
    await insertRows(db.primary, 'test', 'workspaces', [
      { id: 'ws_acme', org_id: 'org_acme', name: 'Acme', slug: 'acme', beta_features: '{}' },
    ]);
    drop = async () => {
      await db.close();
      await server?.drop();
      await rm(folder, { recursive: true });
    };
  });
  afterAll(() => drop());

  const emptyLog = () => db.primary.run('test', 'DELETE FROM clickhouse_outbox');

  /** Writes an event as services do; yields its id. */
  async function write(written: Written = {}): Promise<string> {
    const { event = 'key.create', description = 'Did it', targets = [] } = written;
    let id = '';
    await db.transaction(async (tx) =>
      writeAuditEvents(
        tx,
        {
          events: [{ event, description, targets }],
          workspaceId: written.workspaceId ?? 'ws_acme',
          actor: written.actor ?? ROOT,
          client: { ip: '203.0.113.7', userAgent: 'curl' },
          ...(written.correlationId === undefined ? {} : { correlationId: written.correlationId }),
        },
        {
          clock: new ManualClock(written.at ?? START),
          ids: {
            next: (kind) => {
              id = randomIds.next(kind);
              return id;
            },
          },
        },
      ),
    );
    return id;
  }

  function start(argv: readonly string[], io: MemoryIo): Promise<number> {
    return runCli(['audit', ...argv, '--database-file', 'database'], io);
  }
  const outside = (terminal = false): MemoryIo =>
    memoryIo({ cwd: folder, terminal, env: { UNKEY_CONFIG: 'http_port = 7070\n', NO_COLOR: '1' } });

  async function audit(...argv: string[]) {
    const io = outside();
    const code = await start(argv, io);
    return { code, out: io.out(), err: io.err() };
  }
  /** Ids of the events that a run printed as JSON lines. */
  async function idsOf(...argv: string[]): Promise<string[]> {
    const { code, out, err } = await audit(...argv);
    expect(code, err).toBe(EXIT.done);
    return out
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line).event_id);
  }

  it('prints an event as it was written', async () => {
    await emptyLog();
    const id = await write({
      event: 'key.delete',
      targets: [
        { type: 'key', id: 'key_1', name: 'first', meta: { plan: 'pro' } },
        { type: 'api', id: 'api_1' },
      ],
      correlationId: 'cor_1',
    });
    const { out } = await audit('export');
    expect(JSON.parse(out)).toEqual({
      event_id: id,
      time: START,
      workspace_id: 'ws_acme',
      bucket: 'unkey_mutations',
      source: 'platform',
      event: 'key.delete',
      description: 'Did it',
      actor: { type: 'rootkey', id: 'key_root', name: 'ci' },
      targets: [
        { type: 'key', id: 'key_1', name: 'first', meta: { plan: 'pro' } },
        { type: 'api', id: 'api_1' },
      ],
      remote_ip: '203.0.113.7',
      user_agent: 'curl',
      correlation_id: 'cor_1',
    });
    const human = outside(true);
    await start(['tail'], human);
    expect(human.out()).toBe(
      '2026-01-01T00:00:00.000Z ws_acme key.delete by rootkey:key_root (ci) on key:key_1 (first) api:api_1 - Did it\n',
    );
  });

  it('filters by workspace, event, actor, resource, request and time', async () => {
    await emptyLog();
    const user: AuditActor = { type: 'user', id: 'auth0|7:b' };
    const target = (type: AuditTarget['type'], id: string): AuditTarget => ({ type, id });
    const other = await write({ workspaceId: 'ws_other' });
    const byUser = await write({ actor: user, at: START + 1 });
    const role = await write({ event: 'role.create', targets: [target('role', 'x_1')], at: START + 2 });
    const key = await write({ event: 'key.update', targets: [target('key', 'x_1')], at: START + 3 });
    const traced = await write({
      event: 'keySpaceless.create' as 'key.create',
      correlationId: 'cor_7',
      at: START + 4,
    });

    expect(await idsOf('export')).toEqual([other, byUser, role, key, traced]);
    expect(await idsOf('export', '--workspace', 'acme')).toEqual([byUser, role, key, traced]);
    expect(await idsOf('export', '--workspace', 'ws_acme', '--event', 'key.update')).toEqual([key]);
    expect(await idsOf('export', '--event', 'key.*')).toEqual([other, byUser, key]);
    expect(await idsOf('export', '--actor', 'auth0|7:b')).toEqual([byUser]);
    expect(await idsOf('export', '--actor', 'user:auth0|7:b')).toEqual([byUser]);
    expect(await idsOf('export', '--actor', 'rootkey:auth0|7:b')).toEqual([]);
    expect(await idsOf('export', '--resource', 'x_1')).toEqual([role, key]);
    expect(await idsOf('export', '--resource', 'key:x_1')).toEqual([key]);
    expect(await idsOf('export', '--correlation', 'cor_7')).toEqual([traced]);
    const from = new Date(START + 1).toISOString();
    const to = new Date(START + 3).toISOString();
    expect(await idsOf('export', '--since', from, '--until', to)).toEqual([byUser, role]);
    expect(await idsOf('export', '--limit', '2')).toEqual([other, byUser]);
    expect(await idsOf('tail', '--limit', '2', '--since', from)).toEqual([key, traced]);
    expect(await idsOf('export', '--since', '1h')).toEqual([]);
  });

  it('tells times ago from now', async () => {
    await emptyLog();
    await write({ at: Date.now() - 2 * 3_600_000 });
    const recent = await write({ at: Date.now() - 1000 });
    expect(await idsOf('export', '--since', '1h')).toEqual([recent]);
    expect(await idsOf('tail', '--since', '1h')).toEqual([recent]);
  });

  it('orders by time and id, whatever the order of the rows, and reads all pages', async () => {
    await emptyLog();
    const count = 2500;
    // Neighbours swapped, and three of each time.
    const times = Array.from({ length: count }, (_, index) => START + Math.floor((index ^ 1) / 3) * 1000);
    await insertRows(
      db.primary,
      'test',
      'clickhouse_outbox',
      times.map((time, index) => ({
        version: 'audit_log.v1',
        workspace_id: 'ws_acme',
        event_id: `log_${(index * 7919) % count}`,
        payload: JSON.stringify({
          event_id: `log_${(index * 7919) % count}`,
          time,
          workspace_id: 'ws_acme',
          event: 'key.create',
          actor: ROOT,
        }),
        created_at: time,
        // Exported, and not cleaned up yet.
        deleted_at: index % 2 === 0 ? START : null,
      })),
    );
    const { out } = await audit('export');
    const events = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { time: number; event_id: string });
    expect(new Set(events.map((event) => event.event_id)).size).toBe(count);
    const sorted = events.toSorted((a, b) => a.time - b.time || (a.event_id < b.event_id ? -1 : 1));
    expect(events).toEqual(sorted);

    const middle = new Date(START + 500_000).toISOString();
    const later = events.filter(({ time }) => time >= START + 500_000).map((event) => event.event_id);
    expect(await idsOf('export', '--since', middle)).toEqual(later);
    expect(await idsOf('tail', '-n', '1200')).toEqual(events.slice(-1200).map((event) => event.event_id));
  });

  it('leaves out, and tells of, rows that it cannot read', async () => {
    await emptyLog();
    const good = await write();
    const row = { workspace_id: 'ws_acme', event_id: 'log_x', created_at: START };
    await insertRows(db.primary, 'test', 'clickhouse_outbox', [
      { ...row, version: 'audit_log.v1', payload: '{"event_id":7}' },
      { ...row, version: 'audit_log.v2', payload: '{}' },
    ]);
    const { out, err } = await audit('export');
    expect(JSON.parse(out).event_id).toBe(good);
    expect(err.match(/holds no audit event of a known format/g)).toHaveLength(2);
  });

  it('writes a file of its owner alone, whole or not at all, and no second one over it', async () => {
    await emptyLog();
    const at = await mkdtemp(join(folder, 'out-'));
    const path = join(at, 'audit.jsonl');
    const id = await write();
    const { code, out } = await audit('export', '--output-file', path, '--json');
    expect([code, JSON.parse(out)]).toEqual([EXIT.done, { events: 1, file: path, format: 'jsonl' }]);
    expect(JSON.parse(await readFile(path, 'utf8')).event_id).toBe(id);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await audit('export', '--output-file', path)).code).toBe(EXIT.conflict);
    expect((await audit('export', '--output-file', path, '--force', '--event', 'role.*')).code).toBe(
      EXIT.done,
    );
    expect(await readFile(path, 'utf8')).toBe('');

    await db.primary.run('test', 'ALTER TABLE clickhouse_outbox RENAME TO elsewhere');
    onTestFinished(async () => {
      await db.primary.run('test', 'ALTER TABLE elsewhere RENAME TO clickhouse_outbox');
    });
    expect((await audit('export', '--output-file', join(at, 'b.jsonl'))).code).toBe(EXIT.unreachable);
    expect(await readdir(at)).toEqual(['audit.jsonl']);
  });

  it('writes CSV that holds every member, and no formula', async () => {
    await emptyLog();
    const description = '=HYPERLINK("http://x"),\nsecond line';
    const id = await write({ description, targets: [{ type: 'key', id: 'key_1', name: 'a "b"' }] });
    const { out } = await audit('export', '--format', 'csv');
    expect(parse(out, { columns: true })).toEqual([
      {
        event_id: id,
        time: '2026-01-01T00:00:00.000Z',
        workspace_id: 'ws_acme',
        source: 'platform',
        event: 'key.create',
        description: `'${description}`,
        actor_type: 'rootkey',
        actor_id: 'key_root',
        actor_name: 'ci',
        actor_meta: '',
        targets: '[{"type":"key","id":"key_1","name":"a \\"b\\""}]',
        remote_ip: '203.0.113.7',
        user_agent: 'curl',
        correlation_id: '',
        meta: '',
      },
    ]);
  });

  it('shows names that would move the cursor as what they are', async () => {
    await emptyLog();
    await write({ description: 'a\u001b[2J\nb\u202e' });
    const io = outside(true);
    await start(['tail'], io);
    expect(io.out()).toContain('a\\u{1b}[2J\\u{a}b\\u{202e}');
  });

  it('is one JSON document with --json', async () => {
    await emptyLog();
    const id = await write();
    expect(JSON.parse((await audit('tail', '--json')).out)).toEqual({
      events: [expect.objectContaining({ event_id: id })],
    });
    for (const argv of [
      ['tail', '-f', '--json'],
      ['export', '--json'],
    ]) {
      expect((await audit(...argv)).code).toBe(EXIT.usage);
    }
  });

  it('follows the log until it is interrupted, and sees rows that commit late', async () => {
    await emptyLog();
    const old = await write({ at: Date.now() - 3_600_000 });
    const io = outside();
    onTestFinished(() => io.signal('SIGINT'));
    const running = start(['tail', '-f', '--event', 'key.*'], io);
    const shown = (): string[] =>
      io
        .out()
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line).event_id);
    const untilShown = (ids: readonly string[]) =>
      vi.waitFor(() => expect(shown()).toEqual(ids), { timeout: 20_000, interval: 50 });
    await untilShown([old]);

    const [newest] = await db.primary.all<{ pk: number }>(
      'test',
      'SELECT MAX(pk) AS pk FROM clickhouse_outbox',
    );
    const writeAt = (offset: number, id: string) => {
      const time = Date.now();
      const event = { event_id: id, time, workspace_id: 'ws_acme', event: 'key.create', actor: ROOT };
      return insertRows(db.primary, 'test', 'clickhouse_outbox', [
        {
          pk: (newest?.pk ?? 0) + offset,
          version: 'audit_log.v1',
          workspace_id: 'ws_acme',
          event_id: id,
          payload: JSON.stringify(event),
          created_at: time,
        },
      ]);
    };
    await writeAt(3, 'log_early');
    await untilShown([old, 'log_early']);
    // Its key was drawn before, its transaction commits only now.
    await writeAt(1, 'log_late');
    await untilShown([old, 'log_early', 'log_late']);
    await write({ event: 'role.create', at: Date.now() });
    const last = await write({ at: Date.now() });
    await untilShown([old, 'log_early', 'log_late', last]);

    io.signal('SIGINT');
    expect(await running).toBe(EXIT.interrupted);
  });

  it.each([
    [['tail', '--since', 'yesterday'], EXIT.usage, 'duration such as 24h'],
    [['tail', '--since', '1h', '--until', '2h'], EXIT.usage, '--since must be before --until'],
    [['tail', '--event', 'key.%'], EXIT.usage, 'name of an event'],
    [['tail', '--actor', 'rootkey:'], EXIT.usage, 'type and an id'],
    [['export', '--workspace', 'nobody'], EXIT.notFound, 'nobody'],
  ])('refuses %j', async (argv, exit, message) => {
    const { code, err, out } = await audit(...argv);
    expect([code, out]).toEqual([exit, '']);
    expect(err).toContain(message);
  });
});
