import { toInteger } from '../../lib/json.ts';
import type { Queryable } from '../../storage/sql/database.ts';
import {
  findNamespacesWithOverrides,
  type NamespaceOverrideRow,
} from '../../storage/sql/queries/ratelimit-namespaces.ts';
import { type Override, OverrideSet } from './override-matching.ts';

/** A namespace as limiting needs it; cached. */
export interface Namespace {
  readonly id: string;
  readonly name: string;
  /** A deleted namespace keeps its name, and is not limited in any more. */
  readonly deleted: boolean;
  readonly overrides: OverrideSet;
}

/**
 * The workspace's namespaces by the ids or names given, deleted ones included; what does not exist is not in the map. A
 * value that is the id of one namespace and the name of another means the id.
 */
export async function loadNamespaces(
  q: Queryable,
  workspaceId: string,
  values: readonly string[],
): Promise<Map<string, Namespace>> {
  const namespaces = decode(await findNamespacesWithOverrides(q, workspaceId, values));
  const found = new Map<string, Namespace>();
  for (const value of values) {
    const namespace = addressed(namespaces, value);
    if (namespace !== undefined) found.set(value, namespace);
  }
  // The store's collation takes texts for equal that differ in bytes (é in one or two characters), and a name is unique
  // in its eyes. Which of several values such a row answers to, only asking for each of them tells.
  const answered = new Set(found.values());
  if (namespaces.some((namespace) => !answered.has(namespace))) {
    for (const value of values) {
      if (found.has(value)) continue;
      const [namespace] =
        values.length === 1 ? namespaces : decode(await findNamespacesWithOverrides(q, workspaceId, [value]));
      if (namespace !== undefined) found.set(value, namespace);
    }
  }
  return found;
}

/** The one of some namespaces that a value names, by id before name. */
export function addressed<Named extends { readonly id: string; readonly name: string }>(
  namespaces: readonly Named[],
  value: string,
): Named | undefined {
  return namespaces.find(({ id }) => id === value) ?? namespaces.find(({ name }) => name === value);
}

function decode(rows: readonly NamespaceOverrideRow[]): Namespace[] {
  const byId = Map.groupBy(rows, ({ id }) => id);
  return [...byId.values()].flatMap((group) => {
    const [head] = group;
    if (head === undefined) return [];
    const { id, name, deletedAt } = head;
    return [
      { id, name, deleted: deletedAt !== null, overrides: new OverrideSet(group.flatMap(decodeOverride)) },
    ];
  });
}

function decodeOverride(row: NamespaceOverrideRow): Override[] {
  const { overrideId, identifier, limit, duration } = row;
  if (overrideId === null || identifier === null || limit === null || duration === null) return [];
  return [{ id: overrideId, identifier, limit: toInteger(limit), duration: toInteger(duration) }];
}
