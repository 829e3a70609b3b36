// Objects as files: the name of an object is its path below a directory. Files and directories are readable by their owner
// alone.

import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { access, mkdir, open, opendir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import type { ObjectStore } from './object-store.ts';

const TEMPORARY = /^\.vault-.*\.tmp$/;

/** The name cannot be the path of a file below the directory. */
export class ObjectNameError extends Error {
  override readonly name = 'ObjectNameError';
}

/** A store below `root`, which is made when something is written to it. */
export function createDiskStore(root: string): ObjectStore {
  const base = resolve(root);
  const pathOf = (name: string): string => join(base, ...segmentsOf(name));
  return {
    async get(name) {
      const path = pathOf(name);
      return readFile(path).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return undefined;
        throw error;
      });
    },
    put: (name, bytes) => writeWhole(pathOf(name), bytes),
    async *list(prefix) {
      if (prefix === '') return;
      for await (const path of filesBelow(base)) {
        const name = relative(base, path).split(sep).join('/');
        if (name.startsWith(prefix)) yield name;
      }
    },
    async check() {
      await mkdir(base, { recursive: true, mode: 0o700 });
      await access(base, constants.R_OK | constants.W_OK | constants.X_OK);
    },
    close: () => undefined,
  };
}

/**
 * The parts of an object's name. A part that a file system resolves (`..`, an empty one) would let one keyring reach the
 * files of another.
 */
function segmentsOf(name: string): string[] {
  const segments = name.split('/');
  const isUsable = (segment: string) =>
    segment !== '' &&
    segment !== '.' &&
    segment !== '..' &&
    !segment.includes('\0') &&
    !TEMPORARY.test(segment);
  if (!segments.every(isUsable)) throw new ObjectNameError('the keyring cannot be the name of a directory');
  return segments;
}

/** Puts the file in place when all of it is on the disk, so that neither a reader nor a crash meets half of it. */
async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  const directory = dirname(path);
  await makeDirectory(directory);
  const temporary = join(directory, `.vault-${randomBytes(8).toString('hex')}.tmp`);
  try {
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    await syncDirectory(directory);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Makes what is missing of a path; each new directory is a new name in the one above it. */
async function makeDirectory(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  for (let made = path; made.length >= first.length; made = dirname(made)) await syncDirectory(dirname(made));
}

/** A new name is on the disk when its directory is. */
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, constants.O_RDONLY);
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

async function* filesBelow(directory: string): AsyncGenerator<string> {
  let entries: Awaited<ReturnType<typeof opendir>>;
  try {
    entries = await opendir(directory);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return;
    throw error;
  }
  for await (const entry of entries) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) yield* filesBelow(path);
    else if (entry.isFile() && !TEMPORARY.test(entry.name)) yield path;
  }
}
