import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createDiskStore, ObjectNameError } from '../../src/vault/storage/disk-store.ts';
import { describeObjectStore } from './object-store.contract.ts';

const freshDirectory = (): Promise<string> => mkdtemp(join(tmpdir(), 'unkey-vault-'));

describeObjectStore('disk', async () => {
  const directory = await freshDirectory();
  return {
    store: createDiskStore(join(directory, 'vault')),
    close: () => rm(directory, { recursive: true }),
  };
});

describe('objects on disk', () => {
  let root: string;

  beforeEach(async () => {
    root = await freshDirectory();
  });
  afterEach(() => rm(root, { recursive: true }));

  test.each([
    '',
    '/',
    '/etc/passwd',
    '../outside',
    'keyring/../../outside/LATEST',
    'keyring/./LATEST',
    'keyring//LATEST',
    'keyring/a\0b/LATEST',
    'keyring/.vault-1.tmp/LATEST',
  ])('refuses the name %j, for reading and for writing', async (name) => {
    const store = createDiskStore(join(root, 'vault'));
    await expect(store.get(name)).rejects.toBeInstanceOf(ObjectNameError);
    await expect(Promise.resolve().then(() => store.put(name, Buffer.from('x')))).rejects.toBeInstanceOf(
      ObjectNameError,
    );
    expect(await readdir(root)).toEqual([]);
  });

  test('are readable by their owner alone', async () => {
    await createDiskStore(join(root, 'vault')).put('keyring/ws_a/LATEST', Buffer.from('x'));
    const modeOf = async (path: string): Promise<number> => (await stat(join(root, path))).mode & 0o777;
    expect(await modeOf('vault')).toBe(0o700);
    expect(await modeOf('vault/keyring/ws_a')).toBe(0o700);
    expect(await modeOf('vault/keyring/ws_a/LATEST')).toBe(0o600);
  });

  test('leave no temporary file, and do not list one that a crash left', async () => {
    const store = createDiskStore(root);
    await Promise.all(
      Array.from({ length: 20 }, (_, i) => store.put('keyring/ws_a/LATEST', Buffer.from(String(i)))),
    );
    expect(await readdir(join(root, 'keyring', 'ws_a'))).toEqual(['LATEST']);
    await writeFile(join(root, 'keyring', 'ws_a', '.vault-crashed.tmp'), 'half');
    const listed: string[] = [];
    for await (const name of store.list('keyring/')) listed.push(name);
    expect(listed).toEqual(['keyring/ws_a/LATEST']);
  });

  test('are refused, and nothing is left behind, where the directory cannot be written', async () => {
    await writeFile(join(root, 'file'), 'x');
    const store = createDiskStore(join(root, 'file'));
    await expect(store.check()).rejects.toThrow();
    await expect(store.put('keyring/ws_a/LATEST', Buffer.from('x'))).rejects.toThrow();
    await mkdir(join(root, 'vault', 'keyring', 'ws_a', 'LATEST'), { recursive: true });
    await expect(
      createDiskStore(join(root, 'vault')).put('keyring/ws_a/LATEST', Buffer.from('x')),
    ).rejects.toThrow();
    expect(await readdir(join(root, 'vault', 'keyring', 'ws_a'))).toEqual(['LATEST']);
  });
});
