// What keys.updateCredits, and a change of credits by keys.updateKey, do beside the balance itself.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createKey } from '../../../src/server/routes/keys/create-key.ts';
import { updateCredits } from '../../../src/server/routes/keys/update-credits.ts';
import { updateKey } from '../../../src/server/routes/keys/update-key.ts';
import { DatabaseError } from '../../../src/storage/sql/database.ts';
import { API, CALLER, openWorkbench, WORKSPACE, type Workbench } from './workbench.ts';

let bench: Workbench;
let keyId: string;
/** What was asked of the usage limiter, with the balance that the store had then. */
let asked: [string, unknown][];
let failing: 'settle' | 'invalidate' | undefined;

const balance = async (): Promise<unknown> =>
  (await bench.rows('SELECT remaining_requests AS remaining FROM `keys` WHERE id = :keyId', { keyId }))[0]
    ?.remaining;

beforeEach(async () => {
  asked = [];
  failing = undefined;
  const noting = (call: 'settle' | 'invalidate') => async (): Promise<void> => {
    asked.push([call, await balance()]);
    if (failing === call) throw new DatabaseError('the store is away');
  };
  bench = await openWorkbench({ usage: { settle: noting('settle'), invalidate: noting('invalidate') } });
  keyId = (await bench.run(createKey, { apiId: API, credits: { remaining: 5 } })).keyId;
});
afterEach(() => bench.close());

const change = (value: number) => bench.run(updateCredits, { keyId, operation: 'increment', value });

describe('keys.updateCredits', () => {
  test('has what was spent written before, and the live balance dropped after', async () => {
    expect(await change(3)).toEqual({ remaining: 8 });
    expect(asked).toEqual([
      ['settle', 5],
      ['invalidate', 8],
    ]);
  });

  test('changes nothing when what was spent cannot be written', async () => {
    failing = 'settle';
    await expect(change(3)).rejects.toMatchObject({ code: 'unkey:application:service_unavailable' });
    expect(await balance()).toBe(5);
  });

  test('succeeds when the live balance cannot be dropped', async () => {
    failing = 'invalidate';
    expect(await change(3)).toEqual({ remaining: 8 });
  });

  test('does not drop the live balance for a change that is refused', async () => {
    await expect(change(Number.MAX_SAFE_INTEGER)).rejects.toMatchObject({
      code: 'unkey:application:invalid_input',
    });
    expect(asked).toEqual([['settle', 5]]);
    expect(await balance()).toBe(5);
  });

  test('drops the cached verification entry', async () => {
    const removed: string[] = [];
    bench.keyCache.remove = (...hashes) => void removed.push(...hashes);
    await change(1);
    expect(removed).toEqual((await bench.rows('SELECT hash FROM `keys`')).map(({ hash }) => hash));
  });

  test('does not find a key that vanished meanwhile', async () => {
    const key = await bench.services.keys.findById(WORKSPACE, keyId);
    await bench.db.primary.run('test', 'UPDATE `keys` SET deleted_at_m = 1 WHERE id = :keyId', { keyId });
    await expect(
      bench.services.keys.updateCredits(CALLER, key, { operation: 'set', value: 1 }),
    ).rejects.toMatchObject({ code: 'unkey:data:key_not_found' });
  });
});

describe('keys.updateKey', () => {
  test('has what was spent written before it changes credits, and only then', async () => {
    await bench.run(updateKey, { keyId, name: 'renamed' });
    expect(asked).toEqual([]);
    await bench.run(updateKey, { keyId, credits: { remaining: 9 } });
    expect(asked).toEqual([
      ['settle', 5],
      ['invalidate', 9],
    ]);
  });
});
