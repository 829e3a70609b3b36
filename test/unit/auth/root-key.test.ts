import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../../src/lib/clock.ts';
import type { Fault } from '../../../src/lib/fault.ts';
import { sha256Base64 } from '../../../src/lib/hash.ts';
import type { Principal } from '../../../src/services/auth/principal.ts';
import { createRootKeyResolver } from '../../../src/services/auth/root-key.ts';
import { createKeyCache } from '../../../src/services/keys/cached-key.ts';
import { type Database, DatabaseError } from '../../../src/storage/sql/database.ts';
import { type RowValues, toDateTime } from '../../../src/storage/sql/dialect.ts';
import { recordingLogger, recordingMetrics } from '../support/recorders.ts';
import { brokenStore, insert, insertWorkspace, migratedStore } from '../support/store.ts';

const NOW = 1_700_000_000_000;
const TOKEN = 'unkey_secret';

function resolverOn(db: Database) {
  const clock = new ManualClock(NOW);
  const metrics = recordingMetrics();
  const log = recordingLogger();
  const keys = createKeyCache({ db, clock, log, metrics });
  const resolver = createRootKeyResolver({ keys, metrics });
  return {
    clock,
    metrics,
    log,
    /** `null` = no Authorization header. */
    resolve: async (authorization: string | null = `Bearer ${TOKEN}`): Promise<Principal | undefined> =>
      resolver.resolve({ authorization: authorization ?? undefined, portalSession: undefined }),
  };
}

interface Rows {
  readonly key?: RowValues;
  readonly api?: RowValues;
  readonly workspace?: RowValues;
  /** null = no such row. */
  readonly target?: RowValues | null;
}

/** A root key of ws_root that manages ws_1, in good standing unless told otherwise. */
async function storeWithRootKey(rows: Rows = {}): Promise<Database> {
  const db = await migratedStore();
  await insertWorkspace(db, { id: 'ws_root', ...rows.workspace });
  if (rows.target !== null) await insertWorkspace(db, { id: 'ws_1', ...rows.target });
  await insert(db, 'key_auth', { id: 'ks_root', workspace_id: 'ws_root', project_id: 'proj_1' });
  await insert(db, 'apis', {
    id: 'api_unkey',
    name: 'Unkey',
    workspace_id: 'ws_root',
    project_id: 'proj_1',
    key_auth_id: 'ks_root',
    ...rows.api,
  });
  await insert(db, 'keys', {
    id: 'key_root',
    key_auth_id: 'ks_root',
    hash: sha256Base64(TOKEN),
    start: 'unkey_secr',
    workspace_id: 'ws_root',
    for_workspace_id: 'ws_1',
    ...rows.key,
  });
  return db;
}

describe('a root key', () => {
  it('yields a principal of the workspace that it manages', async () => {
    const { resolve } = resolverOn(await storeWithRootKey());
    expect(await resolve()).toEqual({
      version: 'v1',
      type: 'API_KEY',
      subject: { id: 'key_root', name: 'root key', type: 'rootkey' },
      workspaceId: 'ws_1',
      permissions: [],
      source: { kind: 'rootKey', keyId: 'key_root', keyspaceId: 'ks_root' },
    });
  });

  it('is called by its name when it has one', async () => {
    const { resolve } = resolverOn(await storeWithRootKey({ key: { name: 'ci' } }));
    expect((await resolve())?.subject.name).toBe('ci');
  });

  it('holds its own permissions and those of its roles', async () => {
    const db = await storeWithRootKey();
    for (const [id, slug] of [
      ['perm_1', 'api.*.read_api'],
      ['perm_2', 'api.*.create_api'],
    ] as const) {
      await insert(db, 'permissions', {
        id,
        name: slug,
        slug,
        workspace_id: 'ws_root',
        project_id: 'proj_1',
      });
    }
    await insert(db, 'roles', { id: 'role_1', name: 'admin', workspace_id: 'ws_root', project_id: 'proj_1' });
    await insert(db, 'keys_permissions', {
      key_id: 'key_root',
      permission_id: 'perm_1',
      workspace_id: 'ws_root',
    });
    await insert(db, 'keys_roles', { key_id: 'key_root', role_id: 'role_1', workspace_id: 'ws_root' });
    await insert(db, 'roles_permissions', {
      role_id: 'role_1',
      permission_id: 'perm_2',
      workspace_id: 'ws_root',
    });
    const principal = await resolverOn(db).resolve();
    expect(principal?.permissions).toEqual(['api.*.create_api', 'api.*.read_api']);
  });

  it('ignores credits and the allow-list of its API', async () => {
    const db = await storeWithRootKey({ key: { remaining_requests: 0 }, api: { ip_whitelist: '10.0.0.1' } });
    expect(await resolverOn(db).resolve()).toBeDefined();
  });

  it('yields to others when there is no header', async () => {
    const { resolve } = resolverOn(brokenStore(new DatabaseError('must not be asked')));
    expect(await resolve(null)).toBeUndefined();
    expect(await resolve('')).toBeUndefined();
  });

  it('refuses a header without a bearer before looking anything up', async () => {
    const { resolve } = resolverOn(brokenStore(new DatabaseError('must not be asked')));
    await expect(resolve('Basic Zm9v')).rejects.toMatchObject({ code: 'unkey:authentication:malformed' });
  });

  it('refuses an unknown token', async () => {
    const { resolve } = resolverOn(await storeWithRootKey());
    await expect(resolve('Bearer unkey_other')).rejects.toMatchObject({
      code: 'unkey:authentication:key_not_found',
    });
  });

  const disabled = { enabled: false };
  const deleted = { deleted_at_m: NOW - 1 };
  const expired = { expires: toDateTime(NOW - 1) };
  const ordinary = { for_workspace_id: null };
  it.each<[string, Rows, string]>([
    ['a deleted key', { key: deleted }, 'authentication:key_not_found'],
    [
      'a missing target workspace, before all else',
      { target: null, workspace: disabled, key: disabled },
      'data:workspace_not_found',
    ],
    [
      'a disabled workspace of its own, before the deleted API',
      { workspace: disabled, api: deleted },
      'authorization:workspace_disabled',
    ],
    ['a disabled target workspace', { target: disabled }, 'authorization:workspace_disabled'],
    [
      'a deleted API, before the disabled key',
      { api: deleted, key: disabled },
      'authentication:key_not_found',
    ],
    ['a disabled key, before its expiry', { key: { ...disabled, ...expired } }, 'authorization:key_disabled'],
    ['an expired key', { key: expired }, 'authorization:forbidden'],
    ['an ordinary key', { key: ordinary }, 'authentication:key_not_found'],
    ['a disabled ordinary key', { key: { ...ordinary, ...disabled } }, 'authorization:key_disabled'],
    ['an expired ordinary key', { key: { ...ordinary, ...expired } }, 'authorization:forbidden'],
  ])('refuses %s', async (_case, rows, code) => {
    const { resolve } = resolverOn(await storeWithRootKey(rows));
    await expect(resolve()).rejects.toMatchObject({ code: `unkey:${code}` });
  });

  it('answers an ordinary key word for word like an unknown one', async () => {
    const refusal = async (promise: Promise<unknown>): Promise<object> => {
      const { code, publicMessage } = (await promise.catch((error: unknown) => error)) as Fault;
      return { code, publicMessage };
    };
    const ordinaryKey = await refusal(resolverOn(await storeWithRootKey({ key: ordinary })).resolve());
    const unknownKey = await refusal(resolverOn(await storeWithRootKey()).resolve('Bearer unkey_other'));
    expect(ordinaryKey).toEqual(unknownKey);
  });

  it('still authenticates for a soft-deleted target workspace that is enabled, and the log tells so', async () => {
    const { log, resolve } = resolverOn(await storeWithRootKey({ target: deleted }));
    expect(await resolve()).toBeDefined();
    expect(log.lines).toMatchObject([{ level: 'warn', fields: { keyId: 'key_root', workspaceId: 'ws_1' } }]);
  });

  it('expires by the clock, strictly after its time, also from the cache', async () => {
    const { clock, resolve } = resolverOn(await storeWithRootKey({ key: { expires: toDateTime(NOW + 5) } }));
    clock.set(NOW + 5);
    expect(await resolve()).toBeDefined();
    clock.set(NOW + 6);
    await expect(resolve()).rejects.toMatchObject({ code: 'unkey:authorization:forbidden' });
  });

  it('is unexpected_error when the store fails', async () => {
    const { metrics, resolve } = resolverOn(brokenStore(new DatabaseError('gone')));
    await expect(resolve()).rejects.toMatchObject({ code: 'unkey:application:unexpected_error' });
    expect(metrics.values.get('unkey_key_verification_errors_total{type="root_key"}')).toBe(1);
  });

  it('counts every load by the state of the key', async () => {
    const { metrics, resolve } = resolverOn(await storeWithRootKey());
    await resolve();
    await resolve();
    await resolve('Bearer unkey_other').catch(() => undefined);
    const loads = (code: string): number | undefined =>
      metrics.values.get(`unkey_key_verifications_total{type="root_key",code="${code}"}`);
    expect(loads('VALID')).toBe(2);
    expect(loads('NOT_FOUND')).toBe(1);
  });
});
