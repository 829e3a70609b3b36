// Analytics of `unkey dev`, out of the box: what was just verified can be queried.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Unkey } from '@unkey/api';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { freePort } from '../support/servers-local.ts';
import { type DevAccess, startDev, startUnkey } from '../support/unkey-process.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'unkey-dev-analytics-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const OUTCOMES = 'SELECT outcome, count() AS total FROM key_verifications_v1 GROUP BY outcome';

const clientOf = ({ url, rootKey }: Pick<DevAccess, 'url' | 'rootKey'>): Unkey =>
  new Unkey({ serverURL: url, rootKey, retryConfig: { strategy: 'none' } });

async function outcomes(unkey: Unkey): Promise<unknown> {
  return (await unkey.analytics.getVerifications({ query: OUTCOMES })).data;
}

it('shows a verification in getVerifications within seconds, and keeps it with --data-dir', async () => {
  const data = ['--data-dir', join(folder, 'data')];
  const first = await startDev(data, { cwd: folder });
  const unkey = clientOf(first);
  expect(await outcomes(unkey)).toEqual([]);
  const { data: created } = await unkey.keys.createKey({ apiId: first.apiId });
  await unkey.keys.verifyKey({ key: created.key });
  await expect.poll(() => outcomes(unkey), { timeout: 15_000 }).toEqual([{ outcome: 'VALID', total: 1 }]);
  await first.process.end('SIGINT');

  const second = await startDev(data, { cwd: folder });
  expect(await outcomes(clientOf(second))).toEqual([{ outcome: 'VALID', total: 1 }]);
  await second.process.end('SIGINT');
});

it('forgets it without, and says what stands in for ClickHouse', async () => {
  const server = startUnkey(['dev', '--port', '0'], { cwd: folder });
  await expect.poll(() => server.stdout(), { timeout: 20_000 }).toContain('Ctrl-C stops it');
  expect(server.stdout()).toContain('analytics     ClickHouse engine in this process');
  await server.end('SIGINT');
});

it('does not wait for a long query when it is told to stop', async () => {
  const metricsPort = await freePort();
  const server = await startDev(['--config', `[observability.metrics]\nprometheus_port = ${metricsPort}`], {
    cwd: folder,
  });
  const unkey = clientOf(server);
  const { data: created } = await unkey.keys.createKey({ apiId: server.apiId });
  await unkey.keys.verifyKey({ key: created.key });
  await expect.poll(() => outcomes(unkey), { timeout: 15_000 }).toEqual([{ outcome: 'VALID', total: 1 }]);

  const digits = '(SELECT arrayJoin([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]) AS digit FROM key_verifications_v1)';
  const sources = [...'abcdefghijkl'].map((name) => `${digits} AS ${name}`);
  const answer = unkey.analytics
    .getVerifications({ query: `SELECT sum(a.digit + l.digit) AS total FROM ${sources.join(', ')}` })
    .catch((error: unknown) => error);
  await expect
    .poll(async () => await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text(), {
      timeout: 5_000,
    })
    .toContain('\nunkey_inflight_requests 1\n');

  const { stderr } = await server.process.end('SIGINT');
  expect(stderr).toContain('requests were cut off at the end of the drain time');
  // Neither rows nor the message of the deadline of ten seconds, which it would have run into.
  expect(await answer).toMatchObject({ name: 'ConnectionError' });
});
