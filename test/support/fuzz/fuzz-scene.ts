// Two workspaces: the one that the requests come from, and one that has nothing to do with it and that none of them may
// see or change.

import { PERMISSION_PRESETS } from '../../../src/services/rbac/catalogue.ts';
import { accessScene, type Scene } from '../access-matrix/scene.ts';
import type { AnalyticsApi } from '../analytics-api.ts';
import type { TestApi } from '../api.ts';
import type { Scenes } from './references.ts';

/** Stands in the texts of the foreign workspace; no request holds it. */
export const CANARY = 'canaryQx7Rf2';

export interface FuzzScene extends Scenes {
  /** Texts of the foreign workspace that no request holds, and no answer may. */
  readonly secrets: readonly string[];
  readonly keys: { readonly everything: string; readonly nothing: string; readonly customer: string };
}

export interface FuzzWorkspaces {
  /** Fresh objects for the requests to come: those of before have been deleted, renamed or filled up by now. */
  scene(): Promise<FuzzScene>;
  /** Everything that the store has of the foreign workspace, rows by table. */
  foreignRows(): Promise<Record<string, object[]>>;
}

export async function fuzzWorkspaces(api: AnalyticsApi): Promise<FuzzWorkspaces> {
  const own = await api.analyticsWorkspace();
  const foreign = await api.analyticsWorkspace();
  const claims = [`unkey:v1:${own}:**#*`, `unkey:v1:${foreign}:**#*`];
  const everything = await api.rootKey([...PERMISSION_PRESETS.full, ...claims], own);
  const nothing = await api.rootKey([], own);
  const hidden = await accessScene(api, foreign);
  const foreignScene = await foreignObjects(api, foreign);
  const tables = await tablesOfWorkspaces(api);
  return {
    async scene() {
      const scene = await accessScene(api, own);
      return {
        own: scene,
        foreign: foreignScene,
        secrets: [CANARY, ...Object.values(hidden)],
        keys: { everything, nothing, customer: scene.keyText },
      };
    },
    async foreignRows() {
      const rows = await Promise.all(
        tables.map(
          async (table): Promise<[string, object[]]> => [
            table,
            sorted(
              await api.db.primary.all('test', `SELECT * FROM ${table} WHERE workspace_id = :foreign`, {
                foreign,
              }),
            ),
          ],
        ),
      );
      return Object.fromEntries(rows);
    },
  };
}

async function foreignObjects(api: TestApi, workspaceId: string): Promise<Scene> {
  const scene = await accessScene(api, workspaceId);
  const key = await api.rootKey([...PERMISSION_PRESETS.full], workspaceId);
  const make = async (operation: string, body: unknown): Promise<void> => {
    const { status, body: answer } = await api.call(operation, body, key);
    if (status !== 200) throw new Error(`${operation} answered ${status}: ${JSON.stringify(answer)}`);
  };
  const meta = { secret: CANARY };
  await make('apis.createApi', { name: CANARY });
  await make('keys.createKey', { apiId: scene.api, name: CANARY, externalId: CANARY, meta, prefix: CANARY });
  await make('keys.updateKey', { keyId: scene.key, name: CANARY, meta });
  await make('identities.updateIdentity', { identity: scene.identity, meta });
  await make('permissions.createPermission', { name: CANARY, slug: CANARY, description: CANARY });
  await make('permissions.createRole', { name: CANARY, description: CANARY, permissions: [CANARY] });
  await make('ratelimit.setOverride', {
    namespace: scene.namespace,
    identifier: CANARY,
    limit: 5,
    duration: 60_000,
  });
  await make('projects.updateProject', { project: scene.project, name: CANARY });
  await make('apps.updateApp', { project: scene.project, app: scene.app, name: CANARY });
  await make('environments.setEnvironmentVariables', {
    project: scene.project,
    app: scene.app,
    environment: scene.environment,
    variables: [{ key: 'CANARY', value: CANARY }],
  });
  for (const [table, column] of MARKED_COLUMNS)
    await api.db.primary.run(
      'test',
      `UPDATE ${table} SET ${column} = :mark WHERE workspace_id = :workspaceId`,
      {
        mark: CANARY,
        workspaceId,
      },
    );
  return scene;
}

/** What operations show of objects whose text they do not let one change. */
const MARKED_COLUMNS = [
  ['apis', 'name'],
  ['permissions', 'description'],
  ['roles', 'description'],
  ['deployments', 'git_branch'],
] as const;

const sorted = (rows: object[]): object[] =>
  rows
    .map((row) => ({ row, text: JSON.stringify(row) }))
    .sort((a, b) => (a.text < b.text ? -1 : 1))
    .map(({ row }) => row);

/** Names of the tables whose rows belong to workspaces. */
async function tablesOfWorkspaces({ db }: TestApi): Promise<string[]> {
  const statement =
    db.dialect === 'mysql'
      ? `SELECT table_name AS name FROM information_schema.columns
         WHERE table_schema = DATABASE() AND column_name = 'workspace_id'`
      : `SELECT m.name AS name FROM sqlite_master m JOIN pragma_table_info(m.name) c
         WHERE m.type = 'table' AND c.name = 'workspace_id'`;
  const rows = await db.primary.all<{ name: string }>('test', statement);
  return rows.map(({ name }) => `\`${name}\``).sort();
}
