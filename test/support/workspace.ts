import { randomAlphanumeric } from '../../src/lib/uid.ts';
import type { Answer, TestApi } from './api.ts';

/** Everything that keys.* and apis.* may ask for. */
export const KEY_ADMIN = [
  'api.*.create_api',
  'api.*.read_api',
  'api.*.delete_api',
  'api.*.create_key',
  'api.*.read_key',
  'api.*.update_key',
  'api.*.delete_key',
  'api.*.verify_key',
  'api.*.encrypt_key',
  'api.*.decrypt_key',
] as const;

/** A workspace with an administrator's root key and one API, as most tests need it. */
export interface TestWorkspace {
  readonly id: string;
  readonly rootKey: string;
  readonly apiId: string;
  readonly keyspaceId: string;
  /** Calls an operation with the workspace's root key. */
  call(operation: string, body: unknown, headers?: Record<string, string>): Promise<Answer>;
  /** Creates a key and yields its id and text; fails the test when it is refused. */
  createKey(body?: Record<string, unknown>): Promise<{ keyId: string; key: string }>;
  /** keys.verifyKey, the `data` of its 200. */
  verify(
    key: string,
    body?: Record<string, unknown>,
    headers?: Record<string, string>,
  ): Promise<Record<string, unknown>>;
  /** Inserts a role of this workspace, with permissions made for it. */
  role(name: string, slugs?: readonly string[]): Promise<string>;
}

export async function testWorkspace(api: TestApi): Promise<TestWorkspace> {
  const id = await api.workspace();
  const rootKey = await api.rootKey(KEY_ADMIN, id);
  const call = (operation: string, body: unknown, headers?: Record<string, string>): Promise<Answer> =>
    api.call(operation, body, rootKey, headers);
  const created = await expectOk(call('apis.createApi', { name: 'test api' }));
  const apiId = created.body.data.apiId as string;
  const [row] = await api.db.primary.all<{ id: string }>(
    'testKeyspace',
    'SELECT key_auth_id AS id FROM apis WHERE id = :apiId',
    {
      apiId,
    },
  );
  if (row === undefined) throw new Error(`API ${apiId} has no row`);
  return {
    id,
    rootKey,
    apiId,
    keyspaceId: row.id,
    call,
    async createKey(body = {}) {
      const answer = await expectOk(call('keys.createKey', { apiId, ...body }));
      return answer.body.data;
    },
    async verify(key, body = {}, headers) {
      const answer = await expectOk(call('keys.verifyKey', { key, ...body }, headers));
      return answer.body.data;
    },
    async role(name, slugs = []) {
      const roleId = `role_${randomAlphanumeric(9)}`;
      await api.insert('roles', {
        id: roleId,
        workspace_id: id,
        project_id: 'proj_test',
        name,
        created_at_m: 0,
      });
      for (const slug of slugs) {
        const permissionId = `perm_${randomAlphanumeric(9)}`;
        await api.insert('permissions', {
          id: permissionId,
          workspace_id: id,
          project_id: 'proj_test',
          name: slug,
          slug,
          created_at_m: 0,
        });
        await api.insert('roles_permissions', {
          role_id: roleId,
          permission_id: permissionId,
          workspace_id: id,
          created_at_m: 0,
        });
      }
      return roleId;
    },
  };
}

async function expectOk(answering: Promise<Answer>): Promise<Answer> {
  const answer = await answering;
  if (answer.status !== 200)
    throw new Error(`expected 200, got ${answer.status}: ${JSON.stringify(answer.body)}`);
  return answer;
}
