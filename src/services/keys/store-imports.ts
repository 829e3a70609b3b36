// The transaction of an import: a few statements for each thousand rows, however many keys there are.

import { compareBytes } from '../../lib/byte-order.ts';
import { chunksOf } from '../../lib/chunks.ts';
import type { Clock } from '../../lib/clock.ts';
import { idsOf } from '../../lib/rows.ts';
import type { IdSource } from '../../lib/uid.ts';
import { type Database, DuplicateKeyError, type Transaction } from '../../storage/sql/database.ts';
import { toDateTime } from '../../storage/sql/dialect.ts';
import { insertPermissionLinks, insertRoleLinks } from '../../storage/sql/queries/key-grants.ts';
import {
  insertMigratedKeysOrKeep,
  listKeyHashes,
  listTakenHashes,
} from '../../storage/sql/queries/key-migrations.ts';
import type { NewKeyRow } from '../../storage/sql/queries/keys.ts';
import { insertKeyRatelimits } from '../../storage/sql/queries/ratelimits.ts';
import { type Caller, writeCallerEvents } from '../audit/audit-log.ts';
import { importEvents } from './import-events.ts';
import { ensureReferences } from './import-references.ts';
import type { CheckedImport, ImportedKey } from './key-imports.ts';
import { distinctLimits } from './rate-limit-settings.ts';

export interface StoreDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly ids: IdSource;
}

export interface ImportBatch {
  readonly workspaceId: string;
  readonly projectId: string;
  readonly api: { readonly id: string; readonly name: string };
  readonly keyspaceId: string;
  readonly migrationId: string;
  /** No hash twice. */
  readonly imports: readonly CheckedImport[];
}

/** Rows of one statement. Drawn as they are written: a request within the body limit may make a million of them. */
const ROWS_AT_A_TIME = 1000;

/** Stores the imports whose hash is free, with all that they name, and yields their keys in the order of the batch. */
export async function storeImports(
  tx: Transaction,
  deps: StoreDeps,
  caller: Caller,
  batch: ImportBatch,
): Promise<readonly ImportedKey[]> {
  const hashes = batch.imports.map(({ settings }) => settings.hash);
  const taken = new Set(await listTakenHashes(tx, hashes));
  const free = batch.imports.filter(({ settings }) => !taken.has(settings.hash));
  if (free.length === 0) return [];

  const named = free.map(({ settings }) => settings);
  const referencesOf = await ensureReferences(tx, named, batch, deps);
  const keys = await insertKeysOrKeep(
    tx,
    deps,
    batch,
    free.map(
      (item): ImportedKey => ({
        ...item,
        ...referencesOf(item.settings),
        id: deps.ids.next('key'),
      }),
    ),
  );
  await insertBelongings(tx, deps, batch, keys);
  writeEvents(tx, deps, caller, batch, keys);
  return keys;
}

/** Inserts the keys and yields those that no concurrent batch was faster with. */
async function insertKeysOrKeep(
  tx: Transaction,
  deps: StoreDeps,
  batch: ImportBatch,
  keys: readonly ImportedKey[],
): Promise<readonly ImportedKey[]> {
  const createdAt = deps.clock.now();
  // Sorted, so that batches with hashes in common take their locks in one order.
  const rows = keys.map((key) => rowOf(key, batch, createdAt)).sort((a, b) => compareBytes(a.hash, b.hash));
  await insertMigratedKeysOrKeep(tx, batch.migrationId, rows);
  const hashes = new Map((await listKeyHashes(tx, idsOf(rows))).map(({ id, hash }) => [id, hash]));
  return keys.filter(({ id, settings }) => {
    const hash = hashes.get(id);
    if (hash !== undefined && hash !== settings.hash) throw new DuplicateKeyError('a key id is taken');
    return hash !== undefined;
  });
}

function rowOf(key: ImportedKey, batch: ImportBatch, createdAt: number): NewKeyRow {
  const { settings, credits, meta } = key;
  return {
    id: key.id,
    keyspaceId: batch.keyspaceId,
    workspaceId: batch.workspaceId,
    forWorkspaceId: null,
    hash: settings.hash,
    // Not known before the key is first used.
    start: '',
    name: settings.name ?? null,
    identityId: key.identityId,
    meta,
    expires: settings.expires === undefined ? null : toDateTime(settings.expires),
    createdAt,
    enabled: settings.enabled ?? true,
    ...credits,
  };
}

async function insertBelongings(
  tx: Transaction,
  { clock, ids }: StoreDeps,
  { workspaceId }: ImportBatch,
  keys: readonly ImportedKey[],
): Promise<void> {
  const createdAt = clock.now();
  const roleLinks = rowsOf(keys, ({ id: keyId, roles }) =>
    roles.map((role) => ({ keyId, roleId: role.id, workspaceId, createdAt })),
  );
  const permissionLinks = rowsOf(keys, ({ id: keyId, permissions }) =>
    permissions.map((permission) => ({ keyId, permissionId: permission.id, workspaceId, createdAt })),
  );
  const ratelimits = rowsOf(keys, ({ id: keyId, settings }) =>
    distinctLimits(settings.ratelimits ?? []).map((limit) => ({
      ...limit,
      id: ids.next('ratelimit'),
      keyId,
      workspaceId,
      createdAt,
    })),
  );
  for (const rows of chunksOf(roleLinks, ROWS_AT_A_TIME)) await insertRoleLinks(tx, rows);
  for (const rows of chunksOf(permissionLinks, ROWS_AT_A_TIME)) await insertPermissionLinks(tx, rows);
  for (const rows of chunksOf(ratelimits, ROWS_AT_A_TIME)) await insertKeyRatelimits(tx, rows);
}

function writeEvents(
  tx: Transaction,
  deps: StoreDeps,
  caller: Caller,
  batch: ImportBatch,
  keys: readonly ImportedKey[],
): void {
  const all = rowsOf(keys, (key) => importEvents(key, batch));
  let correlationId: string | undefined;
  for (const events of chunksOf(all, ROWS_AT_A_TIME)) {
    // One for the whole batch; a single event needs none.
    if (events.length > 1) correlationId ??= deps.ids.next('correlation');
    writeCallerEvents(tx, caller, { events, correlationId }, deps);
  }
}

/** The rows of one key after those of the other. */
function* rowsOf<Row>(
  keys: readonly ImportedKey[],
  rows: (key: ImportedKey) => readonly Row[],
): Generator<Row> {
  for (const key of keys) yield* rows(key);
}
