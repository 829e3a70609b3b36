// Several control planes that take turns at the jobs of one store.

import { describe, expect, test } from 'vitest';
import { insertControlJob, takeControlJob } from '../../src/storage/sql/queries/control/jobs.ts';
import { openMigratedStore } from '../support/migrated-store.ts';
import { availableStores } from '../support/servers.ts';
import {
  ACTOR,
  arrangeWorkspace,
  factsOf,
  makeApp,
  ORIGIN,
  openBench,
  RecordingRunner,
  request,
  WORKSPACE,
} from '../unit/control/workbench.ts';

describe.each(availableStores())('on %s', (store) => {
  test('of the jobs of one object only one is taken at a time, whoever asks', async () => {
    const db = await openMigratedStore(store);
    const now = 1_000;
    for (let round = 0; round < 10; round++) {
      const objectKey = `d_${round}`;
      for (const kind of ['stop', 'drain', 'wake']) {
        const id = `inv_${round}_${kind}`;
        await insertControlJob(db.primary, {
          id,
          kind,
          objectKey,
          payload: '{}',
          runAt: now,
          createdAt: now,
        });
      }
      const jobs = await db.primary.all<{ pk: number }>(
        'look',
        'SELECT pk FROM control_jobs WHERE object_key = :objectKey',
        { objectKey },
      );
      const taken = await Promise.all(
        jobs.map(({ pk }) =>
          db.transaction((tx) =>
            takeControlJob(tx, { pk, objectKey, owner: `process ${pk}`, now, expiresAt: now + 15_000 }),
          ),
        ),
      );
      expect(taken.filter(Boolean)).toHaveLength(1);
    }
  });

  test('two processes do everything once, and nothing of one deployment at a time', async () => {
    const db = await openMigratedStore(store);
    await arrangeWorkspace(db);
    const runner = new RecordingRunner();
    const busy = new Set<string>();
    const overlaps: string[] = [];
    const alone = async (action: string, { id }: { readonly id: string }): Promise<void> => {
      if (busy.has(id)) overlaps.push(`${action} ${id}`);
      busy.add(id);
      runner.calls.push(`${action} ${id}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
      busy.delete(id);
    };
    runner.deploy = (deployment) => alone('deploy', deployment);
    runner.stop = (deployment) => alone('stop', deployment);
    const first = await openBench({ db, runner });
    const second = await openBench({ db, clock: first.clock, runner });
    const services = [first.service, second.service];
    const place = await makeApp(first);
    const ids: string[] = [];
    for (let n = 0; n < 12; n++) {
      const wanted = request(place, { environmentSlug: 'preview' });
      const made = await services[n % 2]?.createDeployment(wanted);
      ids.push(made?.deploymentId ?? '');
    }
    await first.settled();
    for (const id of ids) expect(await factsOf(first, id)).toMatchObject({ status: 'ready' });
    await Promise.all(
      ids.flatMap((deploymentId) => [
        first.service.submit({ workflow: 'stopDeployment', deploymentId, ...ORIGIN }),
        second.service.submit({ workflow: 'stopDeployment', deploymentId, ...ORIGIN }),
      ]),
    );
    await first.settled();
    for (const id of ids) expect(await factsOf(first, id)).toMatchObject({ status: 'stopped' });
    expect([...runner.calls].sort()).toEqual(ids.flatMap((id) => [`deploy ${id}`, `stop ${id}`]).sort());
    expect(overlaps).toEqual([]);
  });

  test('of two domains that take the last place of a workspace at once, one is refused', async () => {
    const db = await openMigratedStore(store);
    await arrangeWorkspace(db);
    const benches = [
      await openBench({ db, domain: 'apps.test' }),
      await openBench({ db, domain: 'apps.test' }),
    ];
    const [first] = benches;
    if (first === undefined) throw new Error('no bench');
    const place = await makeApp(first);
    await first.run('UPDATE limits SET custom_domains_max = 1');
    const [environment] = await first.all<{ id: string }>('SELECT id FROM environments LIMIT 1');
    const request = { ...place, workspaceId: WORKSPACE, environmentId: environment?.id ?? '', actor: ACTOR };
    const outcomes = await Promise.allSettled(
      benches.map(({ service }, n) => service.addCustomDomain({ ...request, domain: `shop${n}.acme.com` })),
    );
    const refusals = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
    expect(refusals).toEqual([expect.objectContaining({ code: 'resource_exhausted' })]);
    await first.settled();
  });
});
