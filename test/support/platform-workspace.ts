// What tests of projects, apps and environments need again and again: a workspace with an app in its project, calls with
// whatever permissions, rows, and the audit events of one call.

import { type AccessWorkspace, accessWorkspace } from './access.ts';
import type { Answer, TestApi } from './api.ts';
import { insertApp, type TestApp } from './platform.ts';

/** Everything that projects.*, apps.* and environments.* may ask for. */
export const PLATFORM_ADMIN = [
  'project.*.create_project',
  'project.*.read_project',
  'project.*.update_project',
  'project.*.delete_project',
  'project.*.create_app',
  'app.*.read_app',
  'app.*.update_app',
  'app.*.delete_app',
  'app.*.connect_repository',
  'environment.*.read_environment',
  'environment.*.update_environment',
  'environment.*.read_environment_variables',
  'environment.*.set_environment_variables',
  'environment.*.remove_environment_variables',
] as const;

export interface PlatformWorkspace extends TestApp, Pick<AccessWorkspace, 'rows' | 'audited'> {
  readonly id: string;
  /** How requests name the production environment, by slugs. */
  readonly path: { readonly project: string; readonly app: string; readonly environment: string };
  /** Calls an operation with an administrator's root key. */
  call(operation: string, body: unknown): Promise<Answer>;
  /** Calls an operation with a root key that holds exactly these permissions. */
  as(permissions: readonly string[], operation: string, body: unknown): Promise<Answer>;
  /** The row with this id. */
  row(table: string, id: string): Promise<Record<string, unknown> | undefined>;
}

export async function platformWorkspace(api: TestApi): Promise<PlatformWorkspace> {
  const id = await api.workspace();
  const app = await insertApp(api, id, { project: 'payments', app: 'the-api' });
  const { rows, audited } = await accessWorkspace(api, id);
  const rootKey = await api.rootKey(PLATFORM_ADMIN, id);
  return {
    ...app,
    id,
    path: { project: 'payments', app: 'the-api', environment: 'production' },
    rows,
    audited,
    call: (operation, body) => api.call(operation, body, rootKey),
    as: async (permissions, operation, body) => api.call(operation, body, await api.rootKey(permissions, id)),
    row: async (table, rowId) => (await rows(table)).find((row) => row.id === rowId),
  };
}

/** What an answer says in short: its status, and of refusals the last part of their type. */
export function outcomeOf({ status, body }: Answer): [status: number, code?: string] {
  const type: string | undefined = body.error?.type;
  return type === undefined ? [status] : [status, type.split('/').at(-1) ?? ''];
}
