// What tests of identities need again and again: a workspace, root keys by their permissions, identities made through
// the API, and what was written.

import type { Answer, TestApi } from './api.ts';
import { KEY_ADMIN } from './workspace.ts';

/** Everything that identities.* may ask for. */
export const IDENTITY_ADMIN = [
  'identity.*.create_identity',
  'identity.*.read_identity',
  'identity.*.update_identity',
  'identity.*.delete_identity',
] as const;

export interface Limit {
  readonly name: string;
  readonly limit: number;
  readonly duration: number;
  readonly autoApply: boolean;
}

/** A rate limit as requests take it. */
export function limitOf(name: string, limit = 10, duration = 60_000, autoApply = true): Limit {
  return { name, limit, duration, autoApply };
}

export interface IdentityEvent {
  readonly event: string;
  readonly description: string;
  readonly actor: { readonly type: string; readonly id: string; readonly name?: string };
  readonly targets: readonly { readonly type: string; readonly id: string; readonly name?: string }[];
  readonly correlation_id?: string;
}

export interface IdentityWorkspace {
  readonly id: string;
  /** Calls an operation with a root key that may do everything with identities and keys. */
  call(operation: string, body: unknown): Promise<Answer>;
  /** Calls an operation with a root key that holds exactly these permissions. */
  as(permissions: readonly string[], operation: string, body: unknown): Promise<Answer>;
  /** Makes an identity; yields its id. Fails the test when it is refused. */
  identity(externalId: string, body?: { meta?: object; ratelimits?: readonly Limit[] }): Promise<string>;
  /** identities.getIdentity, the `data` of its 200. */
  read(identity: string): Promise<Record<string, unknown>>;
  /** Rows of identities with this external id, deleted ones too, oldest first. */
  rows(externalId: string): Promise<Record<string, unknown>[]>;
  limitRows(identityId: string): Promise<Record<string, unknown>[]>;
  /** Audit events of the workspace that were written since `mark`, oldest first. */
  eventsSince(mark: number): Promise<IdentityEvent[]>;
  /** Where the audit log stands now. */
  mark(): Promise<number>;
}

export async function identityWorkspace(api: TestApi): Promise<IdentityWorkspace> {
  const id = await api.workspace();
  const admin = await api.rootKey([...IDENTITY_ADMIN, ...KEY_ADMIN], id);
  const rootKeys = new Map<string, string>();
  const read = (sql: string, params: Record<string, string | number>) =>
    api.db.primary.all<Record<string, unknown>>('test', sql, params);
  const ok = (answer: Answer): Answer => {
    if (answer.status !== 200) throw new Error(`${answer.status}: ${JSON.stringify(answer.body)}`);
    return answer;
  };
  return {
    id,
    call: (operation, body) => api.call(operation, body, admin),
    async as(permissions, operation, body) {
      const holding = permissions.join(' ');
      const key = rootKeys.get(holding) ?? (await api.rootKey(permissions, id));
      rootKeys.set(holding, key);
      return api.call(operation, body, key);
    },
    async identity(externalId, body = {}) {
      const answer = await api.call('identities.createIdentity', { externalId, ...body }, admin);
      return ok(answer).body.data.identityId;
    },
    read: async (identity) => ok(await api.call('identities.getIdentity', { identity }, admin)).body.data,
    rows: (externalId) =>
      read('SELECT * FROM identities WHERE workspace_id = :id AND external_id = :externalId ORDER BY pk', {
        id,
        externalId,
      }),
    limitRows: (identityId) =>
      read('SELECT * FROM ratelimits WHERE identity_id = :identityId ORDER BY pk', { identityId }),
    async eventsSince(mark) {
      const rows = await read(
        'SELECT payload FROM clickhouse_outbox WHERE workspace_id = :id AND pk > :mark ORDER BY pk',
        { id, mark },
      );
      return rows.map(({ payload }) => JSON.parse(String(payload)) as IdentityEvent);
    },
    async mark() {
      const [row] = await read('SELECT COALESCE(MAX(pk), 0) AS pk FROM clickhouse_outbox', {});
      return Number(row?.pk);
    },
  };
}
