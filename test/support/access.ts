// What tests of permissions and roles need again and again: a workspace, root keys by their permissions, its rows, and
// the audit events of one call.

import type { Answer, TestApi } from './api.ts';

/** Everything that permissions.* may ask for. */
export const ACCESS_ADMIN = [
  'rbac.*.create_permission',
  'rbac.*.read_permission',
  'rbac.*.delete_permission',
  'rbac.*.create_role',
  'rbac.*.read_role',
  'rbac.*.delete_role',
  'rbac.*.add_permission_to_role',
  'rbac.*.remove_permission_from_role',
] as const;

export interface AuditPayload {
  readonly event: string;
  readonly description: string;
  readonly workspace_id: string;
  readonly actor: { readonly type: string; readonly id: string; readonly name?: string };
  readonly targets: readonly {
    readonly type: string;
    readonly id: string;
    readonly name?: string;
    readonly meta?: Record<string, unknown>;
  }[];
  readonly correlation_id?: string;
}

export interface AccessWorkspace {
  readonly id: string;
  /** Calls an operation of permissions.* with an administrator's root key. */
  call(operation: string, body: unknown): Promise<Answer>;
  /** Calls an operation of permissions.* with a root key that holds exactly these permissions. */
  as(permissions: readonly string[], operation: string, body: unknown): Promise<Answer>;
  /** Calls an operation and yields the `data` of its 200; fails the test when it is refused. */
  ok(operation: string, body: unknown): Promise<Answer['body']>;
  /** Creates a permission with its slug as name; yields its id. */
  permission(slug: string): Promise<string>;
  /** Creates a role; yields its id. */
  role(name: string, slugs?: readonly string[]): Promise<string>;
  /** Rows of a table that belong to the workspace, in the order in which they were inserted. */
  rows(table: string): Promise<Record<string, unknown>[]>;
  /** Slugs of all permissions, sorted. */
  slugs(): Promise<string[]>;
  /** What callers changed so far, as the audit log tells it, oldest first; not what the making of root keys wrote. */
  events(): Promise<AuditPayload[]>;
  /** What `work` answers, and the audit events that the workspace got meanwhile. */
  audited<T>(work: () => Promise<T>): Promise<{ readonly answer: T; readonly events: AuditPayload[] }>;
}

/** @param workspaceId an existing workspace; a fresh one when left out */
export async function accessWorkspace(api: TestApi, workspaceId?: string): Promise<AccessWorkspace> {
  const id = workspaceId ?? (await api.workspace());
  const rootKeys = new Map<string, string>();
  const rows = (table: string): Promise<Record<string, unknown>[]> =>
    api.db.primary.all('test', `SELECT * FROM ${table} WHERE workspace_id = :id ORDER BY pk`, { id });

  const ws: AccessWorkspace = {
    id,
    rows,
    call: (operation, body) => ws.as(ACCESS_ADMIN, operation, body),
    async as(permissions, operation, body) {
      const holding = permissions.join(' ');
      const key = rootKeys.get(holding) ?? (await api.rootKey(permissions, id));
      rootKeys.set(holding, key);
      return api.call(`permissions.${operation}`, body, key);
    },
    async ok(operation, body) {
      const answer = await ws.call(operation, body);
      if (answer.status !== 200)
        throw new Error(`expected 200, got ${answer.status}: ${JSON.stringify(answer.body)}`);
      return answer.body.data;
    },
    permission: async (slug) => (await ws.ok('createPermission', { name: slug, slug })).permissionId,
    role: async (name, permissions) => (await ws.ok('createRole', { name, permissions })).roleId,
    slugs: async () => (await rows('permissions')).map(({ slug }) => String(slug)).sort(),
    async events() {
      const payloads = (await rows('clickhouse_outbox')).map(
        ({ payload }) => JSON.parse(String(payload)) as AuditPayload,
      );
      return payloads.filter(({ actor }) => actor.type !== 'system');
    },
    async audited(work) {
      const before = (await ws.events()).length;
      const answer = await work();
      return { answer, events: (await ws.events()).slice(before) };
    },
  };
  return ws;
}

/** The address that `error.type` holds for a code. */
export const errorType = (path: string): string => `https://unkey.com/docs/errors/unkey/${path}`;
