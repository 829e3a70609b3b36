// What tests of standalone rate limits need again and again: a workspace, root keys by their permissions, namespaces
// and overrides as rows, and what was written.

import { randomAlphanumeric } from '../../src/lib/uid.ts';
import type { Answer, TestApi } from './api.ts';

/** Everything that ratelimit.* may ask for. */
export const RATELIMIT_ADMIN = [
  'ratelimit.*.limit',
  'ratelimit.*.create_namespace',
  'ratelimit.*.set_override',
  'ratelimit.*.read_override',
  'ratelimit.*.delete_override',
] as const;

/** Start of a window of 60 s, and of one of 120 s. */
export const W = 1_700_000_040_000;

export interface RatelimitWorkspace {
  readonly id: string;
  /** Calls an operation with an administrator's root key, at `at` (unix ms) when given. */
  call(operation: string, body: unknown, at?: number): Promise<Answer>;
  /** Calls an operation with a root key that holds exactly these permissions. */
  as(permissions: readonly string[], operation: string, body: unknown): Promise<Answer>;
  /** Inserts a namespace; yields its id. */
  namespace(name: string, columns?: { readonly deleted?: boolean }): Promise<string>;
  /** Inserts an override; yields its id. */
  override(
    namespaceId: string,
    identifier: string,
    limit: number | bigint,
    duration?: number | bigint,
  ): Promise<string>;
  /** Rows of namespaces with this name. */
  namespacesNamed(name: string): Promise<Record<string, unknown>[]>;
  overrideRow(id: string): Promise<Record<string, unknown> | undefined>;
  /** Audit events of the workspace so far, oldest first. */
  auditEvents(event: string): Promise<AuditPayload[]>;
}

export interface AuditPayload {
  readonly event: string;
  readonly description: string;
  readonly targets: readonly { readonly type: string; readonly id: string; readonly name?: string }[];
  readonly actor: { readonly type: string; readonly id: string };
}

export async function ratelimitWorkspace(api: TestApi): Promise<RatelimitWorkspace> {
  const id = await api.workspace();
  const rootKey = await api.rootKey(RATELIMIT_ADMIN, id);
  const rootKeys = new Map<string, string>();
  return {
    id,
    call: (operation, body, at) =>
      api.call(operation, body, rootKey, at === undefined ? {} : { 'X-Test-Time': String(at) }),
    async as(permissions, operation, body) {
      const holding = permissions.join(' ');
      const key = rootKeys.get(holding) ?? (await api.rootKey(permissions, id));
      rootKeys.set(holding, key);
      return api.call(operation, body, key);
    },
    async namespace(name, { deleted = false } = {}) {
      const namespaceId = `rlns_${randomAlphanumeric(9)}`;
      await api.insert('ratelimit_namespaces', {
        id: namespaceId,
        workspace_id: id,
        project_id: 'proj_test',
        name,
        created_at_m: 0,
        deleted_at_m: deleted ? 1 : null,
      });
      return namespaceId;
    },
    async override(namespaceId, identifier, limit, duration = 60_000) {
      const overrideId = `rlor_${randomAlphanumeric(9)}`;
      await api.insert('ratelimit_overrides', {
        id: overrideId,
        workspace_id: id,
        namespace_id: namespaceId,
        identifier,
        limit,
        duration,
        created_at_m: 0,
      });
      return overrideId;
    },
    namespacesNamed: (name) =>
      api.db.primary.all(
        'test',
        'SELECT * FROM ratelimit_namespaces WHERE workspace_id = :id AND name = :name',
        {
          id,
          name,
        },
      ),
    async overrideRow(overrideId) {
      const rows = await api.db.primary.all<Record<string, unknown>>(
        'test',
        'SELECT * FROM ratelimit_overrides WHERE id = :overrideId',
        { overrideId },
      );
      return rows[0];
    },
    async auditEvents(event) {
      const rows = await api.db.primary.all<{ payload: string }>(
        'test',
        'SELECT payload FROM clickhouse_outbox WHERE workspace_id = :id ORDER BY pk',
        { id },
      );
      return rows
        .map(({ payload }) => JSON.parse(payload) as AuditPayload)
        .filter((payload) => payload.event === event);
    },
  };
}
