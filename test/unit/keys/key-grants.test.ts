// What changes of a key's permissions and roles do beside their answer: caches, faults, and races with other changes.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createKey } from '../../../src/server/routes/keys/create-key.ts';
import { getKey } from '../../../src/server/routes/keys/get-key.ts';
import type { KeyGrantService } from '../../../src/services/keys/key-grants.ts';
import type { LiveKey } from '../../../src/services/keys/live-key.ts';
import { type Database, DatabaseError } from '../../../src/storage/sql/database.ts';
import { watchStatements } from '../../support/watched-transaction.ts';
import { API, CALLER, openWorkbench, WORKSPACE, type Workbench } from './workbench.ts';

let bench: Workbench;
let keyId: string;
let key: LiveKey;
let removed: string[];

/** Whether the store fails just before each commit. */
let isFailing = false;

/** A store that loses its transactions after all their statements have succeeded. */
const losingCommits = (db: Database): Database => ({
  dialect: db.dialect,
  replica: db.replica,
  primary: db.primary,
  ping: () => db.ping(),
  close: () => db.close(),
  transaction: (work) =>
    db.transaction(async (tx) => {
      const result = await work(tx);
      if (isFailing) throw new DatabaseError('lost before the commit');
      return result;
    }),
});

beforeEach(async () => {
  isFailing = false;
  bench = await openWorkbench({ intercept: losingCommits });
  for (const name of ['had', 'other']) {
    await bench.insert('roles', { id: `role_${name}`, workspace_id: WORKSPACE, project_id: 'p', name });
    await bench.insert('permissions', {
      id: `perm_${name}`,
      workspace_id: WORKSPACE,
      project_id: 'p',
      name,
      slug: name,
      created_at_m: 0,
    });
  }
  keyId = (await bench.run(createKey, { apiId: API, permissions: ['had'], roles: ['had'] })).keyId;
  key = await bench.services.keys.findById(WORKSPACE, keyId);
  removed = [];
  bench.keyCache.remove = (...hashes) => {
    removed.push(...hashes);
  };
  await bench.db.primary.run('test', 'DELETE FROM clickhouse_outbox');
});
afterEach(() => bench.close());

const code = (specific: string) => expect.objectContaining({ code: `unkey:${specific}` });
const given = (...slugs: string[]) => ({ slugs, authorizeCreate: () => undefined });

type Attempt = (grants: KeyGrantService) => Promise<unknown>;

/** A change that attaches, detaches or makes something, by the operation's name. */
const CHANGES: [string, Attempt][] = [
  ['addPermissions', (grants) => grants.addPermissions(CALLER, key, given('other', 'new'))],
  ['removePermissions', (grants) => grants.removePermissions(CALLER, key, ['had'])],
  ['setPermissions', (grants) => grants.setPermissions(CALLER, key, given('other', 'new'))],
  ['addRoles', (grants) => grants.addRoles(CALLER, key, ['other'])],
  ['removeRoles', (grants) => grants.removeRoles(CALLER, key, ['had'])],
  ['setRoles', (grants) => grants.setRoles(CALLER, key, ['other'])],
];

describe.each(CHANGES)('%s', (_name, attempt) => {
  const state = async () => ({
    permissions: (await bench.run(getKey, { keyId })).permissions,
    roles: (await bench.run(getKey, { keyId })).roles,
    slugs: await bench.rows('SELECT slug FROM permissions ORDER BY slug'),
    events: await bench.rows('SELECT pk FROM clickhouse_outbox'),
  });

  test('evicts the key from the verification cache', async () => {
    await attempt(bench.services.keyGrants);
    expect(removed).toEqual([key.hash]);
  });

  test('leaves nothing behind when the store fails before the commit', async () => {
    const before = await state();
    isFailing = true;
    await expect(attempt(bench.services.keyGrants)).rejects.toThrowError(
      code('application:service_unavailable'),
    );
    isFailing = false;
    expect(await state()).toEqual(before);
    expect(before.events).toEqual([]);
    expect(removed).toEqual([]);
  });

  test('finds no key that was deleted since it was loaded', async () => {
    await bench.db.primary.run('test', 'UPDATE `keys` SET deleted_at_m = 1');
    await expect(attempt(bench.services.keyGrants)).rejects.toThrowError(code('data:key_not_found'));
    expect(await bench.rows('SELECT pk FROM clickhouse_outbox')).toEqual([]);
    expect(removed).toEqual([]);
  });
});

describe('without a change', () => {
  test.each<[string, Attempt]>([
    ['removePermissions', (grants) => grants.removePermissions(CALLER, key, ['other'])],
    ['addRoles', (grants) => grants.addRoles(CALLER, key, ['had'])],
    ['removeRoles', (grants) => grants.removeRoles(CALLER, key, ['other'])],
  ])('%s keeps the cached key', async (_name, attempt) => {
    await attempt(bench.services.keyGrants);
    expect(removed).toEqual([]);
  });

  test.each<[string, Attempt]>([
    ['addPermissions', (grants) => grants.addPermissions(CALLER, key, given('had'))],
    ['setPermissions', (grants) => grants.setPermissions(CALLER, key, given('had'))],
    ['setRoles', (grants) => grants.setRoles(CALLER, key, ['had'])],
  ])('%s evicts all the same', async (_name, attempt) => {
    await attempt(bench.services.keyGrants);
    expect(removed).toEqual([key.hash]);
    expect(await bench.rows('SELECT pk FROM clickhouse_outbox')).toEqual([]);
  });
});

test('leave to make permissions is asked for exactly when one is missing', async () => {
  let asked = 0;
  const authorizeCreate = () => {
    asked++;
  };
  const { keyGrants } = bench.services;
  await keyGrants.addPermissions(CALLER, key, { slugs: ['had', 'OTHER'], authorizeCreate });
  expect(asked).toBe(0);
  await keyGrants.setPermissions(CALLER, key, { slugs: ['new', 'newer'], authorizeCreate });
  expect(asked).toBe(1);
});

test('a list of five hundred takes as many statements as a list of one', async () => {
  const counted: string[] = [];
  const counting = await openWorkbench({
    intercept: (db) => ({
      dialect: db.dialect,
      replica: db.replica,
      primary: db.primary,
      ping: () => db.ping(),
      close: () => db.close(),
      transaction: (work) =>
        db.transaction((tx) =>
          watchStatements(
            tx,
            ({ operation }, run) => {
              counted.push(operation);
              return run();
            },
            work,
          ),
        ),
    }),
  });
  const { keyId: id } = await counting.run(createKey, { apiId: API });
  const other = await counting.services.keys.findById(WORKSPACE, id);
  const setting = async (...slugs: string[]): Promise<string[]> => {
    counted.length = 0;
    await counting.services.keyGrants.setPermissions(CALLER, other, given(...slugs));
    return [...counted];
  };
  const one = await setting('one');
  await setting();
  const many = await setting(...Array.from({ length: 500 }, (_, i) => `slug.${i}`));
  expect(many).toEqual(one);
  await counting.close();
});
