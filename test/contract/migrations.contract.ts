// What the migrator must do on every store. Rules: the migration section of the operations chapter.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ManualClock } from '../../src/lib/clock.ts';
import { MigrationError } from '../../src/storage/migrations/migration-error.ts';
import type { HistoryEntry } from '../../src/storage/migrations/migration-history.ts';
import type { Migrator, MigratorSettings } from '../../src/storage/migrations/migrator.ts';

const [FIRST, SECOND, THIRD] = ['20260101000000', '20260102000000', '20260103000000'] as const;

/** A store as the suite needs it. */
export interface MigrationSite {
  /** @param directory the migrations of the package unless given */
  migrator(settings: MigratorSettings & { readonly directory?: string }): Migrator;
  history(): Promise<HistoryEntry[]>;
  /** The names of all tables, the migrator's own left out. */
  tables(): Promise<string[]>;
  /** The whole schema, comparable with the committed one. */
  schema(): Promise<unknown>;
  /** Path of the committed description of the package's schema. */
  readonly committedSchema: string;
  /** Whether a version that fails halfway is taken back. */
  readonly rollsBack: boolean;
  close(): Promise<void>;
}

/** @param open opens an empty store; the suite closes it */
export function describeMigrations(name: string, open: () => Promise<MigrationSite>): void {
  describe(`migrations on ${name}`, () => {
    let site: MigrationSite;
    let directory: string;

    beforeEach(async () => {
      site = await open();
      directory = await mkdtemp(join(tmpdir(), 'unkey-migrations-'));
      await write(`${FIRST}_books.up.sql`, 'CREATE TABLE books (id int NOT NULL PRIMARY KEY);\n');
      await write(`${FIRST}_books.down.sql`, 'DROP TABLE books;\n');
      await write(`${SECOND}_titles.up.sql`, '-- a title each\nALTER TABLE books ADD COLUMN title text;\n');
      await write(`${SECOND}_titles.down.sql`, 'ALTER TABLE books DROP COLUMN title;\n');
    });

    afterEach(async () => {
      await site?.close();
      await rm(directory, { recursive: true });
    });

    const write = (file: string, text: string) => writeFile(join(directory, file), text);

    const migrator = (lockTimeoutMs = 5000): Migrator =>
      site.migrator({ clock: new ManualClock(1_000), toolVersion: '1.2.3', directory, lockTimeoutMs });

    const states = async () =>
      Object.fromEntries((await migrator().status()).map(({ version, state }) => [version, state]));

    async function refusal(work: Promise<unknown>): Promise<MigrationError> {
      const error = await work.then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      expect(error).toBeInstanceOf(MigrationError);
      return error as MigrationError;
    }

    const tables = () => site.tables();

    test('everything is pending on an empty store, and asking writes nothing', async () => {
      expect(await states()).toEqual({ [FIRST]: 'pending', [SECOND]: 'pending' });
      expect(await migrator().schemaState()).toEqual({ state: 'behind', pending: [FIRST, SECOND] });
      expect(await site.history()).toEqual([]);
      expect(await tables()).toEqual([]);
    });

    test('applies what is pending once, and records it', async () => {
      const first = await migrator().up();
      const second = await migrator().up();

      expect(first.migrations.map(({ version }) => version)).toEqual([FIRST, SECOND]);
      expect(second.migrations).toEqual([]);
      expect(await states()).toEqual({ [FIRST]: 'applied', [SECOND]: 'applied' });
      expect(await migrator().schemaState()).toEqual({ state: 'up-to-date' });
      expect((await site.history())[0]).toMatchObject({
        version: FIRST,
        name: 'books',
        state: 'applied',
        startedAt: 1_000,
        toolVersion: '1.2.3',
        checksum: expect.stringMatching(/^[0-9a-f]{64}$/),
      });
    });

    test('stops at a version or after some steps', async () => {
      await migrator().up({ to: FIRST });
      expect(await states()).toEqual({ [FIRST]: 'applied', [SECOND]: 'pending' });
      await migrator().up({ steps: 1 });
      expect(await states()).toEqual({ [FIRST]: 'applied', [SECOND]: 'applied' });
      expect((await refusal(migrator().up({ to: '20990101000000' }))).problem).toBe('unknown');
    });

    test('tells progress as it goes', async () => {
      const seen: string[] = [];
      await migrator().up({
        onProgress: ({ version, durationMs }) =>
          seen.push(`${version} ${durationMs === undefined ? 'starts' : 'done'}`),
      });
      expect(seen).toEqual([`${FIRST} starts`, `${FIRST} done`, `${SECOND} starts`, `${SECOND} done`]);
    });

    test('a dry run tells the statements and runs none', async () => {
      const { migrations } = await migrator().planUp();

      expect(migrations.map(({ statements }) => statements)).toEqual([
        ['CREATE TABLE books (id int NOT NULL PRIMARY KEY)'],
        ['ALTER TABLE books ADD COLUMN title text'],
      ]);
      expect(await tables()).toEqual([]);
    });

    test('goes down step by step, telling first what is lost', async () => {
      await migrator().up();
      const plan = await migrator().planDown({ steps: 2 });
      expect(plan.losses).toEqual([
        { table: 'books', column: 'title' },
        { table: 'books', column: undefined },
      ]);

      await migrator().down();
      expect(await states()).toEqual({ [FIRST]: 'applied', [SECOND]: 'pending' });
      await migrator().up();
      await migrator().down({ to: FIRST });
      expect(await states()).toEqual({ [FIRST]: 'applied', [SECOND]: 'pending' });
      await migrator().down();
      expect(await tables()).toEqual([]);
    });

    test('refuses to go down where there is no way back, before anything runs', async () => {
      await write(`${THIRD}_oneway.up.sql`, 'ALTER TABLE books ADD COLUMN isbn text;\n');
      await migrator().up();
      await rm(join(directory, `${SECOND}_titles.down.sql`));

      const error = await refusal(migrator().down({ steps: 2 }));

      expect(error.message).toContain(THIRD);
      expect((await states())[THIRD]).toBe('applied');
    });

    test('a changed file stops everything until it is accepted', async () => {
      await migrator().up({ to: FIRST });
      await write(`${FIRST}_books.up.sql`, 'CREATE TABLE books (id bigint NOT NULL PRIMARY KEY);\n');

      expect(await states()).toEqual({ [FIRST]: 'changed', [SECOND]: 'pending' });
      const error = await refusal(migrator().up());
      expect(error.message).toContain(FIRST);
      expect(error.message).toContain('repair');
      expect((await states())[SECOND]).toBe('pending');

      await migrator().repair(FIRST, 'applied');
      await migrator().up();
      expect(await states()).toEqual({ [FIRST]: 'applied', [SECOND]: 'applied' });
    });

    test('an applied version without a file is missing when it is old and ahead when it is new', async () => {
      await write(`${THIRD}_shelves.up.sql`, 'CREATE TABLE shelves (id int PRIMARY KEY);\n');
      await migrator().up();
      await rm(join(directory, `${THIRD}_shelves.up.sql`));
      expect((await states())[THIRD]).toBe('ahead');
      expect(await migrator().schemaState()).toEqual({ state: 'ahead', ahead: [THIRD] });
      expect((await migrator().up()).ahead).toEqual([THIRD]);

      await rm(join(directory, `${FIRST}_books.up.sql`));
      await rm(join(directory, `${FIRST}_books.down.sql`));
      expect((await states())[FIRST]).toBe('missing');
      expect((await refusal(migrator().up())).message).toContain(FIRST);
    });

    test('a pending version older than the newest applied one needs an explicit word', async () => {
      await migrator().up();
      await write('20260101120000_between.up.sql', 'CREATE TABLE shelves (id int PRIMARY KEY);\n');

      expect((await states())['20260101120000']).toBe('out-of-order');
      expect((await refusal(migrator().up())).message).toContain('--allow-out-of-order');
      await migrator().up({ allowOutOfOrder: true });
      expect((await states())['20260101120000']).toBe('applied');
    });

    test('a failing statement is told with its number and the reason', async () => {
      await write(
        `${THIRD}_broken.up.sql`,
        'CREATE TABLE shelves (id int PRIMARY KEY);\n\nCREATE TABLE books (id int PRIMARY KEY);\n',
      );

      const error = await refusal(migrator().up());

      expect(error).toMatchObject({ problem: 'failed', version: THIRD, statement: { number: 2 } });
      expect(error.message).toContain('books');
      expect(await states()).toEqual({
        [FIRST]: 'applied',
        [SECOND]: 'applied',
        // SQLite takes the first statement back; elsewhere it stays in effect.
        [THIRD]: site.rollsBack ? 'pending' : 'failed',
      });
      expect(await tables()).toEqual(site.rollsBack ? ['books'] : ['books', 'shelves']);
      expect(await migrator().schemaState()).toEqual({ state: 'behind', pending: [THIRD] });
    });

    test('two migrators at once apply each version once', async () => {
      const runs = await Promise.all([migrator().up(), migrator().up()]);

      expect(runs.map(({ migrations }) => migrations.length).sort()).toEqual([0, 2]);
      expect(await site.history()).toHaveLength(2);
    });

    test('repair marks a version pending again and refuses an unknown one', async () => {
      await migrator().up();
      await migrator().repair(SECOND, 'pending');
      expect((await states())[SECOND]).toBe('pending');
      expect((await refusal(migrator().repair('20990101000000', 'applied'))).problem).toBe('unknown');
    });

    test("the package's schema goes up, down and up again, and is the committed one", async () => {
      const own = site.migrator({ clock: new ManualClock(0), toolVersion: 'test' });
      const count = (await own.up()).migrations.length;
      const schema = await site.schema();
      await own.down({ steps: count });
      expect(await tables()).toEqual([]);
      await own.up();

      expect(await site.schema()).toEqual(schema);
      expect(schema).toEqual(JSON.parse(await readFile(site.committedSchema, 'utf8')));
    });
  });
}
