// Operations on projects, apps and environments that tell a caller without permission that the object exists: their
// refusal must not tell ids besides, when the request names things by slugs.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { errorType } from '../support/access.ts';
import { startApi, type TestApi } from '../support/api.ts';
import { type PlatformWorkspace, platformWorkspace } from '../support/platform-workspace.ts';

let api: TestApi;
let ws: PlatformWorkspace;

beforeAll(async () => {
  api = await startApi();
  ws = await platformWorkspace(api);
});
afterAll(() => api.stop());

type Path = PlatformWorkspace['path'];

interface Denial {
  readonly operation: string;
  readonly body: (path: Path) => object;
  /** Suffices up to the check in question; nothing unless given. */
  readonly holding?: readonly string[];
  /** The id that the refusal may name when the request does. */
  readonly about: (w: PlatformWorkspace) => string;
}

const projectId = (w: PlatformWorkspace): string => w.projectId;
const appId = (w: PlatformWorkspace): string => w.appId;
const environmentId = (w: PlatformWorkspace): string => w.production.id;

const DENIALS: readonly Denial[] = [
  { operation: 'projects.updateProject', body: ({ project }) => ({ project }), about: projectId },
  { operation: 'projects.deleteProject', body: ({ project }) => ({ project }), about: projectId },
  {
    operation: 'apps.createApp',
    body: ({ project }) => ({ project, name: 'Web', slug: 'web' }),
    about: projectId,
  },
  { operation: 'apps.updateApp', body: ({ project, app }) => ({ project, app }), about: appId },
  {
    operation: 'apps.updateApp',
    body: ({ project, app }) => ({ project, app, git: null }),
    holding: ['app.*.update_app'],
    about: appId,
  },
  { operation: 'apps.deleteApp', body: ({ project, app }) => ({ project, app }), about: appId },
  { operation: 'environments.listEnvironmentVariables', body: (path) => path, about: environmentId },
  {
    operation: 'environments.setEnvironmentVariables',
    body: (path) => ({ ...path, variables: [] }),
    about: environmentId,
  },
  {
    operation: 'environments.removeEnvironmentVariables',
    body: (path) => ({ ...path, variables: ['A'] }),
    about: environmentId,
  },
  { operation: 'environments.updateSettings', body: (path) => path, about: environmentId },
];

test.each(DENIALS)(
  '$operation names in its refusal only ids that the request brought along',
  async (denial) => {
    const { operation, body, holding = [], about } = denial;
    const ids = [ws.projectId, ws.appId, ws.production.id];
    const byIds = { project: ws.projectId, app: ws.appId, environment: ws.production.id };
    const refusal = async (path: Path): Promise<string> => {
      const { status, body: answer } = await ws.as(holding, operation, body(path));
      expect([status, answer.error.type]).toEqual([403, errorType('authorization/insufficient_permissions')]);
      expect(answer.error.detail).toMatch(/^Missing permission: \w+\.\*\.\w+/);
      return answer.error.detail;
    };

    const told = await refusal(ws.path);
    expect(ids.filter((id) => told.includes(id))).toEqual([]);
    expect(await refusal(byIds)).toContain(about(ws));
  },
);

test('a refusal that could name one id of the request does not name the others of the path', async () => {
  const { body } = await ws.as([], 'environments.updateSettings', {
    ...ws.path,
    environment: ws.production.id,
  });
  expect(body.error.detail).toContain(`environment.${ws.production.id}.update_environment`);
  expect(body.error.detail).not.toMatch(new RegExp(`${ws.projectId}|${ws.appId}`));
});
