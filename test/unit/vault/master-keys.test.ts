import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../../src/lib/clock.ts';
import { randomIds } from '../../../src/lib/uid.ts';
import { generateMasterKey, MasterKeyError, readMasterKeys } from '../../../src/vault/master-keys.ts';
import { newMasterKey } from '../../support/vault.ts';
import { bytesField, int64Field, message, stringField } from './protobuf.ts';

const key = (id: string, bytes: Buffer): string =>
  message(stringField(1, id), int64Field(2, 1n), bytesField(3, bytes)).toString('base64');
const BYTES = Buffer.alloc(32, 7);

test('a generated key is one line of base64 with an id, the time, and 32 random bytes', () => {
  const line = generateMasterKey({ clock: new ManualClock(1_700_000_000_000), ids: randomIds });
  const bytes = Buffer.from(line, 'base64');
  const id = readMasterKeys(line, undefined).current.id;
  expect(id).toMatch(/^kek_\w{9}$/);
  expect(bytes.subarray(0, -34)).toEqual(message(stringField(1, id), int64Field(2, 1_700_000_000_000n)));
  expect(line).not.toBe(newMasterKey());
});

test('both keys are found by their ids', () => {
  const keys = readMasterKeys(key('kek_new', BYTES), key('kek_old', Buffer.alloc(32, 8)));
  expect(keys.current.id).toBe('kek_new');
  expect(keys.byId('kek_old')).toBe(keys.previous);
  expect(keys.byId('kek_other')).toBeUndefined();
});

describe('refuses', () => {
  test.each([
    ['nothing', ''],
    ['what is no base64', 'not base64!'],
    ['what is no protobuf', 'AAAA'],
    ['a key without an id', key('', BYTES)],
    ['a key that is too short', key('kek_1', BYTES.subarray(1))],
  ])('%s, as the current and as the previous key', (_name, text) => {
    expect(() => readMasterKeys(text, undefined)).toThrowError(MasterKeyError);
    expect(() => readMasterKeys(newMasterKey(), text)).toThrowError(
      expect.objectContaining({ which: 'previous' }),
    );
  });

  test('two keys of one id', () => {
    expect(() => readMasterKeys(key('kek_1', BYTES), key('kek_1', Buffer.alloc(32, 8)))).toThrowError(
      MasterKeyError,
    );
    expect(readMasterKeys(key('kek_1', BYTES), key('kek_1', BYTES)).current.id).toBe('kek_1');
  });
});

test('a key does not show itself', () => {
  const line = newMasterKey();
  const bytes = Buffer.from(line, 'base64').subarray(-32);
  const shown =
    inspect(readMasterKeys(line, undefined), { depth: 10 }) + JSON.stringify(readMasterKeys(line, undefined));
  expect(shown).not.toContain(bytes.toString('base64'));
  expect(shown).not.toContain(bytes.toString('hex'));
});
