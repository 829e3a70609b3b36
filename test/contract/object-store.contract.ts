// What every store of the Vault has to do.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ObjectStore } from '../../src/vault/storage/object-store.ts';

export interface OpenedObjectStore {
  readonly store: ObjectStore;
  close(): Promise<void>;
}

/** Runs the suite on stores that `open` makes, each empty. */
export function describeObjectStore(name: string, open: () => Promise<OpenedObjectStore>): void {
  describe(`the object store on ${name}`, () => {
    let opened: OpenedObjectStore;
    let store: ObjectStore;

    beforeEach(async () => {
      opened = await open();
      store = opened.store;
      await store.check();
    });
    afterEach(() => opened.close());

    const names = async (prefix: string): Promise<string[]> => {
      const found: string[] = [];
      for await (const name of store.list(prefix)) found.push(name);
      return found.sort();
    };

    test('gives back the bytes that were put, whatever they are', async () => {
      const bytes = Uint8Array.from({ length: 256 }, (_, value) => value);
      await store.put('keyring/ws_a/dek_1', bytes);
      expect(Uint8Array.from((await store.get('keyring/ws_a/dek_1')) ?? [])).toEqual(bytes);
    });

    test('has nothing under a name that was not put', async () => {
      await store.put('keyring/ws_a/dek_1', Buffer.from('x'));
      expect(await store.get('keyring/ws_a/dek_2')).toBeUndefined();
      expect(await store.get('keyring/ws_none/LATEST')).toBeUndefined();
    });

    test('puts an object in the place of the one before', async () => {
      await store.put('keyring/ws_a/LATEST', Buffer.from('first'));
      await store.put('keyring/ws_a/LATEST', Buffer.from('second'));
      expect(Buffer.from((await store.get('keyring/ws_a/LATEST')) ?? []).toString()).toBe('second');
      expect(await names('keyring/')).toEqual(['keyring/ws_a/LATEST']);
    });

    test('keeps names with slashes, spaces and letters of any alphabet apart', async () => {
      const keyrings = ['org/team/x', 'org/team', 'a b', 'ключ', 'a+b', 'a%2Fb'];
      for (const keyring of keyrings) await store.put(`keyring/${keyring}/dek_1`, Buffer.from(keyring));
      for (const keyring of keyrings) {
        expect(Buffer.from((await store.get(`keyring/${keyring}/dek_1`)) ?? []).toString()).toBe(keyring);
      }
      expect(await names('keyring/')).toEqual(keyrings.map((keyring) => `keyring/${keyring}/dek_1`).sort());
    });

    test('lists what begins with a prefix, and nothing for an empty one', async () => {
      for (const name of ['keyring/ws_a/dek_1', 'keyring/ws_ab/dek_1', 'other/x']) {
        await store.put(name, Buffer.from('x'));
      }
      expect(await names('keyring/ws_a')).toEqual(['keyring/ws_a/dek_1', 'keyring/ws_ab/dek_1']);
      expect(await names('keyring/ws_a/')).toEqual(['keyring/ws_a/dek_1']);
      expect(await names('none/')).toEqual([]);
      expect(await names('')).toEqual([]);
    });

    test('lists more than one page of objects', async () => {
      const expected = Array.from(
        { length: 1_100 },
        (_, i) => `keyring/ws_${String(i).padStart(4, '0')}/LATEST`,
      );
      for (let at = 0; at < expected.length; at += 100) {
        await Promise.all(expected.slice(at, at + 100).map((name) => store.put(name, Buffer.from('x'))));
      }
      expect(await names('keyring/')).toEqual(expected);
    });
  });
}
