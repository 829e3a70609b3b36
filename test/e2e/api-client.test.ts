// `unkey api <group> <verb>` as a process against a running server.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DevServer, runUnkey, startDev } from '../support/unkey-process.ts';

let server: DevServer;

beforeAll(async () => {
  server = await startDev();
});
afterAll(() => server.process.end('SIGTERM'));

async function call(...argv: string[]) {
  const env = { UNKEY_ROOT_KEY: server.rootKey, UNKEY_API_BASE_URL: server.url, HOME: '/nonexistent' };
  const { code, stdout, stderr } = await runUnkey(['api', ...argv, '--json'], { env });
  return { code, stderr, document: JSON.parse(stdout) };
}

describe('unkey api', () => {
  it('creates a key, finds it in the list, verifies, disables and deletes it', async () => {
    const created = await call(
      'keys',
      'create-key',
      '--api-id',
      server.apiId,
      '--name',
      'ci',
      '--permissions',
      'docs.read',
    );
    expect(created).toMatchObject({ code: 0, stderr: '' });
    const { key, keyId } = created.document.data;

    const listed = await call('apis', 'list-keys', '--api-id', server.apiId, '--all');
    expect(listed.document.data).toEqual([
      expect.objectContaining({ keyId, name: 'ci', permissions: ['docs.read'] }),
    ]);

    const verified = await call(
      'keys',
      'verify-key',
      '--key',
      key,
      '--permissions',
      'docs.read',
      '--exit-code',
    );
    expect(verified).toMatchObject({ code: 0, document: { data: { valid: true } } });

    expect(
      (await call('keys', 'update-key', '--key-id', keyId, '--enabled=false', '--unset', 'name')).code,
    ).toBe(0);
    const read = await call('keys', 'get-key', '--key-id', keyId);
    expect(read.document.data).toMatchObject({ enabled: false });
    expect(read.document.data).not.toHaveProperty('name');

    expect((await call('keys', 'delete-key', '--key-id', keyId)).code).toBe(0);
    const gone = await call('keys', 'get-key', '--key-id', keyId);
    expect(gone).toMatchObject({
      code: 5,
      document: { error: { requestId: expect.stringMatching(/^req_/) } },
    });
  });

  it('checks rate limits, and --exit-code tells a denial', async () => {
    const argv = [
      'ratelimit',
      'limit',
      '--namespace',
      'mail',
      '--identifier',
      'u',
      '--limit',
      '1',
      '--duration',
      '60000',
    ];
    expect(await call(...argv, '--exit-code')).toMatchObject({
      code: 0,
      document: { data: { success: true } },
    });
    expect(await call(...argv, '--exit-code')).toMatchObject({
      code: 1,
      document: { data: { success: false } },
    });
    expect(await call(...argv)).toMatchObject({ code: 0, document: { data: { success: false } } });
  });

  it('keeps identities and roles', async () => {
    await call('identities', 'create-identity', '--external-id', 'user_1', '--meta-json', '{"plan":"pro"}');
    const identity = await call('identities', 'get-identity', '--identity', 'user_1');
    expect(identity.document.data).toMatchObject({ externalId: 'user_1', meta: { plan: 'pro' } });

    await call('permissions', 'create-role', '--name', 'admin');
    const again = await call('permissions', 'create-role', '--name', 'admin');
    expect(again).toMatchObject({ code: 6, document: { error: { title: expect.any(String) } } });
  });

  it('tells the fields that a request got wrong', async () => {
    const { code, document } = await call('apis', 'create-api', '--name', 'x');
    expect(code).toBe(1);
    expect(document.error.detail).toContain('/properties/name/minLength: ');
  });

  it('answers the liveness of the server without a root key', async () => {
    const env = { UNKEY_API_BASE_URL: server.url, HOME: '/nonexistent' };
    expect(await runUnkey(['api', 'liveness'], { env })).toMatchObject({ code: 0, stderr: '' });
  });
});
