// What has to be on the disk before an object counts as written: after a loss of power, a text must not be there without its
// data key.

import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createDiskStore } from '../../../src/vault/storage/disk-store.ts';

vi.mock('node:fs/promises', async (importOriginal) => {
  const original = await importOriginal<typeof import('node:fs/promises')>();
  return { ...original, open: vi.fn(original.open) };
});

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'unkey-disk-'));
  vi.mocked(open).mockClear();
});
afterEach(() => rm(root, { recursive: true }));

/** The directories that were opened, which nothing does but to sync them. */
function synced(): string[] {
  const paths = vi.mocked(open).mock.calls.map(([path]) => String(path));
  return paths.filter((path) => !path.endsWith('.tmp'));
}

test('the first object of a keyring syncs every directory that got a new name', async () => {
  await createDiskStore(root).put('keyring/org/x/dek_1', Buffer.from('x'));
  const below = (...names: string[]) => join(root, ...names);
  expect(synced()).toEqual([
    below('keyring', 'org'),
    below('keyring'),
    below(),
    below('keyring', 'org', 'x'),
  ]);
});

test('a later one syncs its own directory alone', async () => {
  const store = createDiskStore(root);
  await store.put('keyring/ws_1/dek_1', Buffer.from('x'));
  vi.mocked(open).mockClear();
  await store.put('keyring/ws_1/LATEST', Buffer.from('x'));
  expect(synced()).toEqual([join(root, 'keyring', 'ws_1')]);
});
