// `unkey analytics query --workspace` on a ClickHouse server: as the workspace's own user, with its password from the Vault.
// A front stands in for the server; it knows users, but neither grants nor row policies.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { openVault } from '../../src/commands/runtime/open-vault.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { silentLogger } from '../../src/lib/logger.ts';
import { silentMetrics } from '../../src/lib/metrics.ts';
import { randomIds } from '../../src/lib/uid.ts';
import { insertAnalyticsSettings } from '../../src/storage/sql/queries/analytics-settings.ts';
import { freshName, openTestClickHouse } from '../support/analytics.ts';
import { verificationRow } from '../support/analytics-api.ts';
import { newMasterKey } from '../support/vault.ts';
import { type AdminSite, bootstrappedSite } from './admin-support.ts';

const PASSWORD = 'the-password-of-ws_local';
const BOUNDS = {
  quotaDurationSeconds: 3600,
  maxQueriesPerWindow: 1000,
  maxExecutionTimePerWindow: 1800,
  maxQueryExecutionTime: 30,
  maxQueryMemoryBytes: 1_000_000_000,
  maxQueryResultRows: 10_000_000,
};

/** A site whose configuration names the server and a Vault on disk, which holds the password of its workspace. */
async function provisionedSite(clickhouse: {
  readonly url: string;
  readonly origin: string;
}): Promise<AdminSite> {
  const site = await bootstrappedSite('sqlite');
  const masterKey = newMasterKey();
  const path = join(site.folder, 'vault');
  const config = [
    '[clickhouse]',
    `url = ${JSON.stringify(clickhouse.url)}`,
    `analytics_url = ${JSON.stringify(clickhouse.origin)}`,
    '[vault]',
    'url = "embedded:"',
    '[vault.encryption]',
    `master_key = ${JSON.stringify(masterKey)}`,
    '[vault.storage.disk]',
    `path = ${JSON.stringify(path)}`,
  ];
  await writeFile(join(site.folder, 'unkey.toml'), config.join('\n'));
  const opened = await openVault(
    {
      vault: {
        url: 'embedded:',
        token: '',
        embedded: { masterKey, previousMasterKey: undefined, storage: { kind: 'disk', path } },
      },
    },
    { clock: systemClock, ids: randomIds, metrics: silentMetrics, log: silentLogger },
  );
  if (opened === undefined) throw new Error('there is no Vault');
  const { encrypted } = await opened.vault.encrypt('ws_local', PASSWORD);
  opened.close();
  await site.inspect((db) =>
    insertAnalyticsSettings(db.primary, {
      workspaceId: 'ws_local',
      username: 'ws_local',
      passwordEncrypted: encrypted,
      bounds: BOUNDS,
      now: Date.now(),
    }),
  );
  return site;
}

it("asks as the workspace's user, and sees that workspace alone", async () => {
  const { store, front, close } = await openTestClickHouse({
    users: [{ name: 'ws_local', password: PASSWORD, readonly: true }],
  });
  onTestFinished(close);
  const rows = [verificationRow('ws_local'), verificationRow('ws_local'), verificationRow('ws_foreign')];
  const [first = {}] = rows;
  await store.insert({
    table: 'key_verifications_raw_v2',
    columns: Object.keys(first),
    rows,
    deduplicationToken: freshName('rows'),
  });
  const site = await provisionedSite(front);
  const ask = (...args: readonly string[]) => site.json(['analytics', ...args, '--workspace', 'local']);

  expect(
    await ask('query', 'SELECT workspace_id, count() AS n FROM key_verifications_v1 GROUP BY 1'),
  ).toEqual({
    code: 0,
    document: { data: [{ workspace_id: 'ws_local', n: 2 }] },
  });
  expect((await ask('top', 'outcomes')).document.rows).toEqual([
    { id: 'VALID', name: null, total: 2, refused: 0 },
  ]);
  const users = (await front.requests()).map(({ user }) => user);
  expect(users.filter((user) => user === 'ws_local')).toHaveLength(2);
});

it('ends with 6 when no workspace can query', async () => {
  const site = await bootstrappedSite('sqlite');
  const { code, document } = await site.json(['analytics', 'top', 'keys', '--workspace', 'local'], {
    env: { UNKEY_CLICKHOUSE_URL: 'chdb:analytics' },
  });
  expect([code, document.error.code]).toEqual([6, 'analytics_not_configured']);
  expect(document.error.hint).toContain('unkey analytics provision');
});
