// Every operation, asked by everybody: without a credential, with a bad one, with a key that lacks the permission, with
// one of another workspace, with the right one. The table is test/support/access-matrix.ts.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AnyOperation } from '../../src/server/operation.ts';
import { operations } from '../../src/server/routes/registry.ts';
import { PERMISSION_PRESETS } from '../../src/services/rbac/catalogue.ts';
import { errorType } from '../support/access.ts';
import type { AccessRow, Outcome, Outcomes } from '../support/access-matrix/row.ts';
import { ABSENT, accessScene, type Scene } from '../support/access-matrix/scene.ts';
import { ACCESS_MATRIX, PUBLIC_OPERATIONS } from '../support/access-matrix.ts';
import { type AnalyticsApi, startAnalyticsApi } from '../support/analytics-api.ts';
import type { Answer } from '../support/api.ts';
import { RecordingControlPlane, RecordingWorkflows } from '../support/control.ts';

let api: AnalyticsApi;
let owner: string;
let other: string;
/** A key of the other workspace that may do everything there, and claims to in the owner's. */
let foreignKey: string;
beforeAll(async () => {
  api = await startAnalyticsApi({
    controlPlane: new RecordingControlPlane(),
    workflows: new RecordingWorkflows(),
  });
  owner = await api.analyticsWorkspace();
  other = await api.analyticsWorkspace();
  foreignKey = await api.rootKey(
    [...PERMISSION_PRESETS.full, everythingIn(owner), everythingIn(other)],
    other,
  );
});
afterAll(() => api.stop());

/** The resource permission for everything that resource permissions reach in a workspace. */
const everythingIn = (workspaceId: string): string => `unkey:v1:${workspaceId}:**#*`;

test('the table names every operation, so that none is forgotten', () => {
  const named = new Set([...ACCESS_MATRIX.map(({ operation }) => operation), ...PUBLIC_OPERATIONS]);
  expect([...named].sort()).toEqual(operations.map(({ name }) => name).sort());
  expect(PUBLIC_OPERATIONS).toEqual(
    operations.filter(({ auth }) => auth === 'public').map(({ name }) => name),
  );
});

test.each(PUBLIC_OPERATIONS)('%s answers without a credential', async (name) => {
  expect((await api.fetch(`/v2/${name}`)).status).toBe(200);
});

const titled = ACCESS_MATRIX.map((row) => ({
  ...row,
  title: row.about === undefined ? row.operation : `${row.operation} about its ${row.about}`,
}));

describe.each(titled)('$title', (row) => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await accessScene(api, owner);
  });

  /** Asks about an object that exists, or about one that does not. */
  const ask = (existence: Existence, token?: string, headers?: Record<string, string>): Promise<Answer> =>
    api.call(row.operation, bodyOf(row, existence, scene), token, headers);
  const existences: readonly Existence[] = row.about === undefined ? ['existing'] : ['existing', 'absent'];
  /** What an answer tells: nothing of the scene may be in it but what the request brought along. */
  const tells = (existence: Existence, { status, headers, body }: Answer): string => {
    const request = JSON.stringify(bodyOf(row, existence, scene));
    const { requestId, ...meta } = body.meta;
    expect(requestId).toMatch(/^req_/);
    const told = JSON.stringify({ status, headers: [...headers.keys()], ...body, meta });
    for (const value of Object.values(scene)) if (!request.includes(value)) expect(told).not.toContain(value);
    return told;
  };

  test('refuses a request without a good credential, whatever it asks for', async () => {
    const customerKey = scene.keyText;
    for (const existence of existences) {
      expectOutcome(await ask(existence), refused(400, 'application/invalid_input'));
      expectOutcome(
        await ask(existence, undefined, { Authorization: 'Basic Zm9v' }),
        refused(400, 'authentication/malformed'),
      );
      const unknown = await ask(existence, 'unkey_unknown');
      expectOutcome(unknown, refused(401, 'authentication/key_not_found'));
      expect(tells(existence, await ask(existence, customerKey))).toBe(tells(existence, unknown));
    }
  });

  test('tells callers without the permission, and those of another workspace, what the table says', async () => {
    const { denied, deniedAbsent, absent, foreign } = row.outcomes;
    const deniedKeys = await keysThatLackSomething(row);
    const rightKey = await api.rootKey(row.permissions, owner);
    const eventsBefore = await eventsOf(owner);

    /** What the answers of each type said that hide an object, or that there is none. */
    const told = new Map<string, Set<string>>();
    const expectAnswer = async (existence: Existence, token: string, outcome: Outcome): Promise<void> => {
      const answer = await ask(existence, token);
      expectOutcome(answer, outcome);
      const text = tells(existence, answer);
      if (outcome.status !== 404 && outcome.data === undefined) return;
      const type = outcome.type ?? '';
      told.set(type, (told.get(type) ?? new Set()).add(text));
    };

    await expectAnswer('existing', foreignKey, foreign);
    for (const key of deniedKeys) await expectAnswer('existing', key, denied);
    if (row.about !== undefined) {
      await expectAnswer('absent', foreignKey, foreign);
      await expectAnswer('absent', rightKey, absent);
      for (const key of deniedKeys) await expectAnswer('absent', key, deniedAbsent);
    }

    for (const answers of told.values())
      expect([...answers], 'absent and hidden things look alike').toHaveLength(1);
    expect(await eventsOf(owner), 'no refusal changes anything').toBe(eventsBefore);
  });

  if (isBlindRefusal(row.outcomes)) {
    test('refuses callers without the permission in the same words, whether or not the object exists', async () => {
      const key = await api.rootKey([], owner);
      const told = async (existence: Existence): Promise<string> =>
        tells(existence, await ask(existence, key)).replaceAll(
          referenceOf(row, existence, scene),
          'REFERENCE',
        );
      expect(await told('absent')).toBe(await told('existing'));
    });
  }

  test('lets the right key in', async () => {
    const holdings = row.byResource ? [row.permissions, [everythingIn(owner)]] : [row.permissions];
    for (const held of holdings) {
      scene = await accessScene(api, owner);
      const answer = await ask('existing', await api.rootKey(held, owner));
      expectOutcome(answer, { status: declarationOf(row).status });
      const { data } = row.outcomes.denied;
      if (data !== undefined) expect(answer.body.data).not.toEqual(data);
    }
  });
});

function declarationOf({ operation }: Pick<AccessRow, 'operation'>): AnyOperation {
  const declaration = operations.find(({ name }) => name === operation);
  if (declaration === undefined) throw new Error(`there is no operation ${operation}`);
  return declaration;
}

type Existence = 'existing' | 'absent';

/** How a request names the object that it is about; empty when it is about none. */
function referenceOf({ about }: AccessRow, existence: Existence, scene: Scene): string {
  if (about === undefined) return '';
  return (existence === 'existing' ? scene : ABSENT)[about];
}

function bodyOf(row: AccessRow, existence: Existence, scene: Scene): unknown {
  return row.body(referenceOf(row, existence, scene), scene);
}

/** Whether the permission is asked for before the object is looked up that only the right key hears of. */
function isBlindRefusal({ deniedAbsent, absent }: Outcomes): boolean {
  return deniedAbsent.status === 403 && absent.status === 404;
}

/** Root keys of the owner: without any permission, with all but what the operation asks for, with all it needs but one. */
async function keysThatLackSomething({ operation, permissions, byResource }: AccessRow): Promise<string[]> {
  const declared = declarationOf({ operation }).permissions;
  const holdings = [
    [],
    [
      ...PERMISSION_PRESETS.full.filter((permission) => !declared.includes(permission)),
      everythingIn(byResource ? other : owner),
    ],
    ...permissions.map((missing) => permissions.filter((permission) => permission !== missing)),
  ];
  return Promise.all(holdings.map((held) => api.rootKey(held, owner)));
}

/** How many events the audit log of a workspace holds. */
async function eventsOf(workspaceId: string): Promise<number> {
  const [row] = await api.db.primary.all<{ events: number | bigint }>(
    'testEvents',
    'SELECT COUNT(*) AS events FROM clickhouse_outbox WHERE workspace_id = :workspaceId',
    { workspaceId },
  );
  return Number(row?.events);
}

const refused = (status: number, type: string): Outcome => ({ status, type: errorType(type) });

function expectOutcome({ status, body }: Answer, outcome: Outcome): void {
  expect({ status, type: body.error?.type }, JSON.stringify(body)).toEqual({
    status: outcome.status,
    type: outcome.type,
  });
  if (outcome.data !== undefined) expect(body.data).toEqual(outcome.data);
}
