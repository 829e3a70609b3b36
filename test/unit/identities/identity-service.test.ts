// Identities where the store fails, or somebody else comes first.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { randomIds } from '../../../src/lib/uid.ts';
import { deleteIdentity } from '../../../src/server/routes/identities/delete-identity.ts';
import { type Database, DatabaseError, DuplicateKeyError } from '../../../src/storage/sql/database.ts';
import { limitOf } from '../../support/identities.ts';
import { watchStatements } from '../../support/watched-transaction.ts';
import { CALLER, openWorkbench, WORKSPACE, type Workbench } from '../keys/workbench.ts';

/** Called before every statement of a transaction with its name; throws to make it fail. */
let beforeStatement: (operation: string) => void;
/** Runs before every transaction. */
let beforeTransaction: () => Promise<unknown>;
/** Ids to hand out before random ones. */
let plannedIds: string[];
let bench: Workbench;

const intercept = (db: Database): Database => ({
  dialect: db.dialect,
  replica: db.replica,
  primary: db.primary,
  ping: () => db.ping(),
  close: () => db.close(),
  async transaction(work) {
    await beforeTransaction();
    return db.transaction((tx) =>
      watchStatements(
        tx,
        async ({ operation }, run) => {
          beforeStatement(operation);
          return run();
        },
        work,
      ),
    );
  },
});

beforeEach(async () => {
  beforeStatement = () => undefined;
  beforeTransaction = () => Promise.resolve();
  plannedIds = [];
  bench = await openWorkbench({
    intercept,
    ids: {
      next: (kind) => (kind === 'identity' ? plannedIds.shift() : undefined) ?? randomIds.next(kind),
    },
  });
});
afterEach(() => bench.close());

const service = () => bench.services.identities;
const code = (specific: string) => expect.objectContaining({ code: `unkey:${specific}` });
const failing = (operation: string, error: Error, times = 1) => {
  let left = times;
  beforeStatement = (name) => {
    if (name === operation && left-- > 0) throw error;
  };
};
const everything = async () => ({
  identities: await bench.rows('SELECT * FROM identities ORDER BY pk'),
  ratelimits: await bench.rows('SELECT * FROM ratelimits ORDER BY pk'),
  events: await bench.rows('SELECT * FROM clickhouse_outbox ORDER BY pk'),
  projects: await bench.rows('SELECT * FROM projects ORDER BY pk'),
});
const acme = () =>
  service().create(CALLER, {
    externalId: 'acme',
    meta: { plan: 'pro' },
    ratelimits: [limitOf('gone'), limitOf('kept')],
  });

describe('a failure before the commit leaves neither the change nor its audit events', () => {
  // The last statement of each change.
  const diskFull = () => failing('insertOutboxRows', new DatabaseError('disk full'));

  test('of a creation', async () => {
    const before = await everything();
    diskFull();
    await expect(acme()).rejects.toThrowError(code('application:service_unavailable'));
    expect(await everything()).toEqual(before);
  });

  test('of an update', async () => {
    await acme();
    const before = await everything();
    diskFull();
    const change = { meta: {}, ratelimits: [limitOf('kept', 1), limitOf('new')] };
    await expect(service().update(CALLER, 'acme', change)).rejects.toThrowError(
      code('application:service_unavailable'),
    );
    expect(await everything()).toEqual(before);
  });

  test('of a deletion, with that of the one deleted before', async () => {
    await acme();
    await service().remove(CALLER, 'acme');
    await acme();
    const before = await everything();
    diskFull();
    await expect(service().remove(CALLER, 'acme')).rejects.toThrowError(
      code('application:service_unavailable'),
    );
    expect(await everything()).toEqual(before);
  });

  test('and a passing one is overcome', async () => {
    failing('insertOutboxRows', new DatabaseError('deadlock', { transient: true }), 2);
    await acme();
    expect((await everything()).events).toHaveLength(3);
  });
});

describe('a creation that meets a unique key', () => {
  test('draws another id when its own is taken', async () => {
    plannedIds = ['id_taken'];
    await service().create(CALLER, { externalId: 'first' });
    plannedIds = ['id_taken', 'id_free'];
    await expect(service().create(CALLER, { externalId: 'second' })).resolves.toBe('id_free');
  });

  test('succeeds when the holder of its external id is gone by the time one looks', async () => {
    failing('insertIdentity', new DuplicateKeyError('taken'));
    const id = await service().create(CALLER, { externalId: 'acme' });
    expect(await service().find(WORKSPACE, 'acme')).toMatchObject({ id });
  });

  test('is refused when the store takes the names of two limits for one', async () => {
    failing('insertIdentityRatelimits', new DuplicateKeyError('taken'));
    await expect(acme()).rejects.toThrowError(code('application:invalid_input'));
    expect((await everything()).identities).toEqual([]);
  });
});

describe('a change that finds the identity and then loses it', () => {
  const goneFirst = (sql: string) => {
    beforeTransaction = () => bench.db.primary.run('test', sql);
  };

  test('to a deletion: the update finds nothing', async () => {
    await acme();
    const { events } = await everything();
    goneFirst('UPDATE identities SET deleted = 1');
    await expect(service().update(CALLER, 'acme', { meta: {} })).rejects.toThrowError(
      code('data:identity_not_found'),
    );
    expect((await everything()).events).toEqual(events);
  });

  test.each(['UPDATE identities SET deleted = 1', 'DELETE FROM identities'])(
    'to %s: the deletion succeeds and tells the audit log nothing',
    async (sql) => {
      await acme();
      const { events } = await everything();
      goneFirst(sql);
      await service().remove(CALLER, 'acme');
      expect((await everything()).events).toEqual(events);
    },
  );

  test('to a replacement under its external id: the deletion leaves the new one alone', async () => {
    const first = await acme();
    beforeTransaction = async () => {
      beforeTransaction = () => Promise.resolve();
      await service().remove(CALLER, first);
      await service().create(CALLER, { externalId: 'acme' });
    };
    await service().remove(CALLER, 'acme');
    expect(await service().find(WORKSPACE, 'acme')).toMatchObject({ externalId: 'acme', ratelimits: [] });
  });
});

test('limits that another update added before the lock was taken keep the ids they got', async () => {
  await service().create(CALLER, { externalId: 'acme' });
  let others: readonly { readonly id: string }[] = [];
  beforeTransaction = async () => {
    beforeTransaction = () => Promise.resolve();
    others = (await service().update(CALLER, 'acme', { ratelimits: [limitOf('same')] })).ratelimits;
  };
  const { ratelimits } = await service().update(CALLER, 'acme', { ratelimits: [limitOf('same', 99)] });
  expect(ratelimits).toEqual([{ ...limitOf('same', 99), id: others[0]?.id }]);
  expect((await service().find(WORKSPACE, 'acme')).ratelimits).toEqual(ratelimits);
});

test('metadata that is no JSON is left out', async () => {
  await service().create(CALLER, { externalId: 'acme' });
  await bench.db.primary.run('test', "UPDATE identities SET meta = '{'");
  expect((await service().find(WORKSPACE, 'acme')).meta).toBeUndefined();
  expect((await service().update(CALLER, 'acme', {})).meta).toBeUndefined();
});

test('grants compare with letter case', async () => {
  await acme();
  const removal = bench.run(deleteIdentity, { identity: 'acme' }, ['IDENTITY.*.DELETE_IDENTITY']);
  await expect(removal).rejects.toThrowError(code('authorization:insufficient_permissions'));
});
