// What the tests of permissions and roles of keys share.

import { randomAlphanumeric } from '../../src/lib/uid.ts';
import type { Answer, TestApi } from './api.ts';
import { KEY_ADMIN } from './workspace.ts';

/** Everything that the operations on permissions and roles of keys may ask for, and what makes the keys. */
export const GRANT_ADMIN = [
  ...KEY_ADMIN,
  'rbac.*.add_permission_to_key',
  'rbac.*.remove_permission_from_key',
  'rbac.*.add_role_to_key',
  'rbac.*.create_permission',
] as const;

export interface AuditPayload {
  readonly event: string;
  readonly description: string;
  readonly targets: ReadonlyArray<{ type: string; id: string; name?: string; meta?: unknown }>;
  readonly correlation_id?: string;
}

/** Inserts a permission of the workspace; yields it as operations show it. */
export async function insertPermission(
  api: TestApi,
  workspaceId: string,
  { slug, name = slug, description }: { slug: string; name?: string; description?: string },
): Promise<{ id: string; name: string; slug: string; description?: string }> {
  const id = `perm_${randomAlphanumeric(9)}`;
  await api.insert('permissions', {
    id,
    workspace_id: workspaceId,
    project_id: 'proj_test',
    name,
    slug,
    description: description ?? null,
    created_at_m: 0,
  });
  return { id, name, slug, ...(description === undefined ? {} : { description }) };
}

/** Events of the workspace about the key or about permissions, in the order in which they were written, since the last call. */
export function auditReader(api: TestApi, workspaceId: string): () => Promise<AuditPayload[]> {
  let read = 0;
  return async () => {
    const rows = await api.db.primary.all<{ pk: number; payload: string }>(
      'testEvents',
      'SELECT pk, payload FROM clickhouse_outbox WHERE workspace_id = :workspaceId AND pk > :read ORDER BY pk',
      { workspaceId, read },
    );
    read = rows.at(-1)?.pk ?? read;
    return rows.map(({ payload }) => JSON.parse(payload));
  };
}

/** The text members of the listed things of an answer that must be a success. */
export function listed(answer: Answer, member: 'slug' | 'name'): string[] {
  if (answer.status !== 200)
    throw new Error(`expected 200, got ${answer.status}: ${answer.body.error.detail}`);
  return answer.body.data.map((item: Record<string, string>) => item[member]);
}
