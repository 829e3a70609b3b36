// What every adapter of the relational store must do. A new adapter is proven by running this suite.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ManualClock } from '../../src/lib/clock.ts';
import {
  DatabaseError,
  DuplicateKeyError,
  type MigratableDatabase,
  type Queryable,
  type Transaction,
} from '../../src/storage/sql/database.ts';
import {
  byteEqual,
  deferRows,
  forUpdate,
  fromDateTime,
  insertOrKeep,
  insertRows,
  toDateTime,
} from '../../src/storage/sql/dialect.ts';
import { createMigrator } from '../../src/storage/sql/migrator.ts';

const NASTY = [
  '',
  "'",
  "' OR '1'='1",
  '"; DROP TABLE things; --',
  '\\',
  "\\'",
  'a\0b',
  '\x1a\r\n\t\b',
  '?$1 $p0 :name :text @x %s',
  '/* */ */ --',
  'Grüße 🦊 \u202e',
];

interface ThingRow {
  readonly name: string;
  readonly text: string | null;
  readonly number: number | string | null;
  readonly flag: number | null;
  readonly bytes: Uint8Array | null;
  readonly moment: string | null;
}

/**
 * @param open opens an empty store of its own for the suite; the suite closes it
 */
export function describeDatabase(name: string, open: () => Promise<MigratableDatabase>): void {
  describe(`the relational store on ${name}`, () => {
    let db: MigratableDatabase;
    let serial = 0;

    beforeAll(async () => {
      db = await open();
      await createMigrator({ database: db, clock: new ManualClock(0), toolVersion: 'test' }).up();
      const [pk, blob, time, insensitive, options] =
        db.dialect === 'mysql'
          ? [
              'bigint unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY',
              'longblob',
              'datetime(3)',
              'utf8mb4_general_ci',
              ' CHARACTER SET utf8mb4 COLLATE utf8mb4_bin',
            ]
          : ['INTEGER PRIMARY KEY AUTOINCREMENT', 'BLOB', 'TEXT', 'NOCASE', ''];
      await db.primary.run(
        'arrange',
        `CREATE TABLE things (pk ${pk}, name varchar(200) NOT NULL, text ${db.dialect === 'mysql' ? 'longtext' : 'TEXT'},
           number bigint, flag tinyint(1), bytes ${blob}, moment ${time}, folded varchar(50) COLLATE ${insensitive})${options}`,
      );
      await db.primary.run('arrange', 'CREATE UNIQUE INDEX things_name ON things (name)');
    });

    afterAll(() => db?.close());

    const fresh = () => `thing-${++serial}`;

    async function read(name: string): Promise<ThingRow | undefined> {
      return (
        await db.primary.all<ThingRow>('read', 'SELECT * FROM things WHERE name = :name', {
          name,
        })
      )[0];
    }

    async function names(prefix: string): Promise<string[]> {
      const rows = await db.primary.all<{ name: string }>(
        'names',
        'SELECT name FROM things WHERE name LIKE :pattern ORDER BY name',
        { pattern: `${prefix}%` },
      );
      return rows.map((row) => row.name);
    }

    describe('bound values', () => {
      test.each(NASTY)('stores and compares the text %j as it is', async (text) => {
        const name = fresh();
        await insertRows(db.primary, 'insert', 'things', [{ name, text }]);

        expect((await read(name))?.text).toBe(text);
        const found = await db.primary.all(
          'find',
          'SELECT pk FROM things WHERE name = :name AND text = :text',
          { name, text },
        );
        expect(found).toHaveLength(1);
      });

      test('leaves literals, quoted names and comments of the statement alone', async () => {
        const rows = await db.primary.all(
          'literals',
          "SELECT ':name' AS a, '$p0 $$ ? it''s' AS b, :name AS `c:d` /* :nothing */ -- :nothing\n WHERE 1 = :one",
          { name: 'bound', one: 1 },
        );
        expect(rows).toEqual([{ a: ':name', b: "$p0 $$ ? it's", 'c:d': 'bound' }]);
      });

      test('binds one name as often as the statement has it', async () => {
        const rows = await db.primary.all('twice', 'SELECT :n AS a, :n + :m AS b', { n: 2, m: 3 });
        expect(rows).toEqual([{ a: 2, b: 5 }]);
      });

      test('binds lists, bytes and repeated names in the order of the statement', async () => {
        const rows = await db.primary.all(
          'order',
          `SELECT :b AS b, '$values $1 ?1 a$$$ $$b :b' AS text, :a AS a -- :b $values
            WHERE :b IN (:list) AND 'x' NOT IN (:list) AND :a IN (:a, :b) AND 7 IN (:none, :big, 7)
              AND CAST(:bytes AS CHAR(3)) = :utf8 /* :a */ LIMIT :one`,
          {
            one: 1,
            utf8: 'a?$',
            bytes: Uint8Array.from(Buffer.from('a?$')),
            none: [],
            big: [9_007_199_254_740_993n, 8n],
            list: ['y', 'second', 'z'],
            b: 'second',
            a: 'first',
          },
        );
        expect(rows).toEqual([{ b: 'second', text: '$values $1 ?1 a$$$ $$b :b', a: 'first' }]);
      });

      test('hands integers over as numbers while they are exact and as strings beyond', async () => {
        const name = fresh();
        const beyond = fresh();
        await insertRows(db.primary, 'insert', 'things', [
          { name, number: Number.MAX_SAFE_INTEGER },
          { name: beyond, number: 9_007_199_254_740_993n },
        ]);

        expect((await read(name))?.number).toBe(Number.MAX_SAFE_INTEGER);
        expect((await read(beyond))?.number).toBe('9007199254740993');
        const found = await db.primary.all('find', 'SELECT pk FROM things WHERE number = :number', {
          number: 9_007_199_254_740_993n,
        });
        expect(found).toHaveLength(1);
      });

      test('stores booleans as 0 and 1, null as null, bytes as bytes', async () => {
        const name = fresh();
        await insertRows(db.primary, 'insert', 'things', [
          { name, flag: true, text: null, bytes: Uint8Array.of(0, 255, 39, 92) },
        ]);

        const row = await read(name);
        expect(row).toMatchObject({ flag: 1, text: null });
        expect([...(row?.bytes ?? [])]).toEqual([0, 255, 39, 92]);
        const found = await db.primary.all(
          'find',
          'SELECT pk FROM things WHERE name = :name AND flag = :flag',
          {
            name,
            flag: false,
          },
        );
        expect(found).toEqual([]);
      });

      test('expands a list, and lets an empty one match nothing', async () => {
        const list = [fresh(), fresh(), fresh()];
        await insertRows(
          db.primary,
          'insert',
          'things',
          list.map((name) => ({ name })),
        );
        const count = async (some: string[]) =>
          (await db.primary.all('find', 'SELECT pk FROM things WHERE name IN (:some)', { some })).length;

        expect(await count(list.slice(1))).toBe(2);
        expect(await count([])).toBe(0);
        const none = await db.primary.run('delete', 'DELETE FROM things WHERE name NOT IN (:none)', {
          none: [],
        });
        expect(none.affectedRows).toBe(0);
      });

      test('takes a bound limit', async () => {
        const rows = await db.primary.all('limit', 'SELECT pk FROM things ORDER BY pk LIMIT :limit', {
          limit: 2,
        });
        expect(rows).toHaveLength(2);
      });

      test('refuses a placeholder without a value and a number that is none', async () => {
        await expect(db.primary.all('missing', 'SELECT :a AS a', {})).rejects.toThrow(':a has no value');
        await expect(db.primary.all('nan', 'SELECT :a AS a', { a: Number.NaN })).rejects.toThrow(
          'not finite',
        );
      });

      test('keeps times to the millisecond, sortable and in UTC', async () => {
        const name = fresh();
        const ms = Date.UTC(2026, 1, 28, 23, 59, 59, 7);
        await insertRows(db.primary, 'insert', 'things', [{ name, moment: toDateTime(ms) }]);

        expect((await read(name))?.moment).toBe('2026-02-28 23:59:59.007');
        expect(fromDateTime((await read(name))?.moment ?? '')).toBe(ms);
        const before = await db.primary.all(
          'find',
          'SELECT pk FROM things WHERE name = :name AND moment < :now',
          {
            name,
            now: toDateTime(ms + 1),
          },
        );
        expect(before).toHaveLength(1);
      });
    });

    describe('writing', () => {
      test('reports a taken unique key as a duplicate, without the value', async () => {
        const name = fresh();
        await insertRows(db.primary, 'insert', 'things', [{ name }]);

        const failure = await insertRows(db.primary, 'again', 'things', [{ name }]).catch(
          (error: unknown) => error,
        );

        expect(failure).toBeInstanceOf(DuplicateKeyError);
        expect(everythingOf(failure)).not.toContain(name);
      });

      test('reports a broken statement as a failure that does not pass, without its values', async () => {
        const failure = await db.primary
          .all('broken', 'SELECT FROM WHERE :secret', { secret: 'sesame-open' })
          .catch((error: unknown) => error);

        expect(failure).toBeInstanceOf(DatabaseError);
        expect((failure as DatabaseError).transient).toBe(false);
        expect((failure as DatabaseError).message).toContain('broken');
        expect(everythingOf(failure)).not.toContain('sesame-open');
      });

      test('counts matched rows, changed or not', async () => {
        const name = fresh();
        await insertRows(db.primary, 'insert', 'things', [{ name, number: 1 }]);
        const set = (value: number, whose: string) =>
          db.primary.run('set', 'UPDATE things SET number = :value WHERE name = :whose', { value, whose });

        expect(await set(1, name)).toEqual({ affectedRows: 1 });
        expect(await set(2, name)).toEqual({ affectedRows: 1 });
        expect(await set(2, 'nobody')).toEqual({ affectedRows: 0 });
        expect(await db.primary.run('delete', 'DELETE FROM things WHERE name = :name', { name })).toEqual({
          affectedRows: 1,
        });
      });

      test('inserts more rows than one statement takes', async () => {
        const prefix = `${fresh()}-many-`;
        const rows = Array.from({ length: 2001 }, (_, index) => ({
          name: `${prefix}${index}`,
          number: index,
        }));
        await insertRows(db.primary, 'insert', 'things', rows);

        expect(await names(prefix)).toHaveLength(2001);
      });

      test('inserts nothing for no rows', async () => {
        await expect(insertRows(db.primary, 'insert', 'things', [])).resolves.toBeUndefined();
      });

      test('insertOrKeep leaves a row that is there as it is', async () => {
        const [kept, added] = [fresh(), fresh()];
        await insertRows(db.primary, 'insert', 'things', [{ name: kept, number: 1 }]);

        await insertOrKeep(
          db.primary,
          'keep',
          'things',
          [
            { name: kept, number: 2 },
            { name: added, number: 3 },
          ],
          ['name'],
        );

        expect((await read(kept))?.number).toBe(1);
        expect((await read(added))?.number).toBe(3);
      });

      test('byteEqual tells letter cases apart on a column that folds them', async () => {
        const name = fresh();
        await insertRows(db.primary, 'insert', 'things', [{ name, folded: 'Default' }]);
        const find = async (condition: string, slug: string) =>
          (
            await db.primary.all('find', `SELECT pk FROM things WHERE name = :name AND ${condition}`, {
              name,
              slug,
            })
          ).length;

        expect(await find('folded = :slug', 'default')).toBe(1);
        expect(await find(byteEqual(db, 'folded', 'slug'), 'default')).toBe(0);
        expect(await find(byteEqual(db, 'folded', 'slug'), 'Default')).toBe(1);
      });
    });

    describe('reads that are asked for together', () => {
      const count = (q: Queryable, name: string) =>
        q.all<{ n: number }>('count', 'SELECT COUNT(*) AS n FROM things WHERE name = :name', { name });

      test.each(['replica', 'primary', 'transaction'] as const)(
        'each gets its own rows: %s',
        async (where) => {
          const [one, other] = [fresh(), fresh()];
          await insertRows(db.primary, 'insert', 'things', [{ name: one, number: 1 }]);
          const reads = (q: Queryable) =>
            q.together(async (together) => {
              const first = await Promise.all([
                count(together, one),
                count(together, other),
                together.all('names', "SELECT name, ';' AS mark FROM things WHERE name = :one -- ; no end", {
                  one,
                }),
              ]);
              // Asked for after those: in an exchange of its own.
              return [...first, await count(together, one)];
            });
          const answers = where === 'transaction' ? await db.transaction(reads) : await reads(db[where]);

          expect(answers).toEqual([[{ n: 1 }], [{ n: 0 }], [{ name: one, mark: ';' }], [{ n: 1 }]]);
        },
      );

      test('one that fails fails all, with an error of the store', async () => {
        const work = db.primary.together((q) =>
          Promise.all([count(q, 'any'), q.all('broken', 'SELECT nothing FROM nowhere')]),
        );

        await expect(work).rejects.toBeInstanceOf(DatabaseError);
      });

      test('see what the transaction has deferred', async () => {
        const name = fresh();
        const seen = await db.transaction((tx) => {
          deferRows(tx, 'defer', 'things', [{ name }]);
          return tx.together((q) => Promise.all([count(q, name), count(q, name)]));
        });

        expect(seen).toEqual([[{ n: 1 }], [{ n: 1 }]]);
      });
    });

    describe('transactions', () => {
      test('keeps everything on return and nothing on a throw', async () => {
        const [kept, lost] = [fresh(), fresh()];
        const answer = await db.transaction(async (tx) => {
          await insertRows(tx, 'insert', 'things', [{ name: kept }]);
          return 42;
        });
        const failing = db.transaction(async (tx) => {
          await insertRows(tx, 'insert', 'things', [{ name: lost }]);
          throw new RangeError('no');
        });

        await expect(failing).rejects.toThrow(RangeError);
        expect(answer).toBe(42);
        expect(await read(kept)).toBeDefined();
        expect(await read(lost)).toBeUndefined();
      });

      test('a statement outside neither sees nor joins an open transaction', async () => {
        const [inside, outside] = [fresh(), fresh()];
        const opened = Promise.withResolvers<void>();
        const leave = Promise.withResolvers<void>();
        const transaction = db.transaction(async (tx) => {
          await insertRows(tx, 'insert', 'things', [{ name: inside }]);
          opened.resolve();
          await leave.promise;
          throw new RangeError('rolled back');
        });
        await opened.promise;
        // In memory both wait for the transaction to end; elsewhere they run beside it.
        const reading = read(inside);
        const writing = insertRows(db.primary, 'insert', 'things', [{ name: outside }]);
        leave.resolve();

        await expect(transaction).rejects.toThrow('rolled back');
        await writing;
        expect(await reading).toBeUndefined();
        expect(await read(outside)).toBeDefined();
      });

      test('concurrent transactions lose no update', async () => {
        const name = fresh();
        await insertRows(db.primary, 'insert', 'things', [{ name, number: 0 }]);
        const addOne = (tx: Transaction) =>
          tx
            .all<{ number: number }>('lock', `SELECT number FROM things WHERE name = :name${forUpdate(tx)}`, {
              name,
            })
            .then(([row]) =>
              tx.run('set', 'UPDATE things SET number = :next WHERE name = :name', {
                name,
                next: (row?.number ?? 0) + 1,
              }),
            );

        await Promise.all(Array.from({ length: 20 }, () => db.transaction(addOne)));

        expect((await read(name))?.number).toBe(20);
      });

      test('replays the whole work on a failure that passes, and keeps one set of rows', async () => {
        const prefix = fresh();
        let attempts = 0;
        await db.transaction(async (tx) => {
          attempts++;
          await insertRows(tx, 'insert', 'things', [{ name: `${prefix}-${attempts}` }]);
          if (attempts < 3) throw new DatabaseError('deadlock', { transient: true });
        });

        expect(await names(prefix)).toEqual([`${prefix}-3`]);
      });

      test('gives up after the third attempt', async () => {
        let attempts = 0;
        const work = db.transaction(async () => {
          attempts++;
          throw new DatabaseError('gone', { transient: true });
        });

        await expect(work).rejects.toThrow('gone');
        expect(attempts).toBe(3);
      });

      test('gives a transaction that lost against others six attempts', async () => {
        let attempts = 0;
        const work = db.transaction(async () => {
          attempts++;
          throw new DatabaseError('deadlock', { contention: true });
        });

        await expect(work).rejects.toThrow('deadlock');
        expect(attempts).toBe(6);
      });

      test('never replays on a duplicate key or a failure that stays', async () => {
        const name = fresh();
        await insertRows(db.primary, 'insert', 'things', [{ name }]);
        let attempts = 0;
        const duplicate = db.transaction(async (tx) => {
          attempts++;
          await insertRows(tx, 'insert', 'things', [{ name }]);
        });
        await expect(duplicate).rejects.toBeInstanceOf(DuplicateKeyError);
        const broken = db.transaction(async (tx) => {
          attempts++;
          await tx.run('broken', 'NOT A STATEMENT');
        });
        await expect(broken).rejects.toBeInstanceOf(DatabaseError);

        expect(attempts).toBe(2);
      });

      test('goes on within the transaction after a duplicate key was caught', async () => {
        const [taken, added] = [fresh(), fresh()];
        await insertRows(db.primary, 'insert', 'things', [{ name: taken }]);
        await db.transaction(async (tx) => {
          await insertRows(tx, 'insert', 'things', [{ name: taken }]).catch((error: unknown) => {
            expect(error).toBeInstanceOf(DuplicateKeyError);
          });
          await insertRows(tx, 'insert', 'things', [{ name: added }]);
        });

        expect(await read(added)).toBeDefined();
      });

      test('runs what was deferred in its turn: before the next statement, and before the commit', async () => {
        const [first, second] = [fresh(), fresh()];
        const seen = await db.transaction(async (tx) => {
          deferRows(tx, 'defer', 'things', [{ name: first, number: 1 }]);
          tx.defer('raise', 'UPDATE things SET number = number + 1 WHERE name = :name', { name: first });
          const rows = await tx.all('read', 'SELECT number FROM things WHERE name = :name', { name: first });
          const { affectedRows } = await tx.run(
            'raise',
            'UPDATE things SET number = number + 1 WHERE name = :name',
            {
              name: first,
            },
          );
          deferRows(tx, 'defer', 'things', [{ name: second, number: 7 }]);
          return { rows, affectedRows };
        });

        expect(seen).toEqual({ rows: [{ number: 2 }], affectedRows: 1 });
        expect(await read(first)).toMatchObject({ number: 3 });
        expect(await read(second)).toMatchObject({ number: 7 });
      });

      test('keeps nothing when what was deferred fails with the commit', async () => {
        const [taken, lost] = [fresh(), fresh()];
        await insertRows(db.primary, 'insert', 'things', [{ name: taken }]);
        let attempts = 0;
        const work = db.transaction(async (tx) => {
          attempts++;
          deferRows(tx, 'defer', 'things', [{ name: lost }]);
          deferRows(tx, 'defer', 'things', [{ name: taken }]);
        });

        await expect(work).rejects.toBeInstanceOf(DuplicateKeyError);
        expect(attempts).toBe(1);
        expect(await read(lost)).toBeUndefined();
      });

      test('goes on to no commit after what was deferred has failed, whoever caught it', async () => {
        const [taken, before, after] = [fresh(), fresh(), fresh()];
        await insertRows(db.primary, 'insert', 'things', [{ name: taken }]);
        const caught: unknown[] = [];
        const work = db.transaction(async (tx) => {
          deferRows(tx, 'defer', 'things', [{ name: before }]);
          deferRows(tx, 'defer', 'things', [{ name: taken }]);
          const asked = [
            () => tx.run('run', 'UPDATE things SET number = 1 WHERE name = :taken', { taken }),
            () => tx.all('all', 'SELECT number FROM things WHERE name = :taken', { taken }),
            () => insertRows(tx, 'insert', 'things', [{ name: after }]),
          ];
          for (const ask of asked) await ask().catch((error: unknown) => caught.push(error));
        });

        await expect(work).rejects.toBeInstanceOf(DuplicateKeyError);
        expect(caught).toHaveLength(3);
        for (const error of caught) expect(error).toBeInstanceOf(DuplicateKeyError);
        expect(await Promise.all([before, after].map(read))).toEqual([undefined, undefined]);
      });

      test('goes on after a duplicate of a statement that followed deferred ones', async () => {
        const [taken, added] = [fresh(), fresh()];
        await insertRows(db.primary, 'insert', 'things', [{ name: taken }]);
        await db.transaction(async (tx) => {
          deferRows(tx, 'defer', 'things', [{ name: added }]);
          await expect(insertRows(tx, 'insert', 'things', [{ name: taken }])).rejects.toBeInstanceOf(
            DuplicateKeyError,
          );
        });

        expect(await read(added)).toBeDefined();
      });

      test('forgets what was deferred when the work throws', async () => {
        const name = fresh();
        const work = db.transaction(async (tx) => {
          deferRows(tx, 'defer', 'things', [{ name }]);
          throw new RangeError('no');
        });

        await expect(work).rejects.toThrow(RangeError);
        expect(await read(name)).toBeUndefined();
      });

      test('one in which nothing was asked commits', async () => {
        expect(await db.transaction(async () => 'done')).toBe('done');
      });

      test('refuses a statement that outlives its transaction', async () => {
        let leaked: Transaction | undefined;
        await db.transaction(async (tx) => {
          leaked = tx;
        });

        expect(() => leaked?.defer('late', 'DELETE FROM things')).toThrow('has ended');
        await expect(leaked?.run('late', 'DELETE FROM things')).rejects.toThrow();
        expect((await db.primary.all('count', 'SELECT pk FROM things LIMIT 1')).length).toBe(1);
      });
    });

    describe('letter case of names', () => {
      const identity = (id: string, externalId: string, workspace: string) => ({
        id,
        external_id: externalId,
        workspace_id: workspace,
        project_id: 'proj',
        created_at: 1,
      });
      const permission = (id: string, slug: string, workspace: string) => ({
        id,
        slug,
        name: slug,
        workspace_id: workspace,
        project_id: 'proj',
      });
      const role = (id: string, name: string, workspace: string) => ({
        id,
        name,
        workspace_id: workspace,
        project_id: 'proj',
      });

      test('external ids of identities are told apart by case', async () => {
        await insertRows(db.primary, 'insert', 'identities', [
          identity('id_1', 'User1', 'ws_1'),
          identity('id_2', 'user1', 'ws_1'),
        ]);
        const found = await db.primary.all('find', 'SELECT id FROM identities WHERE external_id = :id', {
          id: 'user1',
        });
        expect(found).toEqual([{ id: 'id_2' }]);
      });

      test('permission slugs and role names are not, within one workspace', async () => {
        await insertRows(db.primary, 'insert', 'permissions', [
          permission('perm_1', 'Docs.Read', 'ws_1'),
          permission('perm_2', 'docs.read', 'ws_2'),
        ]);
        await insertRows(db.primary, 'insert', 'roles', [
          role('role_1', 'Admin', 'ws_1'),
          role('role_2', 'ADMIN', 'ws_2'),
        ]);

        await expect(
          insertRows(db.primary, 'insert', 'permissions', [permission('perm_3', 'docs.READ', 'ws_1')]),
        ).rejects.toBeInstanceOf(DuplicateKeyError);
        await expect(
          insertRows(db.primary, 'insert', 'roles', [role('role_3', 'ADMIN', 'ws_1')]),
        ).rejects.toBeInstanceOf(DuplicateKeyError);
      });

      test('trailing blanks are significant in both kinds', async () => {
        await insertRows(db.primary, 'insert', 'permissions', [
          permission('perm_4', 'blank', 'ws_1'),
          permission('perm_5', 'blank ', 'ws_1'),
        ]);
        await insertRows(db.primary, 'insert', 'identities', [
          identity('id_3', 'blank', 'ws_1'),
          identity('id_4', 'blank ', 'ws_1'),
        ]);
        const found = await db.primary.all('find', 'SELECT id FROM permissions WHERE slug = :slug', {
          slug: 'blank ',
        });
        expect(found).toEqual([{ id: 'perm_5' }]);
      });

      test('at most one live and one deleted identity share an external id', async () => {
        await insertRows(db.primary, 'insert', 'identities', [
          { ...identity('id_5', 'twin', 'ws_1'), deleted: false },
          { ...identity('id_6', 'twin', 'ws_1'), deleted: true },
        ]);
        await expect(
          insertRows(db.primary, 'insert', 'identities', [
            { ...identity('id_7', 'twin', 'ws_1'), deleted: true },
          ]),
        ).rejects.toBeInstanceOf(DuplicateKeyError);
      });

      test('JSON columns come back as text', async () => {
        await insertRows(db.primary, 'insert', 'identities', [
          { ...identity('id_8', 'json', 'ws_1'), meta: '{"a":[1,"x"]}' },
        ]);
        const [row] = await db.primary.all<{ meta: string }>(
          'find',
          "SELECT meta FROM identities WHERE id = 'id_8'",
        );
        expect(JSON.parse(row?.meta ?? '')).toEqual({ a: [1, 'x'] });
      });
    });

    test('answers a ping', async () => {
      await expect(db.ping()).resolves.toBeUndefined();
    });
  });
}

/** All that a log could show of an error: its text, and whatever hangs on it and on its causes. */
function everythingOf(error: unknown): string {
  const parts: string[] = [];
  for (let current = error; current instanceof Error; current = current.cause) {
    parts.push(String(current), JSON.stringify(current, Object.getOwnPropertyNames(current)));
  }
  return parts.join('\n');
}
