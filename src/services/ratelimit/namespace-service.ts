import type { MaybePromise } from '../../lib/maybe-promise.ts';
import { runDetached } from '../../lib/request-scope.ts';
import type { IdSource } from '../../lib/uid.ts';
import { DuplicateKeyError, type Queryable } from '../../storage/sql/database.ts';
import { findNamespaces, type NamespaceRow } from '../../storage/sql/queries/ratelimit-namespaces.ts';
import type { Caller } from '../audit/audit-log.ts';
import { reportingStoreFailure } from '../store-fault.ts';
import { createNamespaces } from './create-namespaces.ts';
import { addressed, type Namespace } from './namespace.ts';
import { NamespaceCache, type NamespaceCacheDeps } from './namespace-cache.ts';
import { namespaceNotFound } from './ratelimit-faults.ts';

/** A namespace without its overrides, as the store has it. */
export interface StoredNamespace {
  readonly id: string;
  readonly name: string;
}

/**
 * Namespaces of standalone limits. Callers name one by its id or its name; the id of one wins over the name of another.
 * Asks for no permission: that is the operation's, between these calls. Every method throws a Fault
 * `service_unavailable` when the store does not answer.
 */
export interface NamespaceService {
  /** Through the cache (1 min fresh, 24 h stale), deleted ones included; null when there is none. */
  find(workspaceId: string, value: string): MaybePromise<Namespace | null>;
  /** The same for several, by value. */
  findMany(workspaceId: string, values: readonly string[]): Promise<ReadonlyMap<string, Namespace | null>>;
  /** Through the cache. Throws a Fault `ratelimit_namespace_not_found` for a missing or deleted one. */
  findLive(workspaceId: string, value: string): Promise<Namespace>;
  /** The latest state of a namespace. Throws a Fault `ratelimit_namespace_not_found` for a missing or deleted one. */
  findLatest(workspaceId: string, value: string): Promise<StoredNamespace>;
  /** As the replica has it, deleted ones included. Throws a Fault `ratelimit_namespace_not_found`. */
  findStored(workspaceId: string, value: string): Promise<StoredNamespace>;
  /**
   * Makes the namespace of this name. Calls for one name that meet share one creation; when another node took the name
   * first, yields what that one made.
   */
  create(caller: Caller, name: string): Promise<Namespace>;
  /** The same for several names, in one transaction; by name. */
  createMany(caller: Caller, names: readonly string[]): Promise<ReadonlyMap<string, Namespace>>;
  /** Drops what is cached of a namespace, here and on other nodes, after a committed change to it. */
  forget(workspaceId: string, namespace: StoredNamespace): void;
}

export interface NamespaceServiceDeps extends NamespaceCacheDeps {
  readonly ids: IdSource;
}

export function createNamespaceService(deps: NamespaceServiceDeps): NamespaceService {
  const { db } = deps;
  const cache = new NamespaceCache(deps);
  /** Creations under way, by workspace and name. */
  const creations = new Map<string, Promise<ReadonlyMap<string, Namespace | null>>>();

  const find = (workspaceId: string, value: string): MaybePromise<Namespace | null> => {
    const found = cache.find(workspaceId, value);
    return found instanceof Promise ? reportingStoreFailure('loading a namespace', () => found) : found;
  };

  async function read(q: Queryable, workspaceId: string, value: string): Promise<NamespaceRow> {
    const rows = await reportingStoreFailure('loading a namespace', () =>
      findNamespaces(q, workspaceId, value),
    );
    const row = addressed(rows, value) ?? rows[0];
    if (row === undefined) throw namespaceNotFound();
    return row;
  }

  async function createAll(
    caller: Caller,
    names: readonly string[],
  ): Promise<ReadonlyMap<string, Namespace | null>> {
    const { workspaceId } = caller.principal;
    const created = await createNamespaces(deps, caller, names);
    const values = [...names, ...created.map(({ id }) => id)];
    cache.forget(workspaceId, values);
    // Read back instead of put in: a change that overtakes this call is then not overwritten.
    return cache.findMany(workspaceId, values);
  }

  const creationKey = (caller: Caller, name: string): string => `${caller.principal.workspaceId}:${name}`;

  /** Starts the creation of those names that nobody is creating yet. */
  function startCreation(caller: Caller, names: readonly string[]): void {
    const key = (name: string): string => creationKey(caller, name);
    const fresh = names.filter((name) => !creations.has(key(name)));
    if (fresh.length === 0) return;
    const creating = runDetached(() => createAll(caller, fresh)).finally(() => {
      for (const name of fresh) creations.delete(key(name));
    });
    for (const name of fresh) creations.set(key(name), creating);
  }

  async function awaitCreation(caller: Caller, name: string): Promise<Namespace> {
    const made = await creations.get(creationKey(caller, name));
    const namespace = made?.get(name);
    // Its name was free and still it was not stored: the fresh id was taken.
    if (!namespace) throw new DuplicateKeyError('namespace id is taken');
    return namespace;
  }

  return {
    find,
    findMany: (workspaceId, values) =>
      reportingStoreFailure('loading namespaces', () => cache.findMany(workspaceId, values)),

    async findLive(workspaceId, value) {
      const namespace = await find(workspaceId, value);
      if (namespace === null || namespace.deleted) throw namespaceNotFound();
      return namespace;
    },
    async findLatest(workspaceId, value) {
      const row = await read(db.primary, workspaceId, value);
      if (row.deletedAt !== null) throw namespaceNotFound();
      return row;
    },
    findStored: (workspaceId, value) => read(db.replica, workspaceId, value),

    create: (caller, name) =>
      reportingStoreFailure('creating a namespace', () => {
        startCreation(caller, [name]);
        return awaitCreation(caller, name);
      }),
    createMany: (caller, names) =>
      reportingStoreFailure('creating namespaces', async () => {
        startCreation(caller, names);
        const made = names.map(async (name) => [name, await awaitCreation(caller, name)] as const);
        return new Map(await Promise.all(made));
      }),

    forget: (workspaceId, { id, name }) => cache.forget(workspaceId, [id, name]),
  };
}
