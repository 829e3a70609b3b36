// Projects and apps as the control plane makes them.

import { describe, expect, test } from 'vitest';
import type { NewProject } from '../../../src/services/control/control-plane.ts';
import { insert, migratedStore } from '../support/store.ts';
import { ACTOR, auditOf, openBench, WORKSPACE } from './workbench.ts';

const PROJECT: NewProject = { workspaceId: WORKSPACE, name: 'Shop', slug: 'shop', actor: ACTOR };

describe('a project', () => {
  test('is made without protection, with its audit event', async () => {
    const bench = await openBench();
    const { id } = await bench.service.createProject(PROJECT);
    expect(id).toMatch(/^proj_[A-Za-z0-9]{9}$/);
    const rows = await bench.all(
      'SELECT workspace_id, name, slug, delete_protection, updated_at FROM projects WHERE id = :id',
      { id },
    );
    expect(rows).toEqual([
      { workspace_id: WORKSPACE, name: 'Shop', slug: 'shop', delete_protection: null, updated_at: null },
    ]);
    expect(await auditOf(bench)).toMatchObject([
      {
        event: 'project.create',
        actor: { type: 'rootkey', id: ACTOR.id },
        remote_ip: ACTOR.remoteIp,
        targets: [{ type: 'project', id, name: 'Shop', meta: { name: 'Shop', slug: 'shop' } }],
      },
    ]);
  });

  test.each([
    ['no name', { name: '' }, 'invalid_argument'],
    ['no slug', { slug: '' }, 'invalid_argument'],
    ['no workspace', { workspaceId: '' }, 'invalid_argument'],
    ['an actor without an id', { actor: { ...ACTOR, id: '' } }, 'invalid_argument'],
    ['a reserved slug', { slug: 'DeFault' }, 'invalid_argument'],
    ['a slug that is too long', { slug: 'x'.repeat(257) }, 'invalid_argument'],
    ['an unknown workspace', { workspaceId: 'ws_none' }, 'not_found'],
    ['a slug that is taken, in another case', { slug: 'SHOP' }, 'already_exists'],
  ])('with %s is refused', async (_what, change, code) => {
    const bench = await openBench();
    await bench.service.createProject(PROJECT);
    await expect(bench.service.createProject({ ...PROJECT, ...change })).rejects.toMatchObject({ code });
    expect(await auditOf(bench)).toHaveLength(1);
  });

  test('of a workspace without a plan is refused where plans are required', async () => {
    const bench = await openBench({ requirePlan: true });
    await bench.service.createProject(PROJECT);
    await bench.run("UPDATE workspace_billing SET plan = '', plan_override = NULL");
    await expect(bench.service.createProject({ ...PROJECT, slug: 'two' })).rejects.toMatchObject({
      code: 'failed_precondition',
    });
  });
});

describe('an app', () => {
  test('comes with two environments that can be deployed to, in the region whose name sorts first', async () => {
    const bench = await openBench();
    const { id: projectId } = await bench.service.createProject(PROJECT);
    const { id } = await bench.service.createApp({ ...PROJECT, projectId, name: 'Web', slug: 'web' });
    expect(await bench.all('SELECT default_branch FROM apps WHERE id = :id', { id })).toEqual([
      { default_branch: 'main' },
    ]);
    const environments = await bench.all(
      `SELECT e.slug, e.description, e.kind, b.dockerfile, b.docker_context, b.watch_paths, b.auto_deploy,
              s.port, s.cpu_millicores, s.memory_mib, s.storage_mib, s.command, s.healthcheck,
              s.shutdown_signal, s.upstream_protocol, CAST(s.sentinel_config AS TEXT) AS policies,
              r.region_id, r.replicas, r.horizontal_autoscaling_policy_id AS policy
         FROM environments e
         JOIN app_build_settings b ON b.environment_id = e.id
         JOIN app_runtime_settings s ON s.environment_id = e.id
         JOIN app_regional_settings r ON r.environment_id = e.id
        WHERE e.app_id = :id ORDER BY e.pk`,
      { id },
    );
    const settings = {
      dockerfile: null,
      docker_context: '.',
      watch_paths: '[]',
      auto_deploy: 1,
      port: 8080,
      cpu_millicores: 250,
      memory_mib: 256,
      storage_mib: 0,
      command: '[]',
      healthcheck: null,
      shutdown_signal: 'SIGTERM',
      upstream_protocol: 'http1',
      policies: '{}',
      region_id: 'rgn_a',
      replicas: 1,
      policy: null,
    };
    expect(environments).toEqual([
      { slug: 'production', description: 'Production', kind: 'production', ...settings },
      { slug: 'preview', description: 'Preview', kind: 'preview', ...settings },
    ]);
    expect((await auditOf(bench)).at(-1)).toMatchObject({
      event: 'app.create',
      targets: [{ type: 'app', id, name: 'Web', meta: { name: 'Web', slug: 'web', projectId } }],
    });
  });

  test('is made although no region takes deployments', async () => {
    const bench = await openBench();
    await bench.run('UPDATE regions SET can_schedule = 0');
    const { id: projectId } = await bench.service.createProject(PROJECT);
    await bench.service.createApp({ ...PROJECT, projectId });
    expect(await bench.all('SELECT region_id FROM app_regional_settings')).toEqual([]);
  });

  test.each([
    ['an unknown project', { projectId: 'proj_none' }, 'not_found'],
    ['the slug of a project in place of its id', { projectId: 'shop' }, 'not_found'],
    ['a project of another workspace', { workspaceId: 'ws_2' }, 'not_found'],
    ['no project', { projectId: '' }, 'invalid_argument'],
    ['no name', { name: '' }, 'invalid_argument'],
    ['a slug that is taken', { slug: 'Web' }, 'already_exists'],
  ])('for %s is refused, and nothing of it stays', async (_what, change, code) => {
    const bench = await openBench();
    const { id: projectId } = await bench.service.createProject(PROJECT);
    await bench.service.createApp({ ...PROJECT, projectId, slug: 'web' });
    const wanted = { ...PROJECT, projectId, slug: 'other', ...change };
    await expect(bench.service.createApp(wanted)).rejects.toMatchObject({ code });
    expect(await bench.all('SELECT id FROM environments')).toHaveLength(2);
  });
});

test('a failure of the store is told by its code alone', async () => {
  const db = await migratedStore();
  await insert(db, 'workspaces', {
    id: WORKSPACE,
    org_id: 'o',
    name: 'n',
    slug: 's',
    beta_features: '{}',
  });
  await db.primary.run('arrange', 'DROP TABLE projects');
  const bench = await openBench({ db });
  const failure = await bench.service.createProject(PROJECT).catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: 'internal', message: 'the control plane could not do this' });
  expect(bench.lines).toContainEqual(expect.objectContaining({ level: 'error' }));
});
