// Promote, roll back, stop, wake, and delete, as workflows that were handed over.

import { describe, expect, test } from 'vitest';
import {
  ACTOR,
  auditOf,
  type Bench,
  currentOf,
  deploy,
  factsOf,
  makeApp,
  ORIGIN,
  openBench,
  type Place,
  RecordingRunner,
  request,
  stepsOf,
  WORKSPACE,
} from './workbench.ts';

const promote = (bench: Bench, targetDeploymentId: string) =>
  submitted(bench, bench.service.submit({ workflow: 'promote', targetDeploymentId, ...ORIGIN }));
const rollback = (bench: Bench, sourceDeploymentId: string, targetDeploymentId: string) =>
  submitted(
    bench,
    bench.service.submit({ workflow: 'rollback', sourceDeploymentId, targetDeploymentId, ...ORIGIN }),
  );
const stop = (bench: Bench, deploymentId: string) =>
  submitted(bench, bench.service.submit({ workflow: 'stopDeployment', deploymentId, ...ORIGIN }));
const wake = (bench: Bench, deploymentId: string) =>
  submitted(bench, bench.service.submit({ workflow: 'wakeDeployment', deploymentId, ...ORIGIN }));

async function submitted(bench: Bench, submission: Promise<void>): Promise<void> {
  await submission;
  await bench.settled();
}

const preview = (bench: Bench, place: Place) => deploy(bench, place, { environmentSlug: 'preview' });

describe('a rollback', () => {
  test('gives the app back to the earlier deployment and keeps later ones from taking over', async () => {
    const bench = await openBench({ domain: 'apps.test' });
    const place = await makeApp(bench);
    const [first, second] = [await deploy(bench, place), await deploy(bench, place)];
    await rollback(bench, second, first);
    expect(await currentOf(bench, place.appId)).toEqual({ current: first, isRolledBack: true });
    const third = await deploy(bench, place);
    expect(await factsOf(bench, third)).toMatchObject({ status: 'ready' });
    expect(await currentOf(bench, place.appId)).toEqual({ current: first, isRolledBack: true });
    const led = await bench.all<{ deployment: string }>(
      "SELECT deployment_id AS deployment FROM frontline_routes WHERE sticky IN ('live', 'environment')",
    );
    expect(led.map(({ deployment }) => deployment)).toEqual([first, first]);
    expect((await auditOf(bench)).filter(({ event }) => event === 'deployment.rollback')).toMatchObject([
      {
        correlation_id: ORIGIN.correlationId,
        targets: [{ type: 'deployment', id: first, meta: { appId: place.appId } }],
      },
    ]);
  });

  test('keeps what it went back to from retiring', async () => {
    const bench = await openBench();
    const place = await makeApp(bench);
    const [first, second] = [await deploy(bench, place), await deploy(bench, place)];
    await rollback(bench, second, first);
    await bench.later(30 * 60_000);
    expect(await factsOf(bench, first)).toMatchObject({ status: 'ready', desiredState: 'running' });
    expect(await factsOf(bench, second)).toMatchObject({ status: 'stopped' });
  });

  test('is dropped when the deployment to leave is not the current one any more', async () => {
    const bench = await openBench();
    const place = await makeApp(bench);
    const [first, second] = [await deploy(bench, place), await deploy(bench, place)];
    const third = await deploy(bench, place);
    await rollback(bench, second, first);
    expect(await currentOf(bench, place.appId)).toEqual({ current: third, isRolledBack: false });
    expect(bench.lines).toContainEqual(expect.objectContaining({ level: 'warn' }));
  });
});

describe('a promotion', () => {
  test('confirms a rollback, and then later deployments take over again', async () => {
    const bench = await openBench();
    const place = await makeApp(bench);
    const [first, second] = [await deploy(bench, place), await deploy(bench, place)];
    await rollback(bench, second, first);
    await promote(bench, first);
    expect(await currentOf(bench, place.appId)).toEqual({ current: first, isRolledBack: false });
    const third = await deploy(bench, place);
    expect(await currentOf(bench, place.appId)).toEqual({ current: third, isRolledBack: false });
  });

  test('is dropped for the current deployment, for a preview, and for one that is gone', async () => {
    const bench = await openBench();
    const place = await makeApp(bench);
    const [current, other] = [await deploy(bench, place), await preview(bench, place)];
    for (const id of [current, other, 'd_none']) await promote(bench, id);
    expect((await auditOf(bench)).filter(({ event }) => event === 'deployment.promote')).toEqual([]);
    expect(await currentOf(bench, place.appId)).toEqual({ current, isRolledBack: false });
    expect(await bench.all("SELECT id FROM control_jobs WHERE kind <> 'retire'")).toEqual([]);
  });

  test('handed over twice is done once', async () => {
    const bench = await openBench();
    const place = await makeApp(bench);
    const first = await deploy(bench, place);
    await deploy(bench, place);
    await Promise.all([promote(bench, first), promote(bench, first)]);
    expect((await auditOf(bench)).filter(({ event }) => event === 'deployment.promote')).toHaveLength(1);
  });
});

describe('stop and wake', () => {
  test('end a preview and run it again, with what it was made of', async () => {
    const runner = new RecordingRunner();
    const bench = await openBench({ runner });
    const id = await preview(bench, await makeApp(bench));
    await stop(bench, id);
    expect(await factsOf(bench, id)).toMatchObject({ status: 'stopped', desiredState: 'stopped' });
    await wake(bench, id);
    expect(await factsOf(bench, id)).toMatchObject({ status: 'ready', desiredState: 'running' });
    expect(runner.calls).toEqual([`deploy ${id}`, `stop ${id}`, `deploy ${id}`]);
    expect((await stepsOf(bench, id)).every(({ ended, error }) => ended === 1 && error === null)).toBe(true);
    const events = (await auditOf(bench)).map(({ event }) => event).slice(-2);
    expect(events).toEqual(['deployment.stop', 'deployment.wake']);
  });

  test('says that it drains before it has stopped', async () => {
    const runner = new RecordingRunner();
    const gate = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    runner.stop = async (deployment) => {
      begun.resolve();
      await gate.promise;
      runner.note('stop', deployment);
    };
    const bench = await openBench({ runner });
    const id = await preview(bench, await makeApp(bench));
    await bench.service.submit({ workflow: 'stopDeployment', deploymentId: id, ...ORIGIN });
    await begun.promise;
    expect(await factsOf(bench, id)).toMatchObject({ status: 'ready', desiredState: 'stopped' });
    await bench.service.submit({ workflow: 'wakeDeployment', deploymentId: id, ...ORIGIN });
    gate.resolve();
    await bench.settled();
    expect(await factsOf(bench, id)).toMatchObject({ status: 'ready', desiredState: 'running' });
    expect(runner.calls).toEqual([`deploy ${id}`, `stop ${id}`, `deploy ${id}`]);
  });

  test('never touch production', async () => {
    const bench = await openBench();
    const place = await makeApp(bench);
    const id = await deploy(bench, place);
    await stop(bench, id);
    expect(await factsOf(bench, id)).toMatchObject({ status: 'ready', desiredState: 'running' });
    await bench.run("UPDATE deployments SET status = 'stopped', desired_state = 'stopped'");
    await wake(bench, id);
    expect(await factsOf(bench, id)).toMatchObject({ status: 'stopped' });
  });

  test('are tried again when the runner fails', async () => {
    const runner = new RecordingRunner();
    let tries = 0;
    runner.stop = async () => {
      tries++;
      if (tries === 1) throw new Error('no answer');
    };
    const bench = await openBench({ runner });
    const id = await preview(bench, await makeApp(bench));
    await stop(bench, id);
    expect(await factsOf(bench, id)).toMatchObject({ status: 'ready', desiredState: 'stopped' });
    await bench.later(1_000);
    expect(await factsOf(bench, id)).toMatchObject({ status: 'stopped' });
  });

  test('wake runs again what was being stopped when that failed halfway', async () => {
    const runner = new RecordingRunner();
    let tries = 0;
    runner.stop = async (deployment) => {
      runner.note('stop', deployment);
      tries++;
      if (tries === 1) throw new Error('stopped, but not cleared away');
    };
    const bench = await openBench({ runner });
    const id = await preview(bench, await makeApp(bench));
    await stop(bench, id);
    await wake(bench, id);
    await bench.later(1_000);
    expect(await factsOf(bench, id)).toMatchObject({ status: 'ready', desiredState: 'running' });
    expect(runner.calls).toEqual([`deploy ${id}`, `stop ${id}`, `deploy ${id}`]);
  });

  test('wake leaves alone what nobody has begun to stop', async () => {
    const runner = new RecordingRunner();
    const bench = await openBench({ runner });
    const id = await preview(bench, await makeApp(bench));
    await bench.service.stop();
    await bench.service.submit({ workflow: 'stopDeployment', deploymentId: id, ...ORIGIN });
    await bench.service.submit({ workflow: 'wakeDeployment', deploymentId: id, ...ORIGIN });
    const next = await openBench({ db: bench.db, clock: bench.clock, runner });
    await next.settled();
    expect(await factsOf(next, id)).toMatchObject({ status: 'ready', desiredState: 'running' });
    expect(runner.calls).toEqual([`deploy ${id}`]);
  });

  test('of a deployment that fails to start again leaves it failed', async () => {
    const runner = new RecordingRunner();
    const bench = await openBench({ runner });
    const id = await preview(bench, await makeApp(bench));
    await stop(bench, id);
    await bench.run('UPDATE limits SET cpu_cores_max = 0');
    await wake(bench, id);
    expect(await factsOf(bench, id)).toMatchObject({ status: 'failed' });
  });
});

describe('deleting', () => {
  const TABLES = [
    'projects',
    'apps',
    'environments',
    'app_build_settings',
    'app_runtime_settings',
    'app_regional_settings',
    'deployments',
    'deployment_steps',
    'deployment_topology',
    'frontline_routes',
  ];
  async function counts({ all }: Bench) {
    const entries = await Promise.all(
      TABLES.map(async (table) => [table, (await all(`SELECT pk FROM ${table}`)).length] as const),
    );
    return Object.fromEntries(entries);
  }

  test('a project takes everything in it along, stops what runs, and is told under one id', async () => {
    const runner = new RecordingRunner();
    const bench = await openBench({ runner, domain: 'apps.test' });
    const place = await makeApp(bench);
    const [production, other] = [await deploy(bench, place), await preview(bench, place)];
    const before = await counts(bench);
    const stay = await makeApp(bench, 'stays');
    await deploy(bench, stay);
    await submitted(
      bench,
      bench.service.submit({ workflow: 'deleteProject', projectId: place.projectId, ...ORIGIN }),
    );
    expect(runner.calls.filter((call) => call.startsWith('stop'))).toEqual([
      `stop ${production}`,
      `stop ${other}`,
    ]);
    // Both environments had hostnames; none of them leads anywhere now.
    expect(runner.routes.slice(-2)).toEqual([[], []]);
    const after = await counts(bench);
    expect(after).toMatchObject({ projects: 1, apps: 1, environments: 2, deployments: 1 });
    for (const table of TABLES) expect(after[table]).toBeGreaterThan(0);
    expect(before.deployments).toBe(2);
    const deleted = (await auditOf(bench)).filter(({ event }) => event.endsWith('.delete'));
    expect(deleted.map(({ event }) => event)).toEqual([
      'environment.delete',
      'environment.delete',
      'app.delete',
      'project.delete',
    ]);
    expect(new Set(deleted.map(({ correlation_id }) => correlation_id))).toEqual(
      new Set([ORIGIN.correlationId]),
    );
    expect(deleted.map(({ targets }) => targets[0]?.meta)).toMatchObject([
      { slug: 'production', appId: place.appId, projectId: place.projectId },
      { slug: 'preview', appId: place.appId, projectId: place.projectId },
      { name: 'Web', slug: 'web', projectId: place.projectId },
      { name: 'Shop', slug: 'shop-web' },
    ]);
  });

  test('a project takes along an app that is made meanwhile', async () => {
    const runner = new RecordingRunner();
    const bench = await openBench({ runner });
    const { projectId, appId } = await makeApp(bench);
    await deploy(bench, { projectId, appId });
    const late = { workspaceId: WORKSPACE, projectId, name: 'Late', slug: 'late', actor: ACTOR };
    runner.stop = async () => {
      await bench.service.createApp(late);
    };
    await submitted(bench, bench.service.submit({ workflow: 'deleteProject', projectId, ...ORIGIN }));
    await bench.later(1_000);
    expect(await counts(bench)).toMatchObject({ projects: 0, apps: 0, environments: 0 });
    const deleted = (await auditOf(bench)).map(({ event }) => event);
    expect(deleted.filter((event) => event === 'app.delete')).toHaveLength(2);
    expect(deleted.at(-1)).toBe('project.delete');
  });

  test('an app leaves its project, and a deployment under way ends', async () => {
    const runner = new RecordingRunner();
    const begun = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    runner.deploy = async (deployment) => {
      begun.resolve();
      await gate.promise;
      runner.note('deploy', deployment);
    };
    const bench = await openBench({ runner });
    const place = await makeApp(bench);
    const { deploymentId } = await bench.service.createDeployment(request(place));
    await begun.promise;
    await bench.service.submit({ workflow: 'deleteApp', appId: place.appId, ...ORIGIN });
    await expect.poll(async () => (await bench.all('SELECT id FROM apps')).length).toBe(0);
    gate.resolve();
    await bench.settled();
    expect(runner.calls.at(-1)).toBe(`stop ${deploymentId}`);
    expect(await counts(bench)).toMatchObject({ projects: 1, apps: 0, environments: 0, deployments: 0 });
    expect(await bench.all('SELECT pk FROM deployment_steps')).toEqual([]);
  });

  test('of what is protected, or gone already, does nothing', async () => {
    const bench = await openBench();
    const { projectId, appId } = await makeApp(bench);
    await bench.run('UPDATE projects SET delete_protection = 1');
    await bench.run('UPDATE apps SET delete_protection = 1');
    for (const key of [projectId, 'proj_none']) {
      await bench.service.submit({ workflow: 'deleteProject', projectId: key, ...ORIGIN });
    }
    await submitted(bench, bench.service.submit({ workflow: 'deleteApp', appId, ...ORIGIN }));
    expect(await counts(bench)).toMatchObject({ projects: 1, apps: 1, environments: 2 });
    expect((await auditOf(bench)).filter(({ event }) => event.endsWith('.delete'))).toEqual([]);
  });
});
