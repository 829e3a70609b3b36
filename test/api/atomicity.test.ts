// A change and its audit event stand or fall together: for every mutation the store is lost between the last statement
// of a transaction and its commit, and afterwards holds what it held before.

import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { operations } from '../../src/server/routes/registry.ts';
import { PERMISSION_PRESETS } from '../../src/services/rbac/catalogue.ts';
import { DatabaseError } from '../../src/storage/sql/database.ts';
import { accessScene } from '../support/access-matrix/scene.ts';
import { startApi, type TestApi } from '../support/api.ts';
import { isRead, MUTATIONS, NOT_AUDITED } from '../support/mutations.ts';

let api: TestApi;
let admin: string;
let workspaceId: string;
beforeAll(async () => {
  api = await startApi();
  workspaceId = await api.workspace();
  admin = await api.rootKey(PERMISSION_PRESETS.full, workspaceId);
});
afterAll(() => api.stop());
afterEach(() => {
  vi.restoreAllMocks();
});

test('every operation is a read, has a request here, or a reason why it writes no event', () => {
  const known = [...Object.keys(MUTATIONS), ...Object.keys(NOT_AUDITED)];
  const names = operations.map(({ name }) => name);
  expect(known.toSorted()).toEqual(names.filter((name) => !isRead(name)).toSorted());
});

describe.each(Object.entries(MUTATIONS))('%s', (operation, { before, body }) => {
  test('leaves neither its change nor its audit event when a commit fails', async () => {
    const scene = await accessScene(api, workspaceId);
    for (const [name, content] of before?.(scene) ?? []) {
      expect((await api.call(name, content, admin)).status, `${name} first`).toBe(200);
    }
    const request = body(scene);
    const stored = await dump();

    const commits = losingCommit();
    const lost = await api.call(operation, request, admin);
    expect(commits.lost, 'the operation changes things in a transaction').toBe(1);
    expect(lost.status, JSON.stringify(lost.body)).toBeGreaterThanOrEqual(500);
    expect(await dump()).toEqual(stored);

    // The same request does change something, so that the above means something; in one transaction, so that there is
    // no other commit that could be lost.
    commits.repair();
    const { status, body: answer } = await api.call(operation, request, admin);
    expect(status, JSON.stringify(answer)).toBe(200);
    expect(commits.made, 'one transaction holds it all').toBe(1);
    const after = await dump();
    const changed = Object.keys(after).filter((table) => after[table]?.join() !== stored[table]?.join());
    expect(changed).toContain('clickhouse_outbox');
    expect(changed.length, 'the change itself, beside the event').toBeGreaterThan(1);
  });
});

interface Commits {
  /** Transactions whose commit failed. */
  lost: number;
  /** Transactions that committed since `repair`. */
  made: number;
  repair(): void;
}

/** From now on the store is lost after the last statement of each transaction, until repaired. */
function losingCommit(): Commits {
  const run = api.db.transaction.bind(api.db);
  const commits: Commits = {
    lost: 0,
    made: 0,
    repair() {
      isLosing = false;
    },
  };
  let isLosing = true;
  vi.spyOn(api.db, 'transaction').mockImplementation(async (work) => {
    const result = await run(async (tx) => {
      const done = await work(tx);
      if (isLosing) {
        commits.lost++;
        throw new DatabaseError('lost before the commit');
      }
      return done;
    });
    commits.made++;
    return result;
  });
  return commits;
}

/** Every row of every table, as text, sorted. */
async function dump(): Promise<Record<string, string[]>> {
  const { dialect } = api.db;
  const tables = await api.db.primary.all<{ name: string }>(
    'testTables',
    dialect === 'mysql'
      ? 'SELECT table_name AS name FROM information_schema.tables WHERE table_schema = DATABASE() ORDER BY 1'
      : "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY 1",
  );
  const rows: Record<string, string[]> = {};
  for (const { name } of tables) {
    const all = await api.db.primary.all('testRows', `SELECT * FROM \`${name}\``);
    rows[name] = all.map((row) => JSON.stringify(row)).sort();
  }
  return rows;
}
