import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createKey } from '../../../src/server/routes/keys/create-key.ts';
import { getKey } from '../../../src/server/routes/keys/get-key.ts';
import { type UpdateKeyBody, updateKey } from '../../../src/server/routes/keys/update-key.ts';
import { API, CALLER, openWorkbench, WORKSPACE, type Workbench } from './workbench.ts';

let bench: Workbench;
beforeEach(async () => {
  bench = await openWorkbench();
});
afterEach(() => bench.close());

const code = (specific: string) => expect.objectContaining({ code: `unkey:${specific}` });
const newKey = async (body: object = {}): Promise<string> =>
  (await bench.run(createKey, { apiId: API, ...body })).keyId;
const change = (keyId: string, body: Omit<UpdateKeyBody, 'keyId'>) =>
  bench.run(updateKey, { keyId, ...body });

describe('lists', () => {
  const limit = (name: string, value = 1) => ({ name, limit: value, duration: 60_000, autoApply: true });
  const limits = (keyId: string) =>
    bench.rows<{ id: string; name: string; limit: number; created_at: number; updated_at: number | null }>(
      'SELECT id, name, `limit`, created_at, updated_at FROM ratelimits WHERE key_id = :keyId ORDER BY name',
      { keyId },
    );

  test('limits are replaced by name: gone, kept with their id, new', async () => {
    const keyId = await newKey({ ratelimits: [limit('aaa'), limit('bbb')] });
    const [, before] = await limits(keyId);
    bench.clock.advance(1000);
    await change(keyId, { ratelimits: [limit('bbb', 9), limit('ccc', 2), limit('ccc', 5)] });
    const [kept, fresh, ...others] = await limits(keyId);
    expect(others).toEqual([]);
    expect(kept).toEqual({ ...before, limit: 9, updated_at: bench.clock.now() });
    expect(fresh).toMatchObject({ name: 'ccc', limit: 5, created_at: bench.clock.now(), updated_at: null });
  });

  test('limit names compare with their letter case', async () => {
    const keyId = await newKey({ ratelimits: [limit('aaa')] });
    await change(keyId, { ratelimits: [limit('AAA')] });
    expect((await limits(keyId)).map(({ name }) => name)).toEqual(['AAA']);
  });

  test('limits of the identity stay', async () => {
    const keyId = await newKey({ externalId: 'u_1' });
    const [identity] = await bench.rows<{ id: string }>('SELECT id FROM identities');
    await bench.insert('ratelimits', {
      id: 'rl_1',
      name: 'shared',
      workspace_id: 'ws_a',
      created_at: 0,
      identity_id: identity?.id ?? '',
      limit: 1,
      duration: 1000,
      auto_apply: true,
    });
    await change(keyId, { ratelimits: [] });
    expect((await bench.run(getKey, { keyId })).identity.ratelimits).toHaveLength(1);
  });

  test('unknown permissions are created with a description, those that differ in case are linked', async () => {
    const keyId = await newKey({ permissions: ['docs.read'] });
    await change(keyId, { permissions: ['DOCS.READ', 'new.one', 'New.One'] });
    expect((await bench.run(getKey, { keyId })).permissions).toEqual(['docs.read', 'new.one']);
    const [created] = await bench.rows<{ description: string }>(
      "SELECT description FROM permissions WHERE slug = 'new.one'",
    );
    expect(created?.description).toContain('new.one');
  });

  test('an unknown role undoes the whole call, a role of another letter case is unknown', async () => {
    await bench.insert('roles', { id: 'role_1', workspace_id: 'ws_a', project_id: 'p', name: 'admin' });
    const keyId = await newKey({ name: 'before' });
    const changing = change(keyId, { name: 'after', permissions: ['p.new'], roles: ['admin', 'Admin'] });
    await expect(changing).rejects.toThrowError(code('data:role_not_found'));
    await expect(changing).rejects.toThrowError(
      expect.objectContaining({ publicMessage: expect.stringContaining('Admin') }),
    );
    expect((await bench.run(getKey, { keyId })).name).toBe('before');
    expect(await bench.rows('SELECT slug FROM permissions')).toEqual([]);
    await change(keyId, { roles: ['admin', 'admin'] });
    expect((await bench.run(getKey, { keyId })).roles).toEqual(['admin']);
  });

  test('parallel replacements of the same limits all succeed', async () => {
    const keyId = await newKey();
    await Promise.all(
      Array.from({ length: 10 }, (_, i) =>
        change(keyId, { ratelimits: [limit('aaa', i + 1), limit('bbb', i + 1), limit('ccc', i + 1)] }),
      ),
    );
    const values = (await limits(keyId)).map((row) => row.limit);
    expect(values).toHaveLength(3);
    expect(new Set(values).size).toBe(1);
  });
});

describe('side effects', () => {
  test('the live balance is dropped exactly when credits were named', async () => {
    const keyId = await newKey({ credits: { remaining: 5 } });
    await change(keyId, { name: 'x' });
    expect(bench.invalidated).toEqual([]);
    await change(keyId, { credits: {} });
    await change(keyId, { credits: null });
    expect(bench.invalidated).toEqual([keyId, keyId]);
  });

  test('a counter store that does not answer costs nothing but a log line', async () => {
    const other = await openWorkbench({ usage: { invalidate: () => Promise.reject(new Error('down')) } });
    const { keyId } = await other.run(createKey, { apiId: API });
    await expect(other.run(updateKey, { keyId, credits: { remaining: 1 } })).resolves.toEqual({});
    await other.close();
  });

  test("the key's cached verification entry goes after the commit, not on a failure", async () => {
    const keyId = await newKey();
    const removed: string[] = [];
    bench.keyCache.remove = (...hashes) => {
      removed.push(...hashes);
    };
    await expect(change(keyId, { roles: ['nope'] })).rejects.toThrowError();
    expect(removed).toEqual([]);
    await change(keyId, {});
    const [row] = await bench.rows<{ hash: string }>('SELECT hash FROM `keys`');
    expect(removed).toEqual([row?.hash]);
  });

  test('the time of change is set even when nothing else is', async () => {
    const keyId = await newKey();
    bench.clock.advance(5000);
    await change(keyId, {});
    expect((await bench.run(getKey, { keyId })).updatedAt).toBe(bench.clock.now());
  });

  test('a key that was deleted since it was loaded is not found, and nothing is stored for it', async () => {
    const keyId = await newKey();
    const key = await bench.services.keys.findById(WORKSPACE, keyId);
    await bench.db.primary.run('test', 'UPDATE `keys` SET deleted_at_m = 1');
    await expect(
      bench.services.keys.update(CALLER, key, { externalId: 'u_late', permissions: ['p.late'] }),
    ).rejects.toThrowError(code('data:key_not_found'));
    expect(await bench.rows('SELECT id FROM identities')).toEqual([]);
    expect(await bench.rows('SELECT id FROM permissions')).toEqual([]);
  });

  test('a store that does not answer is reported as such', async () => {
    const keyId = await newKey();
    await bench.db.primary.run('test', 'ALTER TABLE key_auth RENAME TO lost');
    await expect(change(keyId, {})).rejects.toThrowError(code('application:service_unavailable'));
  });

  test('a refused refill stores neither the identity nor anything else', async () => {
    const keyId = await newKey({ credits: { remaining: 5 } });
    const changing = change(keyId, {
      externalId: 'u_new',
      credits: { remaining: 1, refill: { interval: 'monthly', amount: 1 } },
    });
    await expect(changing).rejects.toThrowError(code('application:invalid_input'));
    expect(await bench.rows('SELECT id FROM identities')).toEqual([]);
    expect((await bench.run(getKey, { keyId })).credits).toEqual({ remaining: 5 });
  });

  test('parallel calls with one new external id share one identity', async () => {
    const keyIds = await Promise.all(Array.from({ length: 10 }, () => newKey()));
    await Promise.all(keyIds.map((keyId) => change(keyId, { externalId: 'u_1' })));
    expect(await bench.rows('SELECT id FROM identities')).toHaveLength(1);
    expect(await bench.rows('SELECT DISTINCT identity_id FROM `keys`')).toHaveLength(1);
  });
});

describe('credits', () => {
  const credits = async (keyId: string) => {
    const [row] = await bench.rows(
      'SELECT remaining_requests AS remaining, refill_amount AS amount, refill_day AS day FROM `keys` WHERE id = :keyId',
      { keyId },
    );
    return [row?.remaining, row?.amount, row?.day];
  };

  test.each([
    [[100, 50, 15], null, [null, null, null]],
    [[200, 75, 10], { remaining: null }, [null, null, null]],
    [[300, 100, 25], { refill: null }, [300, null, null]],
    [[500, 50, 5], { refill: { interval: 'monthly', amount: 150, refillDay: 20 } }, [500, 150, 20]],
    [[100, 200, 12], { remaining: 999 }, [999, 200, 12]],
    [[50, null, null], { refill: { interval: 'daily', amount: 25 } }, [50, 25, null]],
    [[50, 20, 3], {}, [50, 20, 3]],
    [[50, 20, 3], undefined, [50, 20, 3]],
  ] as const)('%j changed by %j become %j', async ([remaining, amount, day], patch, expected) => {
    const keyId = await newKey({
      credits: {
        remaining,
        ...(amount === null ? {} : { refill: { interval: 'monthly', amount, refillDay: day } }),
      },
    });
    await change(keyId, { enabled: true, ...(patch === undefined ? {} : { credits: patch }) });
    expect(await credits(keyId)).toEqual(expected);
  });
});
