import { afterEach, describe, expect, test } from 'vitest';
import { sha256Base64 } from '../../../src/lib/hash.ts';
import { randomIds } from '../../../src/lib/uid.ts';
import { createKey } from '../../../src/server/routes/keys/create-key.ts';
import { DatabaseError, DuplicateKeyError } from '../../../src/storage/sql/database.ts';
import { failing } from './failing-store.ts';
import { API, KEYSPACE, openWorkbench, WORKSPACE, type Workbench } from './workbench.ts';

let bench: Workbench;
afterEach(() => bench.close());

const code = (specific: string) => expect.objectContaining({ code: `unkey:${specific}` });

describe('races and failures', () => {
  test('a taken key id is drawn again, and the key stays the same', async () => {
    const drawn: string[] = [];
    bench = await openWorkbench({
      ids: {
        next: (kind) => {
          if (kind !== 'key') return randomIds.next(kind);
          const id = drawn.length < 2 ? 'key_taken' : randomIds.next('key');
          drawn.push(id);
          return id;
        },
      },
    });
    await bench.run(createKey, { apiId: API });
    const { keyId, key } = await bench.run(createKey, { apiId: API });
    expect(drawn).toEqual(['key_taken', 'key_taken', keyId]);
    expect(await bench.rows('SELECT id FROM `keys` WHERE hash = :hash', { hash: sha256Base64(key) })).toEqual(
      [{ id: keyId }],
    );
  });

  test('five duplicates in a row are a failure of the store, and nothing is stored but the default project', async () => {
    const errors = Array.from({ length: 5 }, () => new DuplicateKeyError('taken'));
    bench = await openWorkbench({ intercept: failing('insertKeys', errors) });
    await expect(bench.run(createKey, { apiId: API, externalId: 'u_1' })).rejects.toThrowError(
      code('application:service_unavailable'),
    );
    expect(errors).toEqual([]);
    expect(await bench.rows('SELECT id FROM identities')).toEqual([]);
    expect(await bench.rows('SELECT slug FROM projects')).toEqual([{ slug: 'default' }]);
  });

  test('a failure at the very end rolls everything back', async () => {
    bench = await openWorkbench({ intercept: failing('insertOutboxRows', [new DatabaseError('disk full')]) });
    const creating = bench.run(createKey, {
      apiId: API,
      externalId: 'u_1',
      permissions: ['a.read'],
      ratelimits: [{ name: 'rpm', limit: 1, duration: 1000, autoApply: true }],
    });
    await expect(creating).rejects.toThrowError(code('application:service_unavailable'));
    for (const table of [
      'keys',
      'identities',
      'permissions',
      'keys_permissions',
      'ratelimits',
      'clickhouse_outbox',
    ]) {
      expect(await bench.rows(`SELECT pk FROM \`${table}\``)).toEqual([]);
    }
  });

  test('twenty parallel calls with one new external id share one identity', async () => {
    bench = await openWorkbench();
    await Promise.all(
      Array.from({ length: 20 }, () => bench.run(createKey, { apiId: API, externalId: 'u_1' })),
    );
    const identities = await bench.rows<{ id: string }>('SELECT id FROM identities');
    expect(identities).toHaveLength(1);
    expect(
      await bench.rows('SELECT identity_id AS id, COUNT(*) AS n FROM `keys` GROUP BY identity_id'),
    ).toEqual([{ id: identities[0]?.id, n: 20 }]);
  });

  test('parallel first writers of a workspace share one protected default project', async () => {
    bench = await openWorkbench();
    await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        bench.run(createKey, { apiId: API, externalId: `u_${i}`, permissions: [`p.${i}`] }),
      ),
    );
    const projects = await bench.rows<{ id: string }>(
      'SELECT id, name, slug, delete_protection FROM projects',
    );
    expect(projects).toEqual([
      { id: expect.stringMatching(/^proj_/), name: 'Default', slug: 'default', delete_protection: 1 },
    ]);
    const owners = await bench.rows(
      'SELECT DISTINCT project_id AS id FROM identities UNION SELECT DISTINCT project_id AS id FROM permissions',
    );
    expect(owners).toEqual([{ id: projects[0]?.id }]);
  });

  test('a workspace that has the slug only in another letter case gets no default project', async () => {
    bench = await openWorkbench();
    await bench.insert('projects', {
      id: 'proj_1',
      workspace_id: WORKSPACE,
      name: 'x',
      slug: 'DEFAULT',
      created_at: 0,
    });
    await expect(bench.run(createKey, { apiId: API })).rejects.toThrowError(
      code('application:unexpected_error'),
    );
  });
});

describe('what is stored', () => {
  test('a remembered "no such key" is dropped for the new hash', async () => {
    bench = await openWorkbench();
    const removed: string[] = [];
    const { removeNull } = bench.keyCache;
    bench.keyCache.removeNull = (hash) => {
      removed.push(hash);
      removeNull(hash);
    };
    const { key } = await bench.run(createKey, { apiId: API });
    expect(removed).toEqual([sha256Base64(key)]);
  });

  test('a soft-deleted identity is not revived', async () => {
    bench = await openWorkbench();
    await bench.insert('identities', {
      id: 'id_old',
      external_id: 'u_1',
      workspace_id: WORKSPACE,
      project_id: 'proj_x',
      environment: 'default',
      meta: '{}',
      deleted: true,
      created_at: 0,
    });
    await bench.run(createKey, { apiId: API, externalId: 'u_1' });
    const rows = await bench.rows('SELECT id, deleted, environment, meta FROM identities ORDER BY pk');
    expect(rows).toEqual([
      { id: 'id_old', deleted: 1, environment: 'default', meta: '{}' },
      { id: expect.not.stringMatching('id_old'), deleted: 0, environment: 'default', meta: '{}' },
    ]);
  });

  test('slugs that differ in ASCII case are one permission, in the spelling that is stored or came first', async () => {
    bench = await openWorkbench();
    await bench.run(createKey, { apiId: API, permissions: ['docs.read', 'New.One', 'new.one'] });
    const { keyId } = await bench.run(createKey, {
      apiId: API,
      permissions: ['Docs.Read', 'NEW.ONE', 'x', 'x'],
    });
    expect(
      await bench.rows(
        `SELECT p.slug, p.name, p.description FROM keys_permissions kp JOIN permissions p ON p.id = kp.permission_id
          WHERE kp.key_id = :keyId ORDER BY p.slug`,
        { keyId },
      ),
    ).toEqual([
      { slug: 'docs.read', name: 'docs.read', description: null },
      { slug: 'New.One', name: 'New.One', description: null },
      { slug: 'x', name: 'x', description: null },
    ]);
    expect(await bench.rows('SELECT slug FROM permissions')).toHaveLength(3);
  });

  test('of a repeated limit name the last values stand', async () => {
    bench = await openWorkbench();
    const limit = { name: 'rpm', duration: 1000, autoApply: true };
    const { keyId } = await bench.run(createKey, {
      apiId: API,
      ratelimits: [
        { ...limit, limit: 1 },
        { name: 'RPM', limit: 9, duration: 2000, autoApply: false },
        { ...limit, limit: 3 },
      ],
    });
    expect(
      await bench.rows(
        'SELECT name, `limit`, duration, auto_apply FROM ratelimits WHERE key_id = :keyId ORDER BY pk',
        {
          keyId,
        },
      ),
    ).toEqual([
      { name: 'rpm', limit: 3, duration: 1000, auto_apply: 1 },
      { name: 'RPM', limit: 9, duration: 2000, auto_apply: 0 },
    ]);
  });

  test('meta beyond 65535 bytes is refused, exactly that much is stored', async () => {
    bench = await openWorkbench();
    const meta = (bytes: number) => ({ a: 'ä'.repeat((bytes - '{"a":""}'.length - 1) / 2), b: 1 });
    const fill = (bytes: number) => ({ a: 'x'.repeat(bytes - '{"a":""}'.length) });
    expect(Buffer.byteLength(JSON.stringify(fill(65_535)))).toBe(65_535);
    await expect(bench.run(createKey, { apiId: API, meta: fill(65_535) })).resolves.toHaveProperty('keyId');
    await expect(bench.run(createKey, { apiId: API, meta: fill(65_536) })).rejects.toThrowError(
      code('application:invalid_input'),
    );
    await expect(bench.run(createKey, { apiId: API, meta: meta(65_541) })).rejects.toThrowError(
      code('application:invalid_input'),
    );
  });
});

describe('the keyspace', () => {
  test('that is deleted hides the API, after authorization as before', async () => {
    bench = await openWorkbench();
    await bench.db.primary.run('test', 'UPDATE key_auth SET deleted_at_m = 1');
    await expect(bench.run(createKey, { apiId: API })).rejects.toThrowError(code('data:api_not_found'));
    await expect(bench.run(createKey, { apiId: API }, [])).rejects.toThrowError(code('data:api_not_found'));
  });

  test('that has no row is a failed precondition for those who may create, a missing API for others', async () => {
    bench = await openWorkbench();
    await bench.db.primary.run('test', 'DELETE FROM key_auth');
    await expect(bench.run(createKey, { apiId: API })).rejects.toThrowError(
      code('application:precondition_failed'),
    );
    await expect(bench.run(createKey, { apiId: API }, [])).rejects.toThrowError(code('data:api_not_found'));
  });

  test('with an impossible key length is an assertion that failed', async () => {
    bench = await openWorkbench();
    await bench.db.primary.run('test', 'UPDATE key_auth SET default_bytes = 8');
    await expect(bench.run(createKey, { apiId: API })).rejects.toThrowError(
      code('application:assertion_failed'),
    );
    await expect(bench.run(createKey, { apiId: API, byteLength: 16 })).resolves.toHaveProperty('keyId');
    await bench.db.primary.run('test', 'UPDATE key_auth SET default_bytes = 0');
    await expect(bench.run(createKey, { apiId: API })).resolves.toHaveProperty('keyId');
  });

  test.each([
    [`unkey:v1:${WORKSPACE}:keyspaces/${KEYSPACE}#create_key`, true],
    [`unkey:v1:${WORKSPACE}:keyspaces/${KEYSPACE}/**#create_key`, true],
    [`unkey:v1:${WORKSPACE}:**#*`, true],
    ['api.api_x.create_key', true],
    ['api.*.create_key', true],
    [`unkey:v1:${WORKSPACE}:keyspaces/ks_other#create_key`, false],
    [`unkey:v1:ws_other:keyspaces/${KEYSPACE}#create_key`, false],
    ['api.*', false],
    ['*', false],
  ])('may be issued in with %s: %s', async (grant, allowed) => {
    bench = await openWorkbench();
    const creating = bench.run(createKey, { apiId: API }, [grant]);
    if (allowed) await expect(creating).resolves.toHaveProperty('keyId');
    else await expect(creating).rejects.toThrowError(code('data:api_not_found'));
  });
});
