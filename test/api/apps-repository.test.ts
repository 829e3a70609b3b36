// Repositories of apps: connecting, swapping, retargeting, disconnecting.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startApi, type TestApi } from '../support/api.ts';
import { RecordingControlPlane } from '../support/control.ts';
import { TestGithub } from '../support/github.ts';
import { outcomeOf, type PlatformWorkspace, platformWorkspace } from '../support/platform-workspace.ts';

let api: TestApi;
let ws: PlatformWorkspace;
const controlPlane = new RecordingControlPlane();
const github = new TestGithub();

beforeAll(async () => {
  api = await startApi({ controlPlane, github });
});
afterAll(() => api.stop());
beforeEach(async () => {
  ws = await platformWorkspace(api);
  controlPlane.apps.length = 0;
  github.asked.length = 0;
  github.broken.clear();
  github.repositories.clear();
  github.repositories.set('7 acme/api', { id: 70, fullName: 'Acme/Api', defaultBranch: 'trunk' });
  github.repositories.set('7 acme/web', { id: 71, fullName: 'Acme/Web', defaultBranch: 'main' });
});

const install = (...ids: number[]) =>
  api.insert(
    'github_app_installations',
    ...ids.map((id) => ({ workspace_id: ws.id, installation_id: id, created_at: 0 })),
  );
const update = (git: unknown, more: object = {}) =>
  ws.call('apps.updateApp', { project: 'payments', app: 'the-api', git, ...more });
const create = (git: object) =>
  ws.call('apps.createApp', { project: 'payments', name: 'Web', slug: 'web', git });
const connections = async () =>
  (await ws.rows('github_repo_connections')).map(
    ({ app_id, installation_id, repository_id, repository_full_name }) => [
      app_id,
      installation_id,
      repository_id,
      repository_full_name,
    ],
  );

describe('connecting', () => {
  test('stores the repository as GitHub names it, with its default branch', async () => {
    await install(7);
    const { answer, events } = await ws.audited(() =>
      update({ repository: 'https://github.com/acme/api.git' }),
    );
    expect(github.asked).toEqual(['7 acme/api']);
    expect(answer.body.data.git).toEqual({ repository: 'Acme/Api', defaultBranch: 'trunk' });
    expect(await connections()).toEqual([[ws.appId, 7, 70, 'Acme/Api']]);
    expect(events).toEqual([
      expect.objectContaining({
        event: 'app.connect_repository',
        correlation_id: expect.stringMatching(/^cor_/),
        targets: [
          {
            type: 'app',
            id: ws.appId,
            name: 'Acme/Api',
            meta: { repository: 'Acme/Api', defaultBranch: 'trunk' },
          },
        ],
      }),
    ]);
  });

  test('swapping the repository keeps the branch unless one is given', async () => {
    await install(7);
    await update({ repository: 'acme/api', defaultBranch: 'keep' });
    expect((await update({ repository: 'acme/web' })).body.data.git).toEqual({
      repository: 'Acme/Web',
      defaultBranch: 'keep',
    });
    expect((await update({ repository: 'acme/api', defaultBranch: 'next' })).body.data.git).toEqual({
      repository: 'Acme/Api',
      defaultBranch: 'next',
    });
    expect(await connections()).toEqual([[ws.appId, 7, 70, 'Acme/Api']]);
  });

  test('a branch alone retargets the connection without asking GitHub', async () => {
    await install(7);
    await update({ repository: 'acme/api' });
    github.asked.length = 0;
    const { answer, events } = await ws.audited(() => update({ defaultBranch: 'rel' }));
    expect(answer.body.data.git).toEqual({ repository: 'Acme/Api', defaultBranch: 'rel' });
    expect(events).toMatchObject([{ event: 'app.connect_repository' }]);
    expect(github.asked).toEqual([]);
  });

  test('disconnecting takes connection and branch', async () => {
    await install(7);
    await update({ repository: 'acme/api' });
    expect((await update(null)).body.data).not.toHaveProperty('git');
    expect(await connections()).toEqual([]);
    expect((await update({ repository: 'acme/api' })).body.data.git.defaultBranch).toBe('trunk');
  });

  test('a rename in the same call is an event of its own, under the same correlation id', async () => {
    await install(7);
    const { events } = await ws.audited(() => update({ repository: 'acme/api' }, { name: 'API' }));
    expect(events.map(({ event }) => event)).toEqual(['app.update', 'app.connect_repository']);
    expect(events[0]?.correlation_id).toMatch(/^cor_/);
    expect(events[1]?.correlation_id).toBe(events[0]?.correlation_id);
  });

  test('a slug that is taken leaves the connection as it was', async () => {
    await install(7);
    await api.insert('apps', {
      id: `app_b_${ws.id}`,
      workspace_id: ws.id,
      project_id: ws.projectId,
      name: 'b',
      slug: 'worker',
      created_at: 0,
    });
    const { answer, events } = await ws.audited(() => update({ repository: 'acme/api' }, { slug: 'worker' }));
    expect(outcomeOf(answer)).toEqual([409, 'app_already_exists']);
    expect([events, await connections()]).toEqual([[], []]);
  });

  test('asks for a permission of its own, for whatever is done to it', async () => {
    const as = (permission: string, git: unknown) =>
      ws.as(['app.*.update_app', permission], 'apps.updateApp', { project: 'payments', app: 'the-api', git });
    expect((await as('app.*.read_app', null)).status).toBe(403);
    expect((await as('app.*.read_app', { repository: 'acme/api' })).status).toBe(403);
    expect((await as(`app.${ws.appId}.connect_repository`, null)).status).toBe(200);
  });
});

describe('a new app', () => {
  test('is connected after it was made', async () => {
    await install(7);
    const { answer, events } = await ws.audited(() => create({ repository: 'acme/api' }));
    const { appId } = answer.body.data;
    expect(await connections()).toEqual([[appId, 7, 70, 'Acme/Api']]);
    expect(events).toMatchObject([
      {
        event: 'app.connect_repository',
        correlation_id: expect.stringMatching(/^cor_/),
        targets: [{ id: appId }],
      },
    ]);
  });

  test('needs the permission for all apps, since it has no id yet', async () => {
    await install(7);
    const as = (permission: string) =>
      ws.as(['project.*.create_app', permission], 'apps.createApp', {
        project: 'payments',
        name: 'Web',
        slug: 'web',
        git: { repository: 'acme/api' },
      });
    expect((await as('app.app_1.connect_repository')).status).toBe(403);
    expect(controlPlane.apps).toEqual([]);
    expect((await as('app.*.connect_repository')).status).toBe(200);
  });
});

describe('what cannot be connected is refused before anything is made', () => {
  const outcomes = async (repository: string) => [
    outcomeOf(await create({ repository })),
    outcomeOf(await update({ repository })),
  ];
  const twice = (...outcome: unknown[]) => [outcome, outcome];

  test('text that names no repository', async () => {
    expect(await outcomes('acme')).toEqual(twice(400, 'invalid_input'));
    expect(controlPlane.apps).toEqual([]);
  });

  test('a workspace without an installation, which is told where to install', async () => {
    expect(await outcomes('acme/api')).toEqual(twice(412, 'precondition_failed'));
    expect((await create({ repository: 'acme/api' })).body.error.detail).toContain(
      'https://github.com/apps/unkey-test/installations/new',
    );
    expect(github.asked).toEqual([]);
    expect(controlPlane.apps).toEqual([]);
  });

  test('a repository that no installation sees', async () => {
    await install(9, 8);
    expect(await outcomes('acme/api')).toEqual(twice(412, 'precondition_failed'));
    expect(github.asked).toEqual(['8 acme/api', '9 acme/api', '8 acme/api', '9 acme/api']);
  });

  test('an installation that fails counts only when no other sees the repository', async () => {
    await install(5, 7);
    github.broken.add('5');
    expect((await update({ repository: 'acme/api' })).status).toBe(200);
    expect(await outcomes('acme/unknown')).toEqual(twice(500, 'service_unavailable'));
    expect(controlPlane.apps).toEqual([]);
  });
});
