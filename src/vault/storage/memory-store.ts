import type { ObjectStore } from './object-store.ts';

/** Objects in this process, gone when it ends. */
export function createMemoryStore(): ObjectStore {
  const objects = new Map<string, Uint8Array>();
  return {
    get: (name) => Promise.resolve(objects.get(name)),
    put: (name, bytes) => {
      objects.set(name, Uint8Array.from(bytes));
      return Promise.resolve();
    },
    async *list(prefix) {
      if (prefix === '') return;
      for (const name of [...objects.keys()]) if (name.startsWith(prefix)) yield name;
    },
    check: () => Promise.resolve(),
    close: () => undefined,
  };
}
