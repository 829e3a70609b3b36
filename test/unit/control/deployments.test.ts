// The run of a deployment, from its creation to the state in which it stays.

import { describe, expect, test } from 'vitest';
import { createCommandRunner } from '../../../src/control/runners/command-runner.ts';
import { RunnerError } from '../../../src/control/runners/runner.ts';
import { NO_COMMIT } from '../../../src/services/control/control-plane.ts';
import { failureCode } from '../../../src/services/deployments/failure-code.ts';
import { recordingLogger } from '../support/recorders.ts';
import { insert } from '../support/store.ts';
import {
  ACTOR,
  auditOf,
  type Bench,
  currentOf,
  deploy,
  factsOf,
  makeApp,
  openBench,
  type Place,
  RecordingRunner,
  request,
  stepsOf,
  WORKSPACE,
} from './workbench.ts';

const STEPS = ['queued', 'starting', 'building', 'deploying', 'network', 'finalizing'];

function connect({ db }: Bench, { projectId, appId }: Place): Promise<void> {
  return insert(db, 'github_repo_connections', {
    workspace_id: WORKSPACE,
    project_id: projectId,
    app_id: appId,
    installation_id: 1,
    repository_id: 2,
    repository_full_name: 'acme/web',
    created_at: 1,
  });
}

async function environmentId({ all }: Bench, { appId }: Place, slug: string): Promise<string> {
  const rows = await all<{ id: string }>(
    'SELECT id FROM environments WHERE app_id = :appId AND slug = :slug',
    { appId, slug },
  );
  return rows[0]?.id ?? '';
}

describe('an image', () => {
  test('passes through every step, is run once, and takes over its app', async () => {
    const runner = new RecordingRunner();
    const bench = await openBench({ runner });
    const place = await makeApp(bench);
    const id = await deploy(bench, place);

    expect(id).toMatch(/^d_[A-Za-z0-9]{9}$/);
    expect(await factsOf(bench, id)).toEqual({
      status: 'ready',
      desiredState: 'running',
      image: 'registry.test/web:1',
    });
    expect(await stepsOf(bench, id)).toEqual(STEPS.map((step) => ({ step, ended: 1, error: null })));
    expect(await currentOf(bench, place.appId)).toEqual({ current: id, isRolledBack: false });
    expect(runner.calls).toEqual([`deploy ${id}`]);
    expect(runner.deployments[0]).toMatchObject({
      name: expect.stringMatching(/^d-[0-9a-f]{24}$/),
      app: { id: place.appId, slug: 'web' },
      environment: { slug: 'production', kind: 'production' },
      image: 'registry.test/web:1',
      git: null,
      port: 8080,
      cpuMillicores: 250,
      regions: [{ name: 'a-region', replicasMin: 1, replicasMax: 1 }],
    });
    expect((await auditOf(bench)).at(-1)).toMatchObject({
      event: 'deployment.create',
      actor: { type: 'rootkey', id: ACTOR.id },
      targets: [{ type: 'deployment', id, meta: { ...place, environment: 'production' } }],
    });
  });

  test('is recorded with a copy of the settings, its variables as they are stored, and what caused it', async () => {
    const bench = await openBench();
    const place = await makeApp(bench);
    const environment = await environmentId(bench, place, 'production');
    await bench.run(
      `UPDATE app_runtime_settings SET port = 9000, storage_mib = 100, shutdown_signal = 'SIGINT',
              healthcheck = '{"path":"/up"}', command = '["serve"]', sentinel_config = '{"policies":[]}'
        WHERE environment_id = :environment`,
      { environment },
    );
    await insert(bench.db, 'app_environment_variables', {
      id: 'evr_1',
      workspace_id: WORKSPACE,
      app_id: place.appId,
      environment_id: environment,
      key: 'TOKEN',
      value: 'ciphertext',
      type: 'writeonly',
      created_at: 1,
    });
    const id = await deploy(bench, place, { trigger: 'cli', triggerReason: 'why', actor: undefined });
    const [row] = await bench.all(
      `SELECT port, storage_mib, shutdown_signal, healthcheck, command, "trigger", triggered_by, trigger_reason,
              CAST(sentinel_config AS TEXT) AS policies,
              CAST(encrypted_environment_variables AS TEXT) AS variables
         FROM deployments WHERE id = :id`,
      { id },
    );
    expect(row).toEqual({
      port: 9000,
      storage_mib: 100,
      shutdown_signal: 'SIGINT',
      healthcheck: '{"path":"/up"}',
      command: '["serve"]',
      trigger: 'cli',
      triggered_by: ACTOR.id,
      trigger_reason: 'why',
      policies: '{"policies":[]}',
      variables: '{"secrets":{"TOKEN":"ciphertext"}}',
    });
    expect((await auditOf(bench)).at(-1)).toMatchObject({ actor: { type: 'system' } });
  });

  test('stays although its audit event cannot be written', async () => {
    const bench = await openBench();
    const place = await makeApp(bench);
    await bench.run('DROP TABLE clickhouse_outbox');
    const id = await deploy(bench, place);
    expect(await factsOf(bench, id)).toMatchObject({ status: 'ready' });
    expect(bench.lines).toContainEqual(
      expect.objectContaining({ level: 'error', message: 'a deployment has no audit event' }),
    );
  });
});

describe('a commit', () => {
  test('is built first, and what was built is recorded', async () => {
    const runner = new RecordingRunner();
    const bench = await openBench({ runner });
    const place = await makeApp(bench);
    await connect(bench, place);
    const id = await deploy(bench, place, {
      dockerImage: '',
      gitCommit: { ...NO_COMMIT, commitSha: 'abc', branch: 'feature' },
    });
    expect(runner.calls).toEqual([`build ${id}`, `deploy ${id}`]);
    expect(runner.deployments[0]).toMatchObject({
      image: null,
      git: { repository: 'acme/web', branch: 'feature', commitSha: 'abc' },
    });
    expect(await factsOf(bench, id)).toMatchObject({ status: 'ready', image: 'registry.test/built:1' });
  });

  test('of nothing in particular is that of the default branch', async () => {
    const bench = await openBench();
    const place = await makeApp(bench);
    await connect(bench, place);
    await bench.run("UPDATE apps SET default_branch = 'trunk'");
    const id = await deploy(bench, place, { dockerImage: '', gitCommit: NO_COMMIT });
    expect(await bench.all('SELECT git_branch FROM deployments WHERE id = :id', { id })).toEqual([
      { git_branch: 'trunk' },
    ]);
  });

  test('of an app without a repository is refused', async () => {
    const bench = await openBench();
    const place = await makeApp(bench);
    const wanted = request(place, { dockerImage: '', gitCommit: { ...NO_COMMIT, branch: 'main' } });
    await expect(bench.service.createDeployment(wanted)).rejects.toMatchObject({
      code: 'failed_precondition',
    });
  });

  test('that cannot be built fails in that step, for callers as build_failed', async () => {
    const runner = new RecordingRunner();
    runner.build = async () => {
      throw new RunnerError('no Dockerfile');
    };
    const bench = await openBench({ runner });
    const place = await makeApp(bench);
    await connect(bench, place);
    const id = await deploy(bench, place, { dockerImage: '', gitCommit: NO_COMMIT });
    expect(await factsOf(bench, id)).toMatchObject({ status: 'failed' });
    const last = (await stepsOf(bench, id)).at(-1);
    expect(last).toEqual({ step: 'building', ended: 1, error: 'no Dockerfile' });
    expect(failureCode(last?.step ?? '', last?.error ?? '')).toBe('build_failed');
    expect(await currentOf(bench, place.appId)).toMatchObject({ current: null });
  });
});

describe('without a source', () => {
  test('the image and commit of the current deployment are used', async () => {
    const bench = await openBench();
    const place = await makeApp(bench);
    await deploy(bench, place, { dockerImage: 'web:1', gitCommit: { ...NO_COMMIT, commitSha: 'abc' } });
    const id = await deploy(bench, place, { dockerImage: '' });
    expect(await bench.all('SELECT image, git_commit_sha FROM deployments WHERE id = :id', { id })).toEqual([
      { image: 'web:1', git_commit_sha: 'abc' },
    ]);
  });

  test('an app that nothing was deployed to is refused', async () => {
    const bench = await openBench();
    const wanted = request(await makeApp(bench), { dockerImage: '' });
    await expect(bench.service.createDeployment(wanted)).rejects.toMatchObject({
      code: 'failed_precondition',
    });
  });
});

describe('a deployment is refused, and nothing of it is stored,', () => {
  test.each<
    [string, (bench: Bench, place: Place) => Promise<Partial<Place & { environmentSlug: string }>>, string]
  >([
    ['without an app', async () => ({ appId: '' }), 'invalid_argument'],
    ['for an unknown environment', async () => ({ environmentSlug: 'none' }), 'not_found'],
    ['for an unknown app', async () => ({ appId: 'app_none' }), 'not_found'],
    [
      'for a project and an app that do not belong together',
      async (bench) => ({ projectId: (await makeApp(bench, 'other')).projectId }),
      'invalid_argument',
    ],
    [
      'for an environment without settings',
      async (bench) => {
        await bench.run('DELETE FROM app_runtime_settings');
        return {};
      },
      'not_found',
    ],
    [
      'for an environment with settings out of bounds',
      async (bench) => {
        await bench.run('UPDATE app_runtime_settings SET port = 0');
        return {};
      },
      'failed_precondition',
    ],
    [
      'for an environment without a region',
      async (bench) => {
        await bench.run('UPDATE regions SET can_schedule = 0');
        return {};
      },
      'failed_precondition',
    ],
    [
      'for a workspace that may not spend more',
      async (bench) => {
        await bench.run('UPDATE workspace_billing SET spend_suspended = 1');
        return {};
      },
      'failed_precondition',
    ],
  ])('%s', async (_what, arrange, code) => {
    const bench = await openBench();
    const place = await makeApp(bench);
    const wanted = { ...request(place), ...(await arrange(bench, place)) };
    await expect(bench.service.createDeployment(wanted)).rejects.toMatchObject({ code });
    expect(await bench.all('SELECT id FROM deployments')).toEqual([]);
    expect(await bench.all('SELECT id FROM control_jobs')).toEqual([]);
  });

  test('when something of it would have to be cut off', async () => {
    const bench = await openBench();
    const place = await makeApp(bench);
    for (const changes of [
      { dockerImage: 'x'.repeat(257) },
      { gitCommit: { ...NO_COMMIT, commitSha: 'x'.repeat(41) } },
      { gitCommit: { ...NO_COMMIT, branch: 'x'.repeat(257) } },
    ]) {
      await expect(bench.service.createDeployment(request(place, changes))).rejects.toMatchObject({
        code: 'invalid_argument',
      });
    }
  });
});

describe('a run fails', () => {
  test('with all that was wrong when it ran, by the words that the API knows', async () => {
    const runner = new RecordingRunner();
    const bench = await openBench({ runner });
    const place = await makeApp(bench);
    await connect(bench, place);
    // Between the building and the placing.
    runner.build = async () => {
      await bench.run('UPDATE limits SET cpu_cores_max = 0, memory_mib_max = 10');
      return 'web:1';
    };
    const id = await deploy(bench, place, { dockerImage: '', gitCommit: NO_COMMIT });
    const last = (await stepsOf(bench, id)).at(-1);
    expect(last).toMatchObject({ step: 'deploying', ended: 1 });
    expect(last?.error).toContain('CPU quota exceeded');
    expect(last?.error).toContain('Memory quota exceeded');
    expect(failureCode('deploying', last?.error ?? '')).toBe('cpu_quota_exceeded');
  });

  test('when the workspace takes up too much, over all that runs and all replicas', async () => {
    const bench = await openBench();
    const place = await makeApp(bench);
    await bench.run('UPDATE limits SET cpu_cores_max = 1');
    await bench.run('UPDATE app_regional_settings SET replicas = 2');
    const first = await deploy(bench, place);
    const second = await deploy(bench, place);
    const third = await deploy(bench, place);
    expect(await factsOf(bench, first)).toMatchObject({ status: 'ready' });
    expect(await factsOf(bench, second)).toMatchObject({ status: 'ready' });
    expect(await factsOf(bench, third)).toMatchObject({ status: 'failed' });
  });

  test('with a message that fits its column', async () => {
    const runner = new RecordingRunner();
    runner.deploy = async () => {
      throw new RunnerError('x'.repeat(600));
    };
    const bench = await openBench({ runner });
    const id = await deploy(bench, await makeApp(bench));
    expect((await stepsOf(bench, id)).at(-1)?.error).toBe('x'.repeat(512));
  });

  test('after what it has left running was stopped, whether or not that worked', async () => {
    const runner = new RecordingRunner();
    const bench = await openBench({ runner });
    const place = await makeApp(bench);
    const seen: unknown[] = [];
    runner.deploy = async () => {
      throw new RunnerError('half started');
    };
    runner.stop = async (deployment) => {
      seen.push(deployment.id, (await factsOf(bench, deployment.id))?.status);
    };
    const id = await deploy(bench, place);
    expect(seen).toEqual([id, 'deploying']);
    expect(await factsOf(bench, id)).toMatchObject({ status: 'failed' });
    runner.stop = async () => {
      throw new RunnerError('no answer');
    };
    const other = await deploy(bench, place);
    expect((await stepsOf(bench, other)).at(-1)).toMatchObject({ step: 'deploying', error: 'half started' });
    expect(bench.lines).toContainEqual(
      expect.objectContaining({ level: 'warn', fields: expect.objectContaining({ deployment: other }) }),
    );
  });

  test('when its variables cannot be read because there is no vault', async () => {
    const runner = new RecordingRunner();
    runner.deploy = async (_deployment, { variables }) => {
      await variables();
    };
    const bench = await openBench({ runner });
    const place = await makeApp(bench);
    const id = await deploy(bench, place);
    expect(await factsOf(bench, id)).toMatchObject({ status: 'ready' });
    await insert(bench.db, 'app_environment_variables', {
      id: 'evr_1',
      workspace_id: WORKSPACE,
      app_id: place.appId,
      environment_id: await environmentId(bench, place, 'production'),
      key: 'TOKEN',
      value: 'ciphertext',
      type: 'writeonly',
      created_at: 1,
    });
    const other = await deploy(bench, place);
    expect((await stepsOf(bench, other)).at(-1)?.error).toContain('there is no vault');
  });
});

test('variables are decrypted with the keyring of the environment', async () => {
  const asked: unknown[] = [];
  const read: unknown[] = [];
  const runner = new RecordingRunner();
  runner.deploy = async (_deployment, { variables }) => {
    read.push(await variables());
  };
  const bench = await openBench({
    runner,
    vault: {
      decryptBulk: async (keyring, items) => {
        asked.push(keyring, Object.fromEntries(items));
        return new Map([['TOKEN', 'clear']]);
      },
    },
  });
  const place = await makeApp(bench);
  const environment = await environmentId(bench, place, 'production');
  await insert(bench.db, 'app_environment_variables', {
    id: 'evr_1',
    workspace_id: WORKSPACE,
    app_id: place.appId,
    environment_id: environment,
    key: 'TOKEN',
    value: 'ciphertext',
    type: 'recoverable',
    created_at: 1,
  });
  await deploy(bench, place);
  expect(asked).toEqual([environment, { TOKEN: 'ciphertext' }]);
  expect(read).toEqual([{ TOKEN: 'clear' }]);
});

describe('a newer deployment', () => {
  test('of the same branch supersedes those that wait, and no other', async () => {
    const bench = await openBench();
    const place = await makeApp(bench);
    await bench.service.stop();
    const make = async (branch: string, environmentSlug = 'preview') =>
      (
        await bench.service.createDeployment(
          request(place, { environmentSlug, gitCommit: { ...NO_COMMIT, branch } }),
        )
      ).deploymentId;
    const old = await make('a');
    const elsewhere = await make('a', 'production');
    const other = await make('b');
    const newest = await make('a');
    const statuses = await Promise.all(
      [old, elsewhere, other, newest].map(async (id) => (await factsOf(bench, id))?.status),
    );
    expect(statuses).toEqual(['superseded', 'pending', 'pending', 'pending']);
    const next = await openBench(bench);
    await next.settled();
    expect(await factsOf(next, old)).toMatchObject({ status: 'superseded' });
    expect(await factsOf(next, newest)).toMatchObject({ status: 'ready' });
  });

  test('in production lets the one before run for half an hour', async () => {
    const runner = new RecordingRunner();
    const bench = await openBench({ runner });
    const place = await makeApp(bench);
    const first = await deploy(bench, place);
    const second = await deploy(bench, place);
    expect(await currentOf(bench, place.appId)).toEqual({ current: second, isRolledBack: false });
    await bench.later(30 * 60_000 - 1);
    expect(await factsOf(bench, first)).toMatchObject({ status: 'ready', desiredState: 'running' });
    await bench.later(1);
    expect(await factsOf(bench, first)).toMatchObject({ status: 'stopped', desiredState: 'stopped' });
    expect(runner.calls.at(-1)).toBe(`stop ${first}`);
    expect(await factsOf(bench, second)).toMatchObject({ status: 'ready', desiredState: 'running' });
  });

  test('in preview lets those of its branch run for a minute, and leaves other branches alone', async () => {
    const bench = await openBench();
    const place = await makeApp(bench);
    const make = (branch: string) =>
      deploy(bench, place, { environmentSlug: 'preview', gitCommit: { ...NO_COMMIT, branch } });
    const [first, other, second] = [await make('a'), await make('b'), await make('a')];
    expect(await currentOf(bench, place.appId)).toMatchObject({ current: null });
    await bench.later(60_000);
    expect(await factsOf(bench, first)).toMatchObject({ status: 'stopped' });
    expect(await factsOf(bench, other)).toMatchObject({ status: 'ready' });
    expect(await factsOf(bench, second)).toMatchObject({ status: 'ready' });
  });
});

describe('hostnames', () => {
  test('lead to the deployment, its branch, its environment and its app, and the runner is told', async () => {
    const runner = new RecordingRunner();
    const bench = await openBench({ runner, domain: 'apps.test' });
    const place = await makeApp(bench);
    const first = await deploy(bench, place, { gitCommit: { ...NO_COMMIT, branch: 'main' } });
    const routes = await bench.all<{ host: string; sticky: string; deployment: string }>(
      `SELECT fully_qualified_domain_name AS host, sticky, deployment_id AS deployment FROM frontline_routes
        ORDER BY pk`,
    );
    expect(routes.map(({ sticky, deployment }) => [sticky, deployment])).toEqual([
      ['deployment', first],
      ['branch', first],
      ['environment', first],
      ['live', first],
    ]);
    for (const { host } of routes) expect(host).toMatch(/^shop-web-web-[a-z0-9-]+\.apps\.test$/);
    const second = await deploy(bench, place, { gitCommit: { ...NO_COMMIT, branch: 'main' } });
    const owners = await bench.all<{ sticky: string; deployment: string }>(
      'SELECT sticky, deployment_id AS deployment FROM frontline_routes ORDER BY sticky, pk',
    );
    expect(owners.map(({ sticky, deployment }) => [sticky, deployment])).toEqual([
      ['branch', second],
      ['deployment', first],
      ['deployment', second],
      ['environment', second],
      ['live', second],
    ]);
    expect(runner.routes.at(-1)?.filter(({ deploymentId }) => deploymentId === second)).toHaveLength(4);
  });
});

describe('a deployment that is under way when the process ends', () => {
  test.each(['pending', 'starting', 'building', 'deploying', 'network', 'finalizing'])(
    'goes on from %s',
    async (status) => {
      const bench = await openBench();
      const place = await makeApp(bench);
      await bench.service.stop();
      const { deploymentId } = await bench.service.createDeployment(request(place));
      await bench.run('UPDATE deployments SET status = :status', { status });
      const runner = new RecordingRunner();
      const next = await openBench({ db: bench.db, clock: bench.clock, runner });
      await next.settled();
      expect(await factsOf(next, deploymentId)).toMatchObject({ status: 'ready' });
      expect(await currentOf(next, place.appId)).toMatchObject({ current: deploymentId });
      const isDeployed = ['network', 'finalizing'].includes(status);
      expect(runner.calls).toEqual(isDeployed ? [] : [`deploy ${deploymentId}`]);
    },
  );

  test('is interrupted, and taken up by the next process at once', async () => {
    const runner = new RecordingRunner();
    const begun = Promise.withResolvers<void>();
    runner.deploy = (_deployment, { signal }) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason));
        begun.resolve();
      });
    const bench = await openBench({ runner });
    const place = await makeApp(bench);
    const { deploymentId } = await bench.service.createDeployment(request(place));
    await begun.promise;
    await bench.service.stop();
    expect(await factsOf(bench, deploymentId)).toMatchObject({ status: 'deploying' });
    const next = await openBench({ db: bench.db, clock: bench.clock });
    await next.settled();
    expect(await factsOf(next, deploymentId)).toMatchObject({ status: 'ready' });
  });

  test('is taken over when its process died, once the lease has run out', async () => {
    const bench = await openBench();
    const place = await makeApp(bench);
    await bench.service.stop();
    const { deploymentId } = await bench.service.createDeployment(request(place));
    const expiresAt = bench.clock.now() + 15_000;
    await bench.run("UPDATE control_jobs SET owner = 'dead', lease_expires_at = :expiresAt", { expiresAt });
    const next = await openBench({ db: bench.db, clock: bench.clock });
    // The queue is worked on: what came later is done.
    const { deploymentId: later } = await next.service.createDeployment(request(place));
    await expect.poll(async () => (await factsOf(next, later))?.status).toBe('ready');
    expect(await factsOf(next, deploymentId)).toMatchObject({ status: 'pending' });
    await next.later(15_000);
    expect(await factsOf(next, deploymentId)).toMatchObject({ status: 'ready' });
  });
});

test('what fails for reasons of its own is tried again, and given up as failed in the end', async () => {
  const runner = new RecordingRunner();
  let tries = 0;
  runner.deploy = async () => {
    tries++;
    throw new Error('something broke');
  };
  const bench = await openBench({ runner });
  const place = await makeApp(bench);
  const id = await deploy(bench, place);
  expect(await factsOf(bench, id)).toMatchObject({ status: 'deploying' });
  while (tries < 12) await bench.later(300_000);
  await bench.settled();
  expect(await factsOf(bench, id)).toMatchObject({ status: 'failed' });
  expect((await stepsOf(bench, id)).at(-1)).toMatchObject({ error: 'the deployment could not be run' });
  expect(await bench.all('SELECT id FROM control_jobs')).toEqual([]);
});

test('one whose runner never ends fails when its time is over, although it cannot be stopped either', async () => {
  const runner = createCommandRunner({
    command: [process.execPath, '-e', 'setInterval(() => undefined, 1000)'],
    timeoutMs: 200,
    env: {},
    log: recordingLogger(),
  });
  const bench = await openBench({ runner });
  const place = await makeApp(bench);
  const id = await deploy(bench, place);
  expect(await factsOf(bench, id)).toMatchObject({ status: 'failed' });
  expect((await stepsOf(bench, id)).at(-1)).toMatchObject({
    step: 'deploying',
    error: 'the runner took too long',
  });
  expect(bench.lines.some(({ message }) => message.includes('could not be stopped'))).toBe(true);
});

test('one that was cancelled while it ran is stopped, and stays cancelled', async () => {
  const runner = new RecordingRunner();
  const bench = await openBench({ runner });
  const place = await makeApp(bench);
  runner.deploy = async (deployment) => {
    runner.note('deploy', deployment);
    await bench.run("UPDATE deployments SET status = 'cancelled' WHERE id = :id", { id: deployment.id });
  };
  const id = await deploy(bench, place);
  expect(await factsOf(bench, id)).toMatchObject({ status: 'cancelled' });
  expect(runner.calls).toEqual([`deploy ${id}`, `stop ${id}`]);
});
