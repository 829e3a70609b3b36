// Custom domains: what may be added, and what the DNS has to show before a name leads anywhere.

import { describe, expect, test } from 'vitest';
import type { NewCustomDomain } from '../../../src/services/control/control-plane.ts';
import { insertLimits, insertWorkspace } from '../support/store.ts';
import {
  ACTOR,
  auditOf,
  type Bench,
  deploy,
  makeApp,
  openBench,
  type Place,
  RecordingRunner,
  TestDns,
} from './workbench.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const NAME = 'shop.acme.com';

async function arrange() {
  const dns = new TestDns();
  const runner = new RecordingRunner();
  const bench = await openBench({ dns, runner, domain: 'apps.test' });
  await bench.run('UPDATE limits SET custom_domains_max = 2');
  const place = await makeApp(bench);
  return { bench, dns, runner, place };
}

async function requestFor(bench: Bench, place: Place, domain = NAME): Promise<NewCustomDomain> {
  const [environment] = await bench.all<{ id: string; workspaceId: string }>(
    `SELECT id, workspace_id AS workspaceId FROM environments WHERE app_id = :appId AND kind = 'production'`,
    { appId: place.appId },
  );
  const { id = '', workspaceId = '' } = environment ?? {};
  return { ...place, workspaceId, environmentId: id, domain, actor: ACTOR };
}

/** Adds the domain and lets it be checked once. */
async function add(bench: Bench, place: Place, domain = NAME) {
  const request = await requestFor(bench, place, domain);
  const added = await bench.service.addCustomDomain(request);
  await bench.settled();
  const { workspaceId, projectId, actor } = request;
  return { ...added, named: { workspaceId, projectId, domain, actor } };
}

interface Facts {
  readonly status: string;
  readonly cname: number;
  readonly ownership: number;
  readonly attempts: number;
  readonly error: string | null;
  readonly checked: number | null;
}

async function factsOf({ all }: Bench, id: string): Promise<Facts | undefined> {
  const rows = await all<Facts>(
    `SELECT verification_status AS status, cname_verified AS cname, ownership_verified AS ownership,
            check_attempts AS attempts, verification_error AS error, last_checked_at AS checked
       FROM custom_domains WHERE id = :id`,
    { id },
  );
  return rows[0];
}

const leadsTo = async ({ all }: Bench, hostname = NAME) =>
  (
    await all<{ sticky: string; id: string }>(
      'SELECT sticky, deployment_id AS id FROM frontline_routes WHERE fully_qualified_domain_name = :hostname',
      { hostname },
    )
  )[0];

/** Another workspace with an app. */
async function makeStranger(bench: Bench): Promise<Place> {
  await insertWorkspace(bench.db, { id: 'ws_2' });
  await insertLimits(bench.db, 'ws_2', null);
  await bench.run("UPDATE limits SET custom_domains_max = 1 WHERE workspace_id = 'ws_2'");
  const owner = { workspaceId: 'ws_2', actor: ACTOR };
  const { id: projectId } = await bench.service.createProject({ ...owner, name: 'Other', slug: 'other' });
  const { id: appId } = await bench.service.createApp({ ...owner, projectId, name: 'Web', slug: 'web' });
  return { projectId, appId };
}

describe('a domain', () => {
  test('is added in its canonical form, with a target and a token of its own, and told in the audit log', async () => {
    const { bench, place } = await arrange();
    const { domainId, targetCname, verificationToken, domainConnect } = await add(
      bench,
      place,
      'Bücher.Acme.com',
    );
    expect(domainId).toMatch(/^dom_/);
    expect(targetCname).toMatch(/^[a-z0-9]{16}\.apps\.test$/);
    expect(verificationToken).toMatch(/^[A-Za-z0-9]{24}$/);
    expect(domainConnect).toBeUndefined();
    const rows = await bench.all('SELECT domain, target_cname AS target FROM custom_domains');
    expect(rows).toEqual([{ domain: 'xn--bcher-kva.acme.com', target: targetCname }]);
    const { environmentId } = await requestFor(bench, place);
    expect((await auditOf(bench)).at(-1)).toMatchObject({
      event: 'domain.create',
      actor: { type: 'rootkey', id: ACTOR.id },
      targets: [
        { type: 'domain', id: domainId, meta: { domain: 'xn--bcher-kva.acme.com', ...place, environmentId } },
      ],
    });
  });

  test.each([
    ['internal', { workspaceId: '' }],
    ['internal', { appId: '' }],
    ['not_found', { environmentId: 'env_none' }],
    ['not_found', { workspaceId: 'ws_none' }],
    // The place is looked at before the name.
    ['not_found', { projectId: 'proj_none', domain: '*.acme.com' }],
    ['invalid_argument', { domain: 'co.uk' }],
  ] as const)('is refused with %s: %o', async (code, changes) => {
    const { bench, place } = await arrange();
    const request = await requestFor(bench, place);
    await expect(bench.service.addCustomDomain({ ...request, ...changes })).rejects.toMatchObject({ code });
    expect(await bench.all('SELECT id FROM custom_domains')).toEqual([]);
  });

  test('is refused when the workspace has it, in any letter case, whatever else is wrong', async () => {
    const { bench, place } = await arrange();
    await add(bench, place);
    await bench.run('DELETE FROM limits');
    await expect(add(bench, place, 'SHOP.acme.com')).rejects.toMatchObject({ code: 'already_exists' });
  });

  test('is refused without limits, and beyond them', async () => {
    const { bench, place } = await arrange();
    await add(bench, place, 'one.acme.com');
    await add(bench, place, 'two.acme.com');
    await expect(add(bench, place)).rejects.toMatchObject({ code: 'resource_exhausted' });
    await bench.run('DELETE FROM limits');
    await expect(add(bench, place)).rejects.toMatchObject({ code: 'failed_precondition' });
  });

  test('is refused by a control plane that has no domain for it to lead to', async () => {
    const bench = await openBench();
    await bench.run('UPDATE limits SET custom_domains_max = 2');
    const place = await makeApp(bench);
    await expect(add(bench, place)).rejects.toMatchObject({ code: 'failed_precondition' });
  });

  test('of a deployed app leads there once its CNAME record is there, and the runner is told', async () => {
    const { bench, dns, runner, place } = await arrange();
    const deployment = await deploy(bench, place);
    const { domainId, targetCname } = await add(bench, place);
    expect(await factsOf(bench, domainId)).toMatchObject({
      status: 'verifying',
      cname: 0,
      ownership: 0,
      attempts: 1,
      error: expect.stringContaining(targetCname),
    });
    expect(await leadsTo(bench)).toBeUndefined();
    dns.cname.set(NAME, targetCname);
    await bench.later(MINUTE);
    expect(await factsOf(bench, domainId)).toMatchObject({
      status: 'verified',
      cname: 1,
      ownership: 1,
      attempts: 2,
      error: null,
      checked: bench.clock.now(),
    });
    expect(await leadsTo(bench)).toEqual({ sticky: 'live', id: deployment });
    expect(runner.routes.at(-1)).toContainEqual(
      expect.objectContaining({ hostname: NAME, deploymentId: deployment }),
    );
    expect(await bench.all("SELECT id FROM control_jobs WHERE kind = 'verify_domain'")).toEqual([]);
  });

  test('of an app that was never deployed gets the first deployment, and follows the next', async () => {
    const { bench, dns, place } = await arrange();
    const { domainId, targetCname } = await add(bench, place);
    dns.cname.set(NAME, targetCname);
    await bench.later(MINUTE);
    expect(await factsOf(bench, domainId)).toMatchObject({ status: 'verified' });
    for (let round = 0; round < 2; round++) {
      const id = await deploy(bench, place);
      expect(await leadsTo(bench)).toEqual({ sticky: 'live', id });
    }
  });

  test('is proven by its ownership record where no CNAME record can be, and has to lead to an address then', async () => {
    const { bench, dns, place } = await arrange();
    const { domainId, verificationToken } = await add(bench, place, 'acme.com');
    dns.text.set('_unkey.acme.com', `UNKEY-domain-verify=${verificationToken.toUpperCase()}`);
    await bench.later(MINUTE);
    expect(await factsOf(bench, domainId)).toMatchObject({
      status: 'verifying',
      cname: 0,
      ownership: 1,
      error: 'acme.com leads to no address',
    });
    dns.addresses.add('acme.com');
    await bench.later(MINUTE);
    expect(await factsOf(bench, domainId)).toMatchObject({ status: 'verified', cname: 0, ownership: 1 });
  });

  test('of another workspace is taken over by an ownership record alone', async () => {
    const { bench, dns, place } = await arrange();
    await deploy(bench, place);
    const first = await add(bench, place);
    dns.cname.set(NAME, first.targetCname);
    await bench.later(MINUTE);
    const stranger = await makeStranger(bench);
    const second = await add(bench, stranger);
    dns.cname.set(NAME, second.targetCname);
    await bench.later(MINUTE);
    expect(await factsOf(bench, second.domainId)).toMatchObject({
      status: 'verifying',
      cname: 1,
      ownership: 0,
      error: expect.stringContaining('another workspace'),
    });
    expect(await factsOf(bench, first.domainId)).toMatchObject({ status: 'verified' });
    dns.text.set(`_unkey.${NAME}`, `unkey-domain-verify=${second.verificationToken}`);
    await bench.later(MINUTE);
    expect(await factsOf(bench, second.domainId)).toMatchObject({ status: 'verified' });
    expect(await factsOf(bench, first.domainId)).toMatchObject({
      status: 'failed',
      error: expect.stringContaining('another workspace'),
    });
    expect(await leadsTo(bench)).toBeUndefined();
  });

  test('that the DNS says nothing of keeps what was proven, and says that it was not checked', async () => {
    const { bench, dns, place } = await arrange();
    const { domainId, verificationToken } = await add(bench, place, 'acme.com');
    dns.text.set('_unkey.acme.com', `unkey-domain-verify=${verificationToken}`);
    await bench.later(MINUTE);
    dns.down = true;
    await bench.later(MINUTE);
    expect(await factsOf(bench, domainId)).toMatchObject({
      status: 'verifying',
      ownership: 1,
      attempts: 3,
      error: expect.stringMatching(/^not checked: /),
    });
  });

  test('fails after a day, and begins anew when that is asked for', async () => {
    const { bench, place } = await arrange();
    const { domainId, named } = await add(bench, place);
    await bench.later(DAY);
    expect(await factsOf(bench, domainId)).toMatchObject({ status: 'failed', error: expect.any(String) });
    await bench.later(DAY);
    expect(await factsOf(bench, domainId)).toMatchObject({ attempts: 2 });

    await bench.service.retryVerification(named);
    await bench.settled();
    expect(await factsOf(bench, domainId)).toMatchObject({ status: 'verifying', attempts: 1 });
    expect((await auditOf(bench)).at(-1)).toMatchObject({
      event: 'domain.verify',
      targets: [{ id: domainId }],
    });
  });

  test('that is asked about again while it is being verified is checked by one run', async () => {
    const { bench, place } = await arrange();
    const { domainId, named } = await add(bench, place);
    await bench.service.retryVerification(named);
    await bench.service.retryVerification(named);
    await bench.settled();
    await bench.later(MINUTE);
    expect(await bench.all("SELECT kind FROM control_jobs WHERE kind = 'verify_domain'")).toHaveLength(1);
    expect(await factsOf(bench, domainId)).toMatchObject({ status: 'verifying', attempts: 2 });
  });

  test('that is verified is not asked about again', async () => {
    const { bench, dns, place } = await arrange();
    const { domainId, targetCname, named } = await add(bench, place);
    dns.cname.set(NAME, targetCname);
    await bench.later(MINUTE);
    await expect(bench.service.retryVerification(named)).rejects.toMatchObject({
      code: 'failed_precondition',
    });
    expect(await factsOf(bench, domainId)).toMatchObject({ status: 'verified' });
  });

  test('is deleted with where it leads, and the runner is told', async () => {
    const { bench, dns, runner, place } = await arrange();
    await deploy(bench, place);
    const { domainId, targetCname, named } = await add(bench, place);
    dns.cname.set(NAME, targetCname);
    await bench.later(MINUTE);
    await bench.service.deleteCustomDomain(named);
    await bench.settled();
    expect(await bench.all('SELECT id FROM custom_domains')).toEqual([]);
    expect(await leadsTo(bench)).toBeUndefined();
    expect(runner.routes.at(-1)?.map(({ hostname }) => hostname)).not.toContain(NAME);
    expect((await auditOf(bench)).at(-1)).toMatchObject({
      event: 'domain.delete',
      targets: [{ id: domainId }],
    });
    await bench.later(DAY);
    expect(await bench.all('SELECT kind FROM control_jobs')).toEqual([]);
  });

  test('of another project, or that nobody has, is not found', async () => {
    const { bench, place } = await arrange();
    const { named } = await add(bench, place);
    for (const request of [
      { ...named, projectId: 'proj_other' },
      { ...named, workspaceId: 'ws_2' },
      { ...named, domain: 'none.acme.com' },
    ]) {
      await expect(bench.service.deleteCustomDomain(request)).rejects.toMatchObject({ code: 'not_found' });
      await expect(bench.service.retryVerification(request)).rejects.toMatchObject({ code: 'not_found' });
    }
  });

  test('goes with its app, and its checks end', async () => {
    const { bench, place } = await arrange();
    await add(bench, place);
    const origin = { actor: ACTOR, correlationId: 'cor_1' };
    await bench.service.submit({ workflow: 'deleteApp', appId: place.appId, ...origin });
    await bench.settled();
    await bench.later(MINUTE);
    expect(await bench.all('SELECT id FROM custom_domains')).toEqual([]);
    expect(await bench.all("SELECT kind FROM control_jobs WHERE kind = 'verify_domain'")).toEqual([]);
  });
});
