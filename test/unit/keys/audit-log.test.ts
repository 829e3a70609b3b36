import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { randomIds } from '../../../src/lib/uid.ts';
import { createApi } from '../../../src/server/routes/apis/create-api.ts';
import { deleteApi } from '../../../src/server/routes/apis/delete-api.ts';
import { createKey } from '../../../src/server/routes/keys/create-key.ts';
import { deleteKey } from '../../../src/server/routes/keys/delete-key.ts';
import { getKey } from '../../../src/server/routes/keys/get-key.ts';
import { updateKey } from '../../../src/server/routes/keys/update-key.ts';
import { actorOf, writeAuditEvents } from '../../../src/services/audit/audit-log.ts';
import { API, openWorkbench, WORKSPACE, type Workbench } from './workbench.ts';

let bench: Workbench;
beforeEach(async () => {
  bench = await openWorkbench();
});
afterEach(() => bench.close());

interface Payload {
  readonly event: string;
  readonly targets: ReadonlyArray<{ type: string; id: string; name?: string; meta?: unknown }>;
  readonly correlation_id?: string;
  readonly [member: string]: unknown;
}

/** Events in the order in which they were written; forgets them. */
async function takeEvents(): Promise<Payload[]> {
  const rows = await bench.rows<{ payload: string }>('SELECT payload FROM clickhouse_outbox ORDER BY pk');
  await bench.db.primary.run('test', 'DELETE FROM clickhouse_outbox');
  return rows.map(({ payload }) => JSON.parse(payload));
}

test('a payload has what is known and nothing empty', async () => {
  const { keyId } = await bench.run(createKey, { apiId: API, name: 'CI' });
  const [row] = await bench.rows(
    'SELECT version, workspace_id, event_id, created_at, deleted_at FROM clickhouse_outbox',
  );
  const [payload] = await takeEvents();
  expect(row).toEqual({
    version: 'audit_log.v1',
    workspace_id: WORKSPACE,
    event_id: payload?.event_id,
    created_at: bench.clock.now(),
    deleted_at: null,
  });
  expect(payload).toEqual({
    event_id: expect.stringMatching(/^log_[a-zA-Z0-9]{9}$/),
    time: bench.clock.now(),
    workspace_id: WORKSPACE,
    bucket: 'unkey_mutations',
    source: 'platform',
    event: 'key.create',
    description: expect.stringContaining(keyId),
    actor: { type: 'rootkey', id: 'key_root', name: 'root key' },
    remote_ip: '203.0.113.7',
    user_agent: 'test',
    targets: [
      { type: 'key', id: keyId, name: keyId },
      { type: 'api', id: API, name: 'x' },
    ],
    correlation_id: expect.stringMatching(/^cor_/),
  });
});

test('creating a key tells of each distinct permission and role, then of the key, under one correlation id', async () => {
  await bench.insert('roles', { id: 'role_1', workspace_id: WORKSPACE, project_id: 'p', name: 'editor' });
  const { keyId } = await bench.run(createKey, {
    apiId: API,
    permissions: ['b', 'a', 'B'],
    roles: ['editor', 'editor'],
  });
  const events = await takeEvents();
  expect(
    events.map(({ event, targets }) => [event, ...targets.map(({ type, name }) => [type, name])]),
  ).toEqual([
    ['authorization.connect_permission_and_key', ['key', undefined], ['permission', 'b']],
    ['authorization.connect_permission_and_key', ['key', undefined], ['permission', 'a']],
    ['authorization.connect_role_and_key', ['key', undefined], ['role', 'editor']],
    ['key.create', ['key', keyId], ['api', 'x']],
  ]);
  expect(new Set(events.map((event) => event.correlation_id)).size).toBe(1);
});

test('updating a key tells of created permissions and of the key by its name before', async () => {
  const { keyId } = await bench.run(createKey, { apiId: API, name: 'before' });
  await takeEvents();
  await bench.run(updateKey, { keyId, name: 'after', permissions: ['p.b'], externalId: 'u_1' });
  const events = await takeEvents();
  expect(events.map(({ event, targets }) => [event, targets])).toEqual([
    [
      'permission.create',
      [
        {
          type: 'permission',
          id: expect.stringMatching(/^perm_/),
          name: 'p.b',
          meta: { name: 'p.b', slug: 'p.b' },
        },
      ],
    ],
    [
      'key.update',
      [
        { type: 'key', id: keyId, name: 'before' },
        { type: 'api', id: API, name: 'x' },
      ],
    ],
  ]);
  expect(events[0]?.correlation_id).toMatch(/^cor_/);
  expect(events[1]?.correlation_id).toBe(events[0]?.correlation_id);

  await bench.run(updateKey, { keyId, permissions: ['P.B'] });
  const again = await takeEvents();
  expect(again.map(({ event }) => event)).toEqual(['key.update']);
  expect(again[0]?.correlation_id).toMatch(/^cor_/);
});

test.each([
  [undefined, 'soft'],
  [true, 'permanently'],
])('deleting a key (permanent: %s) says so, without a correlation id', async (permanent, word) => {
  const { keyId } = await bench.run(createKey, { apiId: API });
  await takeEvents();
  await bench.run(deleteKey, { keyId, ...(permanent === undefined ? {} : { permanent }) });
  const [event, ...others] = await takeEvents();
  expect(others).toEqual([]);
  expect(event).toMatchObject({ event: 'key.delete', targets: [{ type: 'key', id: keyId }] });
  expect(event?.description).toContain(keyId);
  expect(event?.description).toContain(word);
  expect(event).not.toHaveProperty('correlation_id');
});

test('creating and deleting an API tells of it once each, without a correlation id', async () => {
  const { apiId } = await bench.run(createApi, { name: 'billing' });
  await bench.run(deleteApi, { apiId });
  const events = await takeEvents();
  expect(events.map(({ event, targets }) => [event, targets])).toEqual([
    ['api.create', [{ type: 'api', id: apiId, name: 'billing' }]],
    ['api.delete', [{ type: 'api', id: apiId, name: 'billing' }]],
  ]);
  for (const event of events) expect(event).not.toHaveProperty('correlation_id');
});

test('reading tells of nothing', async () => {
  const { keyId } = await bench.run(createKey, { apiId: API });
  await takeEvents();
  await bench.run(getKey, { keyId });
  expect(await takeEvents()).toEqual([]);
});

describe('writing events', () => {
  const target = { type: 'key', id: 'key_1', name: '', meta: {} } as const;
  const event = { event: 'key.update', description: 'd', targets: [target] } as const;
  const actor = { type: 'system', id: 'job', meta: {} } as const;
  const write = (events: readonly (typeof event)[], correlationId?: string) =>
    bench.db.transaction(async (tx) =>
      writeAuditEvents(
        tx,
        {
          events,
          workspaceId: WORKSPACE,
          actor,
          client: undefined,
          ...(correlationId ? { correlationId } : {}),
        },
        { clock: bench.clock, ids: randomIds },
      ),
    );

  test('of none writes nothing', async () => {
    await write([]);
    expect(await takeEvents()).toEqual([]);
  });

  test('leaves out what is empty', async () => {
    await write([event]);
    const [payload] = await takeEvents();
    expect(payload?.targets).toEqual([{ type: 'key', id: 'key_1' }]);
    expect(payload?.actor).toEqual({ type: 'system', id: 'job' });
    for (const member of ['remote_ip', 'user_agent', 'correlation_id', 'meta']) {
      expect(payload).not.toHaveProperty(member);
    }
  });

  test('ties several together, with the given id or one of its own', async () => {
    await write([event, event], 'cor_given');
    await write([event, event]);
    const [a, b, c, d] = await takeEvents();
    expect([a?.correlation_id, b?.correlation_id]).toEqual(['cor_given', 'cor_given']);
    expect(c?.correlation_id).toMatch(/^cor_/);
    expect(d?.correlation_id).toBe(c?.correlation_id);
    expect(new Set([a, b, c, d].map((payload) => payload?.event_id)).size).toBe(4);
  });
});

test('the actor of a portal session is its end user', () => {
  expect(
    actorOf({
      version: 'v1',
      type: 'PORTAL_SESSION',
      subject: { id: 'u_1', name: 'u_1', type: 'user' },
      workspaceId: WORKSPACE,
      permissions: [],
      source: { kind: 'portalSession', sessionId: 's', portalId: 'p', externalId: 'u_1', keyspaceIds: [] },
    }),
  ).toEqual({ type: 'portalEndUser', id: 'u_1', name: 'u_1' });
});
