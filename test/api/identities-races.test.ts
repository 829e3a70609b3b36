// Calls on identities that meet each other in the store: every answer is one that some serial order gives.

import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Answer, startApi, type TestApi } from '../support/api.ts';
import { type IdentityWorkspace, identityWorkspace, limitOf } from '../support/identities.ts';

let api: TestApi;
let ws: IdentityWorkspace;

beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.stop());
beforeEach(async () => {
  ws = await identityWorkspace(api);
});

const together = <T>(times: number, work: (i: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: times }, (_, i) => work(i)));
const statuses = (answers: Answer[]) => answers.map(({ status }) => status).sort();
const create = (externalId: string) =>
  ws.call('identities.createIdentity', { externalId, ratelimits: [limitOf('requests')] });
const remove = (identity: string) => ws.call('identities.deleteIdentity', { identity });
const eventNames = async (mark: number) => (await ws.eventsSince(mark)).map(({ event }) => event);

test('fifty equal creations make one identity and forty-nine conflicts', async () => {
  const mark = await ws.mark();
  const answers = await together(50, () => create('raced'));
  expect(statuses(answers)).toEqual([200, ...Array(49).fill(409)]);
  const [row, ...others] = await ws.rows('raced');
  expect(others).toEqual([]);
  expect(answers.find(({ status }) => status === 200)?.body.data.identityId).toBe(row?.id);
  expect(await ws.limitRows(String(row?.id))).toHaveLength(1);
  expect(await eventNames(mark)).toEqual(['identity.create', 'ratelimit.create']);
});

test('fifty different creations share one default project', async () => {
  const answers = await together(50, (i) => create(`user_${i}`));
  expect(new Set(statuses(answers))).toEqual(new Set([200]));
  const projects = await api.db.primary.all(
    'test',
    'SELECT DISTINCT project_id FROM identities WHERE workspace_id = :id',
    { id: ws.id },
  );
  expect(projects).toHaveLength(1);
});

test('deletions that meet succeed or find nothing, and one is audited', async () => {
  await create('doomed');
  const mark = await ws.mark();
  const answers = await together(10, () => remove('doomed'));
  for (const { status } of answers) expect([200, 404]).toContain(status);
  expect(answers.some(({ status }) => status === 200)).toBe(true);
  expect(await eventNames(mark)).toEqual(['identity.delete', 'ratelimit.delete']);
});

test('creations and deletions of one external id leave at most one live and one deleted row', async () => {
  const answers = await together(60, (i) => (i % 2 === 0 ? create('turning') : remove('turning')));
  for (const { status } of answers) expect([200, 404, 409]).toContain(status);
  const rows = await ws.rows('turning');
  for (const deleted of [0, 1]) {
    expect(rows.filter((row) => row.deleted === deleted).length).toBeLessThanOrEqual(1);
  }
});

test('updates that meet an update leave one of the submitted sets, with the ids that they answered', async () => {
  const id = await ws.identity('acme', { ratelimits: [limitOf('aaa')] });
  const names = ['aaa', 'bbb', 'ccc'];
  const answers = await together(10, (i) =>
    ws.call('identities.updateIdentity', {
      identity: 'acme',
      meta: { by: i },
      ratelimits: names.map((name) => limitOf(name, i + 1)),
    }),
  );
  expect(new Set(statuses(answers))).toEqual(new Set([200]));
  const rows = await ws.limitRows(id);
  expect(rows.map(({ name }) => name).toSorted()).toEqual(names);
  const [winner] = new Set(rows.map(({ limit }) => limit));
  expect(new Set(rows.map(({ limit }) => limit)).size).toBe(1);
  expect((await ws.read('acme')).meta).toEqual({ by: Number(winner) - 1 });
  const stored = rows.map((row) => row.id).toSorted();
  for (const { body } of answers) {
    expect(body.data.ratelimits.map((limit: { id: string }) => limit.id).toSorted()).toEqual(stored);
  }
});

test('updates of fifty identities with five limits each do not stand in each other’s way', async () => {
  const names = Array.from({ length: 5 }, (_, i) => `limit_${i}`);
  await together(50, (i) => ws.identity(`user_${i}`, { ratelimits: names.map((name) => limitOf(name)) }));
  for (const round of [1, 2, 3]) {
    const answers = await together(50, (i) =>
      ws.call('identities.updateIdentity', {
        identity: `user_${i}`,
        ratelimits: [...names.slice(round), `fresh_${round}`].map((name) => limitOf(name, round * 10)),
      }),
    );
    expect(new Set(statuses(answers))).toEqual(new Set([200]));
  }
});

test('an update that meets a deletion succeeds before it or finds nothing', async () => {
  const id = await ws.identity('acme');
  const [removed, ...updates] = await together(11, (i) =>
    i === 0 ? remove(id) : ws.call('identities.updateIdentity', { identity: id, meta: { i } }),
  );
  expect(removed?.status).toBe(200);
  for (const { status } of updates) expect([200, 404]).toContain(status);
});
