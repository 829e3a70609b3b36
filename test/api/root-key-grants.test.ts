// What a root key may do when its grants change while nodes know it.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sha256Base64 } from '../../src/lib/hash.ts';
import { randomAlphanumeric } from '../../src/lib/uid.ts';
import { startApi, type TestApi } from '../support/api.ts';

/** How long a node answers from what it knows of a root key before it looks again. */
const KNOWN_MS = 10_000;

let api: TestApi;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.stop());

test('a grant that a live root key is given counts once the node has looked again', async () => {
  const rootKey = await api.rootKey([], await api.workspace());
  const create = async () => (await api.call('apis.createApi', { name: 'billing' }, rootKey)).status;
  expect(await create()).toBe(403);

  const [row] = await api.db.primary.all<{ id: string; workspaceId: string }>(
    'test',
    'SELECT id, workspace_id AS workspaceId FROM `keys` WHERE hash = :hash',
    { hash: sha256Base64(rootKey) },
  );
  if (row === undefined) throw new Error('the root key has a row');
  const permissionId = `perm_${randomAlphanumeric(9)}`;
  const slug = 'api.*.create_api';
  await api.db.transaction(async (tx) => {
    // Another root key may have brought the row along.
    const known = await tx.all<{ id: string }>(
      'test',
      'SELECT id FROM permissions WHERE workspace_id = :workspaceId AND slug = :slug',
      { workspaceId: row.workspaceId, slug },
    );
    if (known.length === 0) {
      await tx.run(
        'test',
        `INSERT INTO permissions (id, workspace_id, project_id, name, slug, created_at_m)
         VALUES (:permissionId, :workspaceId, 'proj_test', :slug, :slug, 0)`,
        { permissionId, workspaceId: row.workspaceId, slug },
      );
    }
    await tx.run(
      'test',
      `INSERT INTO keys_permissions (key_id, permission_id, workspace_id, created_at_m)
       VALUES (:keyId, :permissionId, :workspaceId, 0)`,
      { keyId: row.id, permissionId: known[0]?.id ?? permissionId, workspaceId: row.workspaceId },
    );
  });
  expect(await create(), 'until then the node answers from what it knows').toBe(403);

  api.clock.advance(KNOWN_MS + 1);
  // The first one that comes after that has the node look again, and may still be answered by what it knew.
  await create();
  await expect.poll(create, { timeout: 10_000 }).toBe(200);
});
