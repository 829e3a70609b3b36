import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startApi, type TestApi } from '../support/api.ts';
import { outcomeOf, type PlatformWorkspace, platformWorkspace } from '../support/platform-workspace.ts';
import { type ServedVault, serveTestVault, VAULT_TOKEN } from '../support/vault.ts';

let api: TestApi;
let served: ServedVault;
let ws: PlatformWorkspace;

beforeAll(async () => {
  served = await serveTestVault();
  api = await startApi({ config: { vault: { url: served.url, token: VAULT_TOKEN } } });
});
afterAll(async () => {
  await api?.stop();
  await served?.stop();
});
beforeEach(async () => {
  ws = await platformWorkspace(api);
  served.calls.length = 0;
});

interface TestVariable {
  readonly key: string;
  readonly value: string;
  readonly kind?: string;
  readonly description?: string;
}

const set = (variables: readonly TestVariable[], more: object = {}) =>
  ws.call('environments.setEnvironmentVariables', { ...ws.path, variables, ...more });
const remove = (variables: readonly string[]) =>
  ws.call('environments.removeEnvironmentVariables', { ...ws.path, variables });
const list = (more: object = {}) => ws.call('environments.listEnvironmentVariables', { ...ws.path, ...more });
/** What is listed, by key. */
const listed = async () =>
  (await list()).body.data.toSorted((a: TestVariable, b: TestVariable) => a.key.localeCompare(b.key));
const stored = () => ws.rows('app_environment_variables');
const metas = (events: readonly { readonly targets: readonly { readonly meta?: object }[] }[]) =>
  events.map(({ targets }) => targets[0]?.meta);
const vaultCalls = () => served.calls.map(({ path }) => path.split('/').at(-1));

describe('environments.setEnvironmentVariables', () => {
  test('stores values encrypted, and tells those that may be read', async () => {
    const { answer, events } = await ws.audited(() =>
      set([
        { key: 'SECRET', value: 'mark-of-a-secret' },
        { key: 'DATABASE_URL', value: 'mysql://db', kind: 'recoverable', description: 'Primary store' },
      ]),
    );
    expect([answer.status, answer.body.data]).toEqual([200, {}]);
    expect(vaultCalls()).toEqual(['EncryptBulk']);
    const rows = await stored();
    expect(rows).toMatchObject([
      { id: expect.stringMatching(/^evr_\w{9}$/), key: 'SECRET', type: 'writeonly', description: null },
      { environment_id: ws.production.id, app_id: ws.appId, key: 'DATABASE_URL', type: 'recoverable' },
    ]);
    expect(JSON.stringify(rows)).not.toMatch(/mark-of-a-secret|mysql:/);
    const createdAt = api.clock.now();
    expect(await listed()).toEqual([
      {
        key: 'DATABASE_URL',
        kind: 'recoverable',
        value: 'mysql://db',
        description: 'Primary store',
        createdAt,
      },
      { key: 'SECRET', kind: 'writeonly', createdAt },
    ]);
    const target = { type: 'environment', id: ws.production.id, name: 'production' };
    expect(events.map(({ event, targets }) => [event, targets])).toEqual([
      ['environment.update', [{ ...target, meta: { key: 'DATABASE_URL', prune: false } }]],
      ['environment.update', [{ ...target, meta: { key: 'SECRET', prune: false } }]],
    ]);
    expect(events[0]?.correlation_id).toBe(events[1]?.correlation_id);
  });

  test('makes a variable anew that is set again', async () => {
    await set([
      { key: 'A', value: 'x', kind: 'recoverable', description: 'first' },
      { key: 'B', value: 'b' },
    ]);
    const before = (await stored()).find(({ key }) => key === 'A');
    await set([{ key: 'A', value: 'y' }]);
    const after = (await stored()).filter(({ key }) => key === 'A');
    expect(after).toMatchObject([{ type: 'writeonly', description: null }]);
    expect(after[0]?.id).not.toBe(before?.id);
    expect((await listed()).map(({ key }: TestVariable) => key)).toEqual(['A', 'B']);
  });

  test('keys differ by letter case, and environments do not share them', async () => {
    await set([
      { key: 'a', value: '1', kind: 'recoverable' },
      { key: 'A', value: '2', kind: 'recoverable' },
    ]);
    await ws.call('environments.setEnvironmentVariables', {
      ...ws.path,
      environment: 'preview',
      variables: [],
      prune: true,
    });
    await set([{ key: 'a', value: '3', kind: 'recoverable' }]);
    expect(new Set((await listed()).map(({ key, value }: TestVariable) => `${key}=${value}`))).toEqual(
      new Set(['a=3', 'A=2']),
    );
  });

  test('prunes what is not in the list', async () => {
    await set([
      { key: 'A', value: 'x' },
      { key: 'B', value: 'x' },
    ]);
    const { events } = await ws.audited(() => set([{ key: 'B', value: 'y' }], { prune: true }));
    expect((await stored()).map(({ key }) => key)).toEqual(['B']);
    expect(metas(events)).toEqual([{ key: 'B', prune: true }]);
  });

  test('an empty list does nothing, or with prune empties the environment without the Vault', async () => {
    await set([{ key: 'A', value: 'x' }]);
    served.calls.length = 0;
    const idle = await ws.audited(() => set([]));
    expect([idle.answer.status, idle.events]).toEqual([200, []]);
    expect(await stored()).toHaveLength(1);
    const pruned = await ws.audited(() => set([], { prune: true }));
    expect([pruned.answer.status, metas(pruned.events)]).toEqual([200, [{ prune: true }]]);
    expect([await stored(), vaultCalls()]).toEqual([[], []]);
  });

  test('leaves what one of the callers wanted when several prune at once', async () => {
    const lists = [1, 2, 3, 4, 5, 6].map((n) => ['SHARED', `OWN_${n}`]);
    const answers = await Promise.all(
      lists.map((keys) =>
        set(
          keys.map((key) => ({ key, value: 'x' })),
          { prune: true },
        ),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual(lists.map(() => 200));
    expect(lists).toContainEqual((await stored()).map(({ key }) => key));
  });

  test('does not mind protection of a variable', async () => {
    await set([{ key: 'A', value: 'x' }]);
    await api.db.primary.run('test', 'UPDATE app_environment_variables SET delete_protection = 1');
    await remove(['A']);
    expect(await stored()).toEqual([]);
  });

  test.each([
    [
      'a key twice',
      [
        { key: 'A', value: 'x' },
        { key: 'A', value: 'y' },
      ],
    ],
    ['a value with too many bytes', [{ key: 'A', value: '€'.repeat(5462) }]],
  ])('refuses %s before the Vault is asked', async (_what, variables) => {
    const { answer, events } = await ws.audited(() => set(variables));
    expect(outcomeOf(answer)).toEqual([400, 'invalid_input']);
    expect(answer.body.error.errors).toEqual([]);
    expect([events, await stored(), vaultCalls()]).toEqual([[], [], []]);
  });

  test('takes a value of exactly as many bytes as there may be', async () => {
    expect((await set([{ key: 'A', value: 'x'.repeat(16_384) }])).status).toBe(200);
  });

  test.each([
    [Array.from({ length: 51 }, (_, i) => ({ key: `K${i}`, value: 'x' }))],
    [[{ key: '1A', value: 'x' }]],
    [[{ key: 'A', value: '' }]],
    [[{ key: 'A', value: 'x'.repeat(16_385) }]],
    [[{ key: 'A', value: 'x', kind: 'secret' }]],
    [[{ key: 'A', value: 'x', description: 'd'.repeat(256) }]],
    [[{ key: 'A', value: 'x', colour: 'red' }]],
  ])('refuses %.60j by its schema', async (variables) => {
    const answer = await set(variables);
    expect(outcomeOf(answer)).toEqual([400, 'invalid_input']);
    expect(answer.body.error.errors.length).toBeGreaterThan(0);
  });
});

describe('environments.listEnvironmentVariables', () => {
  test('pages by id, and asks the Vault once a page', async () => {
    await set(['A', 'B', 'C'].map((key) => ({ key, value: key.toLowerCase(), kind: 'recoverable' })));
    served.calls.length = 0;
    const first = (await list({ limit: 2 })).body;
    expect(vaultCalls()).toEqual(['DecryptBulk']);
    expect(first.pagination).toEqual({ hasMore: true, cursor: expect.stringMatching(/^evr_/) });
    const second = (await list({ limit: 2, cursor: first.pagination.cursor })).body;
    expect(second.pagination).toEqual({ hasMore: false });
    const values = [...first.data, ...second.data].map(({ key, value }) => `${key}=${value}`);
    expect(values.sort()).toEqual(['A=a', 'B=b', 'C=c']);
  });

  test('does without the Vault where nothing can be read', async () => {
    await set([{ key: 'A', value: 'x' }]);
    served.calls.length = 0;
    expect((await list()).body.data).toEqual([{ key: 'A', kind: 'writeonly', createdAt: api.clock.now() }]);
    expect(vaultCalls()).toEqual([]);
  });

  test('fails for a ciphertext that the Vault cannot read', async () => {
    await set([{ key: 'A', value: 'x', kind: 'recoverable' }]);
    await api.db.primary.run('test', "UPDATE app_environment_variables SET value = 'bm9uc2Vuc2U='");
    expect(outcomeOf(await list())).toEqual([500, 'service_unavailable']);
    await api.db.primary.run('test', 'DELETE FROM app_environment_variables');
  });

  test('is refused to those who may only set', async () => {
    const answer = await ws.as(
      ['environment.*.set_environment_variables'],
      'environments.listEnvironmentVariables',
      ws.path,
    );
    expect(outcomeOf(answer)).toEqual([403, 'insufficient_permissions']);
  });

  test.each([{ cursor: '' }, { limit: 0 }, { limit: 101 }, { cursor: 'c'.repeat(1025) }])(
    'refuses %.30j by its schema',
    async (more) => {
      expect(outcomeOf(await list(more))).toEqual([400, 'invalid_input']);
    },
  );
});

describe('environments.removeEnvironmentVariables', () => {
  test('removes what is there, each once and letter by letter', async () => {
    await set([
      { key: 'A', value: 'x' },
      { key: 'a', value: 'x' },
      { key: 'B', value: 'x' },
    ]);
    const { answer, events } = await ws.audited(() => remove(['B', 'A', 'A', 'NOPE']));
    expect([answer.status, answer.body.data]).toEqual([200, {}]);
    expect((await stored()).map(({ key }) => key)).toEqual(['a']);
    expect(metas(events)).toEqual([{ key: 'A' }, { key: 'B' }]);
  });

  test('tells of nothing when nothing is there', async () => {
    const { answer, events } = await ws.audited(() => remove(['NOPE']));
    expect([answer.status, events]).toEqual([200, []]);
  });

  test.each([[[]], [['1A']], [Array.from({ length: 51 }, () => 'A')]])(
    'refuses %.30j by its schema',
    async (keys) => {
      expect(outcomeOf(await remove(keys))).toEqual([400, 'invalid_input']);
    },
  );
});

describe('with the Vault away', () => {
  test('nothing is stored and nothing read', async () => {
    await set([{ key: 'A', value: 'x', kind: 'recoverable' }]);
    await served.stop();
    try {
      const { answer, events } = await ws.audited(() => set([{ key: 'B', value: 'x' }], { prune: true }));
      expect(outcomeOf(answer)).toEqual([500, 'service_unavailable']);
      expect([events, (await stored()).map(({ key }) => key)]).toEqual([[], ['A']]);
      expect(outcomeOf(await list())).toEqual([500, 'service_unavailable']);
      expect((await remove(['A'])).status).toBe(200);
    } finally {
      await served.start();
    }
  });

  test('an installation without one says so, once there is something to encrypt', async () => {
    const alone = await startApi();
    try {
      const there = await platformWorkspace(alone);
      const setThere = (variables: readonly TestVariable[]) =>
        there.call('environments.setEnvironmentVariables', { ...there.path, variables, prune: true });
      expect(outcomeOf(await setThere([{ key: 'A', value: 'x' }]))).toEqual([412, 'precondition_failed']);
      expect((await setThere([])).status).toBe(200);
      await alone.insert('app_environment_variables', {
        id: 'evr_1',
        workspace_id: there.id,
        app_id: there.appId,
        environment_id: there.production.id,
        key: 'A',
        value: 'ciphertext',
        type: 'recoverable',
        created_at: 0,
      });
      expect(outcomeOf(await there.call('environments.listEnvironmentVariables', there.path))).toEqual([
        412,
        'precondition_failed',
      ]);
    } finally {
      await alone.stop();
    }
  });
});
