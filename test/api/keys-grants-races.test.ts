// Parallel changes of what keys are granted: all succeed, and what they leave and answer is what some serial order
// of them would.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, startApi, type TestApi } from '../support/api.ts';
import { auditReader, GRANT_ADMIN, insertPermission } from '../support/key-grants.ts';
import { Random, seedOf } from '../support/prng.ts';
import { type TestWorkspace, testWorkspace } from '../support/workspace.ts';

let api: TestApi;
let ws: TestWorkspace;
let admin: string;

beforeAll(async () => {
  api = await startApi();
  ws = await testWorkspace(api);
  admin = await api.rootKey(GRANT_ADMIN, ws.id);
});
afterAll(() => api.stop());

type Verb = 'add' | 'remove' | 'set';
type Kind = 'permissions' | 'roles';

interface Change {
  readonly verb: Verb;
  readonly items: readonly string[];
}

const OPERATION = {
  permissions: { add: 'addPermissions', remove: 'removePermissions', set: 'setPermissions' },
  roles: { add: 'addRoles', remove: 'removeRoles', set: 'setRoles' },
} as const;
const MEMBER = { permissions: 'slug', roles: 'name' } as const;

const call = (kind: Kind, verb: Verb, keyId: string, items: readonly string[]): Promise<Answer> =>
  api.call(`keys.${OPERATION[kind][verb]}`, { keyId, [kind]: items }, admin);
const attached = async (kind: Kind, keyId: string): Promise<string[]> =>
  (await ws.call('keys.getKey', { keyId })).body.data[kind] ?? [];
const together = <T>(times: number, work: (i: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: times }, (_, i) => work(i)));
const statuses = (answers: readonly Answer[]) => [...new Set(answers.map(({ status }) => status))];

/** What the key has after the change. */
function applied(state: readonly string[], { verb, items }: Change): string[] {
  if (verb === 'add') return [...new Set([...state, ...items])].sort();
  return (verb === 'set' ? [...new Set(items)] : state.filter((item) => !items.includes(item))).toSorted();
}

/** Every order of the numbers below `length`. */
function orders(length: number): number[][] {
  if (length === 0) return [[]];
  return orders(length - 1).flatMap((order) =>
    Array.from({ length }, (_, at) => [...order.slice(0, at), length - 1, ...order.slice(at)]),
  );
}

/** What the key has in the end and what each change answers, when they happen in this order. */
function outcome(state: readonly string[], changes: readonly Change[], order: readonly number[]): string {
  const answers: string[][] = [];
  let current = state;
  for (const index of order) {
    current = applied(current, changes[index] as Change);
    answers[index] = [...current];
  }
  return JSON.stringify({ current, answers });
}

async function makeItems(kind: Kind, items: readonly string[]): Promise<void> {
  for (const item of items) {
    if (kind === 'roles') await ws.role(item);
    else await insertPermission(api, ws.id, { slug: item });
  }
}

describe.each(['permissions', 'roles'] as const)('%s', (kind) => {
  test('parallel changes of one key are explained by some serial order', async () => {
    const random = new Random(seedOf(kind.length));
    const items = ['a', 'b', 'c', 'd'].map((letter) => `serial.${letter}`);
    const some = () => items.filter(() => random.chance(0.5));
    await makeItems(kind, items);

    for (let round = 0; round < 15; round++) {
      const before = some();
      const { keyId } = await ws.createKey({ [kind]: before });
      const changes = Array.from({ length: 5 }, (): Change => {
        const verb = random.pick(['add', 'remove', 'set'] as const);
        const chosen = some();
        return { verb, items: chosen.length === 0 && verb !== 'set' ? items : chosen };
      });
      const answers = await Promise.all(changes.map(({ verb, items: of }) => call(kind, verb, keyId, of)));
      expect(statuses(answers)).toEqual([200]);
      const observed = JSON.stringify({
        current: await attached(kind, keyId),
        answers: answers.map(({ body }) =>
          body.data.map((item: Record<string, string>) => item[MEMBER[kind]]).sort(),
        ),
      });
      const explanations = orders(changes.length).map((order) => outcome(before.toSorted(), changes, order));
      expect(explanations, `before: ${before}; ${JSON.stringify(changes)}`).toContain(observed);
    }
  });

  test('of ten different sets of one key one is left', async () => {
    const sets = Array.from({ length: 10 }, (_, i) =>
      [`set.${i}a`, `set.${i}b`, `set.${(i + 1) % 10}a`].sort(),
    );
    await makeItems(kind, [...new Set(sets.flat())]);
    const { keyId } = await ws.createKey();
    expect(statuses(await together(10, (i) => call(kind, 'set', keyId, sets[i] ?? [])))).toEqual([200]);
    expect(sets).toContainEqual(await attached(kind, keyId));
  });

  test('ten overlapping additions all count, and each link is told of once', async () => {
    const items = Array.from({ length: 12 }, (_, i) => `over.${String(i).padStart(2, '0')}`);
    await makeItems(kind, items);
    const { keyId } = await ws.createKey();
    const takeEvents = auditReader(api, ws.id);
    await takeEvents();
    const answers = await together(10, (i) => call(kind, 'add', keyId, items.slice(i, i + 3)));
    expect(statuses(answers)).toEqual([200]);
    expect(await attached(kind, keyId)).toEqual(items);
    const told = (await takeEvents()).map(({ targets }) => targets[1]?.name);
    expect(told.sort()).toEqual(items);
  });

  test('fifty equal additions and fifty equal removals each happen once', async () => {
    await makeItems(kind, ['fifty']);
    const { keyId } = await ws.createKey();
    const takeEvents = auditReader(api, ws.id);
    await takeEvents();
    expect(statuses(await together(50, () => call(kind, 'add', keyId, ['fifty'])))).toEqual([200]);
    expect(await attached(kind, keyId)).toEqual(['fifty']);
    expect(await takeEvents()).toHaveLength(1);
    expect(statuses(await together(50, () => call(kind, 'remove', keyId, ['fifty'])))).toEqual([200]);
    expect(await attached(kind, keyId)).toEqual([]);
    expect(await takeEvents()).toHaveLength(1);
  });
});

test('fifty keys that are given the same new permissions share them', async () => {
  const keys = await together(10, () => ws.createKey());
  const slugs = ['shared.c', 'shared.a', 'shared.b'];
  const answers = await together(50, (i) =>
    call(
      'permissions',
      i % 2 === 0 ? 'add' : 'set',
      keys[i % keys.length]?.keyId ?? '',
      [...slugs.slice(i % 3), ...slugs.slice(0, i % 3)].map((slug) =>
        i % 4 === 0 ? slug.toUpperCase() : slug,
      ),
    ),
  );
  expect(statuses(answers)).toEqual([200]);
  const rows = await api.db.primary.all(
    'test',
    "SELECT slug FROM permissions WHERE workspace_id = :id AND LOWER(slug) LIKE 'shared.%'",
    { id: ws.id },
  );
  expect(rows).toHaveLength(3);
  for (const { keyId } of keys) expect(await attached('permissions', keyId)).toHaveLength(3);
});

test('a permission can be deleted from the store while keys are given it', async () => {
  const { keyId } = await ws.createKey();
  for (let round = 0; round < 10; round++) {
    const { id, slug } = await insertPermission(api, ws.id, { slug: `leaving.${round}` });
    const [answer] = await Promise.all([
      call('permissions', 'add', keyId, [slug]),
      api.db.transaction(async (tx) => {
        await tx.run('test', 'DELETE FROM permissions WHERE id = :id', { id });
        await tx.run('test', 'DELETE FROM keys_permissions WHERE permission_id = :id', { id });
      }),
    ]);
    expect(answer.status).toBe(200);
  }
});
