// The variables of environments. Their values are kept as ciphertexts under a keyring that is the environment's own.

import { Fault } from '../../lib/fault.ts';
import type { Database } from '../../storage/sql/database.ts';
import {
  deleteAllVariables,
  deleteVariables,
  findVariableKeys,
  insertVariables,
  listVariables,
  type VariableKind,
  type VariableRow,
} from '../../storage/sql/queries/environment-variables.ts';
import { type EnvironmentRow, lockEnvironment } from '../../storage/sql/queries/environments.ts';
import { type Caller, writeCallerEvents } from '../audit/audit-log.ts';
import { invalidInput } from '../input-fault.ts';
import { type Page, type PageRequest, pageOf } from '../page.ts';
import { reportingStoreFailure } from '../store-fault.ts';
import type { Vault } from '../vault/vault.ts';
import type { EnvironmentDeps } from './environment-deps.ts';
import { environmentUpdated } from './environment-events.ts';
import { environmentNotFound } from './environment-faults.ts';
import { ownerOf } from './settings-owner.ts';

export interface Variable {
  readonly id: string;
  readonly key: string;
  readonly kind: VariableKind;
  /** undefined = it cannot be read. */
  readonly value: string | undefined;
  readonly description: string | null;
  readonly createdAt: number;
}

export interface VariableSetting {
  readonly key: string;
  readonly value: string;
  readonly kind: VariableKind;
  readonly description: string | undefined;
}

/** Longest value in bytes of UTF-8. */
const MAX_VALUE_BYTES = 16_384;

/**
 * One page by id, readable values decrypted. Throws a Fault: `precondition_failed` when there is something to decrypt and
 * no Vault, `service_unavailable` when the Vault does not answer.
 */
export async function listEnvironmentVariables(
  deps: EnvironmentDeps,
  environment: EnvironmentRow,
  { cursor, limit }: PageRequest,
): Promise<Page<Variable>> {
  const { items, nextCursor } = await reportingStoreFailure('listing variables', async () =>
    pageOf(await listVariables(deps.db.replica, ownerOf(environment), { cursor, limit: limit + 1 }), limit),
  );
  const values = await reveal(deps.vault, environment, items);
  return {
    items: items.map(({ id, key, kind, description, createdAt }) => ({
      id,
      key,
      kind,
      value: values.get(id),
      description,
      createdAt,
    })),
    nextCursor,
  };
}

async function reveal(
  vault: Vault | undefined,
  environment: EnvironmentRow,
  rows: readonly VariableRow[],
): Promise<ReadonlyMap<string, string>> {
  const ciphertexts = new Map(
    rows.flatMap(({ id, kind, value }) => (kind === 'recoverable' ? [[id, value] as const] : [])),
  );
  if (ciphertexts.size === 0) return ciphertexts;
  return askVault(vault, 'decrypting variables', [...ciphertexts.keys()], (present) =>
    present.decryptBulk(environment.id, ciphertexts),
  );
}

/**
 * Puts the variables in the place of those with the same keys, or with `prune` of all. Throws a Fault: `invalid_input` (a
 * key twice, a value too long), `precondition_failed` (no Vault), `service_unavailable`, `environment_not_found`.
 */
export async function setEnvironmentVariables(
  deps: EnvironmentDeps,
  caller: Caller,
  environment: EnvironmentRow,
  settings: readonly VariableSetting[],
  prune: boolean,
): Promise<void> {
  refuseBadSettings(settings);
  const createdAt = deps.clock.now();
  const rows = await seal(deps, environment, settings, createdAt);
  if (rows.length === 0 && !prune) return;
  const keys = rows.map(({ key }) => key).sort();
  const metas = keys.length === 0 ? [{ prune }] : keys.map((key) => ({ key, prune }));
  await changeVariables(deps.db, environment, async (tx) => {
    const owner = ownerOf(environment);
    if (prune) await deleteAllVariables(tx, owner);
    else await deleteVariables(tx, owner, keys);
    await insertVariables(tx, owner, rows);
    const events = metas.map((meta) => environmentUpdated(environment, meta));
    writeCallerEvents(tx, caller, { events }, deps);
  });
}

/** In their order, so that the first mistake is the one that is told. */
function refuseBadSettings(settings: readonly VariableSetting[]): void {
  const seen = new Set<string>();
  for (const { key, value } of settings) {
    if (seen.has(key)) throw invalidInput(`The variable '${key}' is given more than once.`);
    seen.add(key);
    if (Buffer.byteLength(value) > MAX_VALUE_BYTES) {
      throw invalidInput(`The value of '${key}' is longer than ${MAX_VALUE_BYTES} bytes.`);
    }
  }
}

async function seal(
  { vault, ids }: EnvironmentDeps,
  environment: EnvironmentRow,
  settings: readonly VariableSetting[],
  createdAt: number,
): Promise<VariableRow[]> {
  if (settings.length === 0) return [];
  const byId = new Map(settings.map((setting) => [ids.next('environmentVariable'), setting]));
  const sealed = await askVault(vault, 'encrypting variables', [...byId.keys()], (present) =>
    present.encryptBulk(environment.id, new Map([...byId].map(([id, { value }]) => [id, value]))),
  );
  return [...byId].flatMap(([id, { key, kind, description }]) => {
    const value = sealed.get(id)?.encrypted;
    return value === undefined ? [] : [{ id, key, value, kind, description: description || null, createdAt }];
  });
}

/** What the Vault answers, once it holds every id. Throws a Fault: `precondition_failed` or `service_unavailable`. */
async function askVault<T>(
  vault: Vault | undefined,
  purpose: string,
  ids: readonly string[],
  ask: (vault: Vault) => Promise<ReadonlyMap<string, T>>,
): Promise<ReadonlyMap<string, T>> {
  if (vault === undefined) {
    throw new Fault('unkey:application:precondition_failed', {
      public: 'This installation has no Vault, so variables can be neither stored nor read.',
    });
  }
  try {
    const answer = await ask(vault);
    const missing = ids.filter((id) => !answer.has(id));
    if (missing.length > 0) throw new Error(`the Vault left out ${missing.join(', ')}`);
    return answer;
  } catch (error) {
    throw new Fault('unkey:application:service_unavailable', {
      public: 'The Vault could not complete the request. Please try again.',
      internal: `${purpose} failed`,
      cause: error,
    });
  }
}

/** Deletes those of the variables that there are; the others are ignored. Throws a Fault `environment_not_found`. */
export async function removeEnvironmentVariables(
  deps: EnvironmentDeps,
  caller: Caller,
  environment: EnvironmentRow,
  keys: readonly string[],
): Promise<void> {
  await changeVariables(deps.db, environment, async (tx) => {
    const owner = ownerOf(environment);
    const wanted = new Set(keys);
    // Stores may find more than the exact key.
    const found = (await findVariableKeys(tx, owner, [...wanted])).filter((key) => wanted.has(key)).sort();
    if (found.length === 0) return;
    await deleteVariables(tx, owner, found);
    const events = found.map((key) => environmentUpdated(environment, { key }));
    writeCallerEvents(tx, caller, { events }, deps);
  });
}

/** Runs work in a transaction that holds the environment. */
function changeVariables(
  db: Database,
  environment: EnvironmentRow,
  work: Parameters<Database['transaction']>[0],
): Promise<unknown> {
  return reportingStoreFailure('changing variables', () =>
    db.transaction(async (tx) => {
      const held = await lockEnvironment(tx, environment.workspaceId, environment.id);
      if (held === undefined) throw environmentNotFound();
      await work(tx);
    }),
  );
}
