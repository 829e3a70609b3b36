// What tests of deployments need again and again: a workspace that pays, with an app in a production and a preview
// environment, and deployments in any state.

import type { SqlValue } from '../../src/storage/sql/database.ts';
import type { Answer, TestApi } from './api.ts';
import { insertApp, insertDeployment, type TestApp, type TestEnvironment } from './platform.ts';

/** Everything that deployments.* and deploy.* may ask for. */
export const DEPLOYMENT_ADMIN = [
  'environment.*.create_deployment',
  'environment.*.read_deployment',
  'environment.*.promote_deployment',
  'environment.*.rollback_deployment',
  'environment.*.start_deployment',
  'environment.*.stop_deployment',
  'project.*.create_deployment',
  'project.*.read_deployment',
] as const;

type Columns = Readonly<Record<string, SqlValue>>;

export interface DeploymentWorkspace extends TestApp {
  readonly id: string;
  readonly rootKey: string;
  /** How requests name the production environment, by slugs. */
  readonly path: { readonly project: string; readonly app: string; readonly environment: string };
  /** Calls an operation with an administrator's root key. */
  call(operation: string, body: unknown, headers?: Record<string, string>): Promise<Answer>;
  /** Calls an operation with a root key that holds exactly these permissions. */
  as(permissions: readonly string[], operation: string, body: unknown): Promise<Answer>;
  /** Inserts a deployment, ready and running unless told otherwise; yields its id. */
  deployment(environment: TestEnvironment, columns?: Columns): Promise<string>;
  /** Has the deployment serve the production traffic of the app. */
  makeCurrent(deploymentId: string | null, isRolledBack?: boolean): Promise<void>;
  /** Connects the app to a repository. */
  connect(): Promise<void>;
  /** Changes the rows of a table that belong to the workspace. */
  change(table: string, columns: Columns): Promise<void>;
}

export async function deploymentWorkspace(api: TestApi): Promise<DeploymentWorkspace> {
  const id = await api.workspace();
  const rootKey = await api.rootKey(DEPLOYMENT_ADMIN, id);
  const app = await insertApp(api, id, { project: 'payments', app: 'the-api' });

  const change = async (table: string, columns: Columns): Promise<void> => {
    const assignments = Object.keys(columns).map((column) => `\`${column}\` = :${column}`);
    await api.db.primary.run(
      'testChange',
      `UPDATE ${table} SET ${assignments.join(', ')} WHERE workspace_id = :workspaceId`,
      { ...columns, workspaceId: id },
    );
  };

  return {
    ...app,
    id,
    rootKey,
    path: { project: 'payments', app: 'the-api', environment: 'production' },
    call: (operation, body, headers) => api.call(operation, body, rootKey, headers),
    as: async (permissions, operation, body) => api.call(operation, body, await api.rootKey(permissions, id)),
    deployment: (environment, columns) => insertDeployment(api, app, environment, columns),
    makeCurrent: (deploymentId, isRolledBack = false) =>
      change('apps', { current_deployment_id: deploymentId, is_rolled_back: isRolledBack }),
    async connect() {
      await api.insert('github_repo_connections', {
        workspace_id: id,
        project_id: app.projectId,
        app_id: app.appId,
        installation_id: 1,
        repository_id: 2,
        repository_full_name: 'acme/api',
        created_at: 0,
      });
    },
    change,
  };
}
