import { createMemoryStore } from '../../src/vault/storage/memory-store.ts';
import { describeObjectStore } from './object-store.contract.ts';

describeObjectStore('memory', async () => ({ store: createMemoryStore(), close: async () => undefined }));
