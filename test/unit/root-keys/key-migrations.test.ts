import { describe, expect, it } from 'vitest';
import { bootstrap } from '../../../src/services/root-keys/bootstrap.ts';
import {
  createKeyMigration,
  listKeyMigrations,
  planKeyMigration,
} from '../../../src/services/root-keys/key-migrations.ts';
import { acmeInstallation, STORES } from './stores.ts';

const SHA256 = { workspace: 'acme', algorithm: 'sha256' } as const;

describe.each(STORES)('key migrations on %s', (store) => {
  it('are registered under the given id once, however often', async () => {
    const site = await acmeInstallation(store);
    const row = { id: 'mig_2026', workspaceId: 'ws_acme', algorithm: 'sha256' };
    const results = await Promise.all(
      Array.from({ length: 3 }, () => createKeyMigration(site, { ...SHA256, id: 'mig_2026' })),
    );
    expect(results.map(({ created }) => created).sort()).toEqual([false, false, true]);
    expect(await listKeyMigrations(site)).toEqual([row]);
  });

  it('get an id of their own when none is given', async () => {
    const site = await acmeInstallation(store);
    const { id } = await createKeyMigration(site, SHA256);
    expect(id).toMatch(/^mig_/);
  });

  it('are listed by workspace', async () => {
    const site = await acmeInstallation(store);
    await bootstrap(site, { workspaceSlug: 'beta', permissions: ['api.*.read_api'] });
    await createKeyMigration(site, SHA256);
    await createKeyMigration(site, { ...SHA256, workspace: 'beta', id: 'mig_beta' });
    expect(await listKeyMigrations(site, { workspace: 'ws_beta' })).toMatchObject([{ id: 'mig_beta' }]);
    expect(await listKeyMigrations(site)).toHaveLength(2);
  });
});

it('refuses an id that another migration has', async () => {
  const site = await acmeInstallation('sqlite');
  await createKeyMigration(site, { ...SHA256, id: 'mig_2026' });
  await expect(
    createKeyMigration(site, { ...SHA256, algorithm: 'github.com/seamapi/prefixed-api-key', id: 'mig_2026' }),
  ).rejects.toMatchObject({ code: 'unkey:application:precondition_failed' });
});

it.each(['', 'ab', 'with-dash', 'x'.repeat(49)])('refuses the id %j', async (id) => {
  const site = await acmeInstallation('sqlite');
  await expect(createKeyMigration(site, { ...SHA256, id })).rejects.toMatchObject({
    code: 'unkey:application:invalid_input',
  });
});

it('refuses a workspace that does not exist', async () => {
  const site = await acmeInstallation('sqlite');
  await expect(createKeyMigration(site, { ...SHA256, workspace: 'none' })).rejects.toMatchObject({
    code: 'unkey:data:workspace_not_found',
  });
});

it('can be planned without a write', async () => {
  const site = await acmeInstallation('sqlite');
  expect((await planKeyMigration(site, { ...SHA256, id: 'mig_2026' })).created).toBe(true);
  expect(await listKeyMigrations(site)).toEqual([]);
});
