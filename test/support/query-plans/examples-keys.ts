// Queries of keys, what hangs on them, and of those who may use them.
import * as names from '../../../src/storage/sql/queries/analytics-names.ts';
import * as apis from '../../../src/storage/sql/queries/apis.ts';
import * as settlements from '../../../src/storage/sql/queries/credit-settlements.ts';
import * as credits from '../../../src/storage/sql/queries/credits.ts';
import * as keyCredits from '../../../src/storage/sql/queries/key-credits.ts';
import * as grants from '../../../src/storage/sql/queries/key-grants.ts';
import * as lastUsed from '../../../src/storage/sql/queries/key-last-used.ts';
import * as migrations from '../../../src/storage/sql/queries/key-migrations.ts';
import * as refill from '../../../src/storage/sql/queries/key-refill.ts';
import * as keys from '../../../src/storage/sql/queries/keys.ts';
import * as rotation from '../../../src/storage/sql/queries/root-key-rotation.ts';
import * as rootKeys from '../../../src/storage/sql/queries/root-keys.ts';
import * as verification from '../../../src/storage/sql/queries/verification.ts';
import { type Examples, idAfterMany, keyRange, PAGE } from './example.ts';

/** As many as one page of a list holds. */
const KEY_IDS = Array.from({ length: 100 }, (_, index) => `keys_${index * 7 + 1}`);
const HASHES = KEY_IDS.map((id) => id.replace('keys_', 'hash'));
const PKS = [11, 22, 33];
const DAY = { firstDay: 1, lastDay: 1, start: '2026-01-01 00:00:00.000' };

const listPage = (keyspaceId: string) => ({
  keyspaceId,
  identityId: undefined,
  cursor: undefined,
  limit: PAGE,
});

export const KEY_EXAMPLES = {
  'keys.ts': {
    findLiveKey: [
      (tx, of) => keys.findLiveKey(tx, { id: of('keys') }),
      (tx) => keys.findLiveKey(tx, { hash: 'hash7' }),
    ],
    lockKey: (tx, of) => keys.lockKey(tx, of('keys')),
    findKey: (tx, of) => keys.findKey(tx, of('keys')),
    listKeysOfKeyspace: [
      (tx, of) => keys.listKeysOfKeyspace(tx, listPage(of('key_auth'))),
      (tx, of) => keys.listKeysOfKeyspace(tx, { ...listPage(of('key_auth')), cursor: idAfterMany('keys') }),
      (tx, of) => keys.listKeysOfKeyspace(tx, { ...listPage(of('key_auth')), identityId: of('identities') }),
      (tx, of) =>
        keys.listKeysOfKeyspace(tx, {
          ...listPage(of('key_auth')),
          identityId: of('identities'),
          cursor: idAfterMany('keys'),
        }),
    ],
    listCiphertexts: [
      (tx) => keys.listCiphertexts(tx, KEY_IDS),
      (tx, of) => keys.listCiphertexts(tx, keyRange(of('key_auth'))),
    ],
    updateKeyColumns: (tx, of) => keys.updateKeyColumns(tx, of('keys'), { name: 'other' }, 1),
    softDeleteKey: (tx, of) => keys.softDeleteKey(tx, of('keys'), 1),
    deleteKeyForGood: (tx, of) => keys.deleteKeyForGood(tx, of('keys')),
  } satisfies Examples<typeof keys>,
  'verification.ts': {
    loadVerificationRows: (tx, of) =>
      verification.loadVerificationRows(tx, of('keys').replace('keys_', 'hash')),
  } satisfies Examples<typeof verification>,
  'apis.ts': {
    findApiById: (tx, of) => apis.findApiById(tx, of('apis')),
    softDeleteApi: (tx, of) => apis.softDeleteApi(tx, of('apis'), 1),
  } satisfies Examples<typeof apis>,
  'keyspaces.ts': {},
  'key-grants.ts': {
    listKeyRoles: [
      (tx) => grants.listKeyRoles(tx, KEY_IDS),
      (tx, of) => grants.listKeyRoles(tx, keyRange(of('key_auth'))),
    ],
    listKeyPermissions: [
      (tx) => grants.listKeyPermissions(tx, KEY_IDS),
      (tx, of) => grants.listKeyPermissions(tx, keyRange(of('key_auth'))),
    ],
    listKeyRolePermissions: [
      (tx) => grants.listKeyRolePermissions(tx, KEY_IDS),
      (tx, of) => grants.listKeyRolePermissions(tx, keyRange(of('key_auth'))),
    ],
    listAttachedPermissions: (tx, of) => grants.listAttachedPermissions(tx, of('keys')),
    listAttachedRoles: (tx, of) => grants.listAttachedRoles(tx, of('keys')),
    deleteKeyPermissions: (tx, of) => grants.deleteKeyPermissions(tx, of('keys'), [of('permissions')]),
    deleteKeyRoles: (tx, of) => grants.deleteKeyRoles(tx, of('keys'), [of('roles')]),
    deletePermissionFromKeys: (tx, of) => grants.deletePermissionFromKeys(tx, of('permissions')),
    deleteRoleFromKeys: (tx, of) => grants.deleteRoleFromKeys(tx, of('roles')),
  } satisfies Examples<typeof grants>,
  'key-credits.ts': {
    lockKeyCredits: (tx, of) => keyCredits.lockKeyCredits(tx, of('keys')),
    setKeyCredits: (tx, of) =>
      keyCredits.setKeyCredits(tx, of('keys'), { remaining: 1, refillAmount: null, refillDay: null }),
  } satisfies Examples<typeof keyCredits>,
  'credits.ts': {
    listKeyPks: (tx) => credits.listKeyPks(tx, KEY_IDS),
    lockBalances: (tx) => credits.lockBalances(tx, PKS),
    takeCredits: (tx) =>
      credits.takeCredits(
        tx,
        PKS.map((pk) => ({ pk, amount: 1 })),
      ),
  } satisfies Examples<typeof credits>,
  'credit-settlements.ts': {
    listSettlements: (tx) => settlements.listSettlements(tx, ['ledger_id1', 'ledger_id2']),
    findBalance: (tx, of) => settlements.findBalance(tx, of('keys'), ['ledger_id1', 'ledger_id2']),
    updateSettlements: (tx, of) =>
      settlements.updateSettlements(tx, [{ ledgerId: 'ledger_id1', keyId: of('keys'), settled: 2 }], 1),
    deleteSettlementsBefore: (tx) => settlements.deleteSettlementsBefore(tx, 5000, 100),
  } satisfies Examples<typeof settlements>,
  'key-last-used.ts': {
    raiseLastUsed: (tx) => lastUsed.raiseLastUsed(tx, { ids: KEY_IDS, at: 1 }),
  } satisfies Examples<typeof lastUsed>,
  'key-refill.ts': {
    listKeysDueForRefill: [
      (tx) => refill.listKeysDueForRefill(tx, { day: DAY, after: undefined, limit: 20 }),
      (tx) =>
        refill.listKeysDueForRefill(tx, { day: DAY, after: { refillAmount: 1000, pk: 5001 }, limit: 20 }),
    ],
    countKeysDueForRefill: (tx) => refill.countKeysDueForRefill(tx, DAY),
    lockKeysDueForRefill: (tx) => refill.lockKeysDueForRefill(tx, { day: DAY, pks: PKS }),
    refillKeys: (tx) => refill.refillKeys(tx, { pks: PKS, now: 1, nowText: DAY.start }),
  } satisfies Examples<typeof refill>,
  'key-migrations.ts': {
    findKeyMigrationById: (tx) => migrations.findKeyMigrationById(tx, 'key_migrations_1'),
    listAllKeyMigrations: (tx) => migrations.listAllKeyMigrations(tx),
    listKeyMigrationsOf: (tx, of) => migrations.listKeyMigrationsOf(tx, of('workspaces')),
    findKeyMigration: (tx, of) => migrations.findKeyMigration(tx, of('key_migrations'), of('workspaces')),
    listTakenHashes: (tx) => migrations.listTakenHashes(tx, HASHES),
    listKeyHashes: (tx) => migrations.listKeyHashes(tx, KEY_IDS),
    hasLiveKey: (tx) => migrations.hasLiveKey(tx, 'hash7'),
    rehashMigratedKey: (tx, of) =>
      migrations.rehashMigratedKey(tx, {
        keyId: of('keys'),
        migrationId: 'key_migrations_1',
        hash: 'other',
        start: 'st',
        now: 1,
      }),
  } satisfies Examples<typeof migrations>,
  'root-keys.ts': {
    lockApi: (tx, of) => rootKeys.lockApi(tx, of('apis')),
    findWorkspace: [
      (tx, of) => rootKeys.findWorkspace(tx, of('workspaces')),
      (tx) => rootKeys.findWorkspace(tx, 'slug7'),
    ],
    lockWorkspaces: (tx, of) => rootKeys.lockWorkspaces(tx, [of('workspaces'), 'workspaces_9']),
    listAllRootKeyRows: (tx) => rootKeys.listAllRootKeyRows(tx, 'workspaces_3'),
    listRootKeyRows: (tx) => rootKeys.listRootKeyRows(tx, 'workspaces_3', ['workspaces_3']),
    findRootKeyRows: (tx) => rootKeys.findRootKeyRows(tx, 'workspaces_3', ['keys_3', 'keys_203']),
    lockKeys: (tx) => rootKeys.lockKeys(tx, KEY_IDS),
    findKeyIdByHash: (tx) => rootKeys.findKeyIdByHash(tx, 'hash7'),
    softDeleteKeys: (tx) => rootKeys.softDeleteKeys(tx, KEY_IDS, 1),
  } satisfies Examples<typeof rootKeys>,
  'root-key-rotation.ts': {
    copyKey: (tx, of) => rotation.copyKey(tx, of('keys'), { id: 'key_new', hash: 'new', start: 'n' }, 1),
  } satisfies Examples<typeof rotation>,
  'analytics-names.ts': {
    findKeyNames: (tx, of) => names.findKeyNames(tx, of('workspaces'), KEY_IDS),
    findApiNamesByKeyspace: (tx, of) =>
      names.findApiNamesByKeyspace(tx, of('workspaces'), [of('key_auth'), 'key_auth_9']),
  } satisfies Examples<typeof names>,
};
