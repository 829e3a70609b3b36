import { createDiskStore } from './disk-store.ts';
import { createMemoryStore } from './memory-store.ts';
import type { ObjectStore } from './object-store.ts';
import type { S3Options } from './s3-store.ts';

/** Where data keys are kept. */
export type StorageOptions =
  | { readonly kind: 'memory' }
  | { readonly kind: 'disk'; readonly path: string }
  | ({ readonly kind: 's3' } & S3Options);

/** The store that the options name; nothing is read or connected yet. */
export async function openObjectStore(options: StorageOptions): Promise<ObjectStore> {
  switch (options.kind) {
    case 'memory':
      return createMemoryStore();
    case 'disk':
      return createDiskStore(options.path);
    case 's3': {
      // Heavy, and of use to few.
      const { createS3Store } = await import('./s3-store.ts');
      return createS3Store(options);
    }
  }
}
