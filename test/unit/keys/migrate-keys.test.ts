// What keys.migrateKeys does beside its answer: caches, faults, races; and the first use of what it stored.

import { afterEach, describe, expect, test } from 'vitest';
import { sha256Base64, sha256Hex } from '../../../src/lib/hash.ts';
import { type IdSource, randomIds } from '../../../src/lib/uid.ts';
import { createKey } from '../../../src/server/routes/keys/create-key.ts';
import { type MigrateKeysBody, migrateKeys } from '../../../src/server/routes/keys/migrate-keys.ts';
import { verifyKey } from '../../../src/server/routes/keys/verify-key.ts';
import { type Database, DatabaseError, DuplicateKeyError } from '../../../src/storage/sql/database.ts';
import { interceptTransactions } from '../support/intercept.ts';
import { failing, losingCommits } from './failing-store.ts';
import { API, openWorkbench, WORKSPACE, type Workbench, type WorkbenchOptions } from './workbench.ts';

let bench: Workbench;
afterEach(() => bench.close());

const SEAM = 'github.com/seamapi/prefixed-api-key';
const CREATE = 'api.*.create_key';

async function open(options: WorkbenchOptions = {}, algorithm = 'sha256'): Promise<void> {
  bench = await openWorkbench(options);
  await bench.insert('key_migrations', { id: 'mig_1', workspace_id: WORKSPACE, algorithm });
}

const code = (specific: string) => expect.objectContaining({ code: `unkey:${specific}` });
const migrate = (keys: MigrateKeysBody['keys'], over: Partial<MigrateKeysBody> = {}) =>
  bench.run(migrateKeys, { migrationId: 'mig_1', apiId: API, keys, ...over }, [CREATE]);
const keys = () => bench.rows<{ id: string; hash: string }>('SELECT id, hash FROM `keys` ORDER BY pk');

const FULL = {
  hash: 'full',
  externalId: 'u_1',
  permissions: ['a.read'],
  roles: ['admin'],
  ratelimits: [{ name: 'rpm', limit: 1, duration: 1000, autoApply: true }],
};
const TABLES = [
  'keys',
  'identities',
  'permissions',
  'roles',
  'keys_permissions',
  'keys_roles',
  'ratelimits',
  'clickhouse_outbox',
];

test('the caches forget that there was no key of these hashes, and of no other', async () => {
  await open();
  await migrate([{ hash: 'old' }]);
  const forgotten: string[] = [];
  bench.keyCache.removeNull = (hash) => void forgotten.push(hash);
  await migrate([{ hash: 'one' }, { hash: 'old' }, { hash: 'two' }]);
  expect(forgotten).toEqual(['one', 'two']);
});

test('the default project is made before the migration is looked for, and after the API', async () => {
  await open();
  const projects = () => bench.rows('SELECT slug FROM projects');
  await expect(migrate([FULL], { apiId: 'api_none' })).rejects.toThrowError(code('data:api_not_found'));
  expect(await projects()).toEqual([]);
  await expect(migrate([FULL], { migrationId: 'mig_none' })).rejects.toThrowError(
    code('data:migration_not_found'),
  );
  expect(await projects()).toEqual([{ slug: 'default' }]);
});

describe('faults', () => {
  test('before the commit leave nothing of the batch, and no audit event', async () => {
    let isLosing = true;
    await open({ intercept: losingCommits(() => isLosing) });
    await bench.insert('projects', {
      id: 'proj_default',
      workspace_id: WORKSPACE,
      name: 'Default',
      slug: 'default',
      created_at: 0,
    });
    await expect(migrate([FULL])).rejects.toThrowError(code('application:service_unavailable'));
    for (const table of TABLES) expect(await bench.rows(`SELECT pk FROM \`${table}\``)).toEqual([]);
    isLosing = false;
    await migrate([FULL]);
    for (const table of TABLES) expect(await bench.rows(`SELECT pk FROM \`${table}\``)).not.toEqual([]);
  });

  test('that pass are waited out, and leave one of everything', async () => {
    const errors = [1, 2].map(() => new DatabaseError('deadlock', { transient: true }));
    await open({ intercept: failing('insertOutboxRows', errors) });
    expect((await migrate([FULL])).migrated).toHaveLength(1);
    expect(errors).toEqual([]);
    for (const table of TABLES.slice(0, -1)) {
      expect(await bench.rows(`SELECT pk FROM \`${table}\``)).toHaveLength(1);
    }
  });

  test('of a taken key id are healed with other ids', async () => {
    let drawn = 0;
    const ids: IdSource = {
      next: (kind) => (kind === 'key' && drawn++ < 2 ? 'key_taken' : randomIds.next(kind)),
    };
    await open({ ids });
    await migrate([{ hash: 'first' }]);
    const { migrated, failed } = await migrate([{ hash: 'second' }]);
    expect(failed).toEqual([]);
    expect(await keys()).toEqual([
      { id: 'key_taken', hash: 'first' },
      { id: migrated[0].keyId, hash: 'second' },
    ]);
  });

  test('of taken ids without end are one of the store', async () => {
    await open({ ids: { next: (kind) => (kind === 'key' ? 'key_taken' : randomIds.next(kind)) } });
    await migrate([{ hash: 'first' }]);
    await expect(migrate([{ hash: 'second' }])).rejects.toThrowError(code('application:service_unavailable'));
  });
});

test('a hash that another batch takes between the look and the insert fails, alone', async () => {
  /** Somebody who stores a key in the same moment: their row is there before ours, but was not when we looked. */
  const rival = (db: Database): Database =>
    interceptTransactions(db, {
      async beforeStatement(operation, tx) {
        if (operation !== 'insertMigratedKeysOrKeep') return;
        await tx.run(
          'rival',
          "INSERT INTO `keys` (id, key_auth_id, hash, start, workspace_id) VALUES ('key_rival', 'ks_r', 'raced', '', 'ws_r')",
        );
      },
      beforeTransaction: () => undefined,
    });
  await open({ intercept: rival });
  const data = await migrate([{ ...FULL, hash: 'raced' }, { hash: 'ours' }]);
  expect(data).toEqual({ migrated: [{ hash: 'ours', keyId: expect.any(String) }], failed: ['raced'] });
  expect(await bench.rows('SELECT key_id FROM keys_permissions')).toEqual([]);
  expect(await bench.rows('SELECT key_id FROM ratelimits')).toEqual([]);
  expect(await bench.rows('SELECT event_id FROM clickhouse_outbox')).toHaveLength(1);
});

describe('the first use of a prefixed key', () => {
  const KEY = 'co_short_long';

  test('tells the caches of both hashes', async () => {
    await open({}, SEAM);
    await migrate([{ hash: sha256Hex('long') }]);
    const removed: string[] = [];
    bench.keyCache.remove = (...hashes) => void removed.push(...hashes);
    await bench.run(verifyKey, { key: KEY, migrationId: 'mig_1' });
    expect(removed).toEqual([sha256Hex('long'), sha256Base64(KEY)]);
  });

  test('is refused when its native hash cannot be stored, and can be tried again', async () => {
    const errors = [new DatabaseError('away'), new DuplicateKeyError('taken')];
    const intercept = (db: Database): Database => ({
      dialect: db.dialect,
      replica: db.replica,
      primary: {
        dialect: db.dialect,
        all: (operation, sql, params) => db.primary.all(operation, sql, params),
        together: (work) => db.primary.together(work),
        async run(operation, sql, params) {
          const error = operation === 'rehashMigratedKey' ? errors.shift() : undefined;
          if (error !== undefined) throw error;
          return db.primary.run(operation, sql, params);
        },
      },
      ping: () => db.ping(),
      close: () => db.close(),
      transaction: (work) => db.transaction(work),
    });
    await open({ intercept }, SEAM);
    await migrate([{ hash: sha256Hex('long') }]);
    const verifying = () => bench.run(verifyKey, { key: KEY, migrationId: 'mig_1' });
    for (let attempt = 0; attempt < 2; attempt++) {
      await expect(verifying()).rejects.toThrowError(code('application:unexpected_error'));
    }
    expect(await verifying()).toMatchObject({ code: 'VALID' });
  });

  test('by somebody else, between the two lookups, does not make it unknown', async () => {
    await open({}, SEAM);
    await migrate([{ hash: sha256Hex('long') }]);
    const { find } = bench.keyCache;
    let isFirst = true;
    bench.keyCache.find = async (hash) => {
      const found = await find(hash);
      if (hash === sha256Base64(KEY) && isFirst) {
        isFirst = false;
        expect(await bench.run(verifyKey, { key: KEY, migrationId: 'mig_1' })).toMatchObject({
          code: 'VALID',
        });
      }
      return found;
    };
    expect(await bench.run(verifyKey, { key: KEY, migrationId: 'mig_1' })).toMatchObject({ code: 'VALID' });
  });

  test('of a text that nothing knows is asked for in the store once more, and not found', async () => {
    await open({}, SEAM);
    await bench.run(createKey, { apiId: API });
    expect(await bench.run(verifyKey, { key: KEY, migrationId: 'mig_1' })).toEqual({
      valid: false,
      code: 'NOT_FOUND',
    });
  });
});
