// The main job through the official SDK against the running executable, embedded and on MySQL.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Unkey } from '@unkey/api';
import * as errors from '@unkey/api/models/errors';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshMysqlDatabase, requireOrSkip } from '../support/servers.ts';
import { freePort } from '../support/servers-local.ts';
import { runUnkey, startDev, startUnkey, untilStarted } from '../support/unkey-process.ts';

const HOUR_MS = 3_600_000;

interface Installation {
  readonly url: string;
  readonly rootKey: string;
  readonly workspaceId: string;
  /** Runs one statement straight on the installation's database. */
  execute(sql: string): Promise<void>;
  close(): Promise<void>;
}

function theMainJob(name: string, open: () => Promise<Installation>): void {
  describe(name, () => {
    let installation: Installation;
    let unkey: Unkey;

    beforeAll(async () => {
      installation = await open();
      unkey = new Unkey({
        serverURL: installation.url,
        rootKey: installation.rootKey,
        retryConfig: { strategy: 'none' },
      });
    });
    afterAll(() => installation?.close());

    async function newApi(): Promise<string> {
      const { data } = await unkey.apis.createApi({ name: `api-${crypto.randomUUID()}` });
      return data.apiId;
    }

    // Roles come from the permissions operations of a later release; until then they are provisioned in the store.
    async function newRole(): Promise<string> {
      const role = `role.${crypto.randomUUID()}`;
      await installation.execute(
        `INSERT INTO roles (id, workspace_id, project_id, name, created_at_m)
         SELECT '${role}', workspace_id, id, '${role}', 0 FROM projects
         WHERE workspace_id = '${installation.workspaceId}' ORDER BY id LIMIT 1`,
      );
      return role;
    }

    it('issues a key, verifies it, disables it and deletes it', async () => {
      const apiId = await newApi();
      const role = await newRole();
      const expires = Date.now() + HOUR_MS;
      const externalId = `user-${crypto.randomUUID()}`;

      const { data: created } = await unkey.keys.createKey({
        apiId,
        prefix: 'prod',
        name: 'first key',
        meta: { plan: 'pro', seats: 3 },
        permissions: ['documents.read', 'documents.write'],
        roles: [role],
        expires,
        externalId,
      });
      expect(created.key).toMatch(/^prod_[1-9A-HJ-NP-Za-km-z]+$/);

      const valid = await unkey.keys.verifyKey({ key: created.key, permissions: 'documents.read' });
      expect(valid.data).toMatchObject({
        valid: true,
        code: 'VALID',
        keyId: created.keyId,
        name: 'first key',
        meta: { plan: 'pro', seats: 3 },
        permissions: ['documents.read', 'documents.write'],
        roles: [role],
        expires,
        enabled: true,
        identity: { externalId },
      });

      await unkey.keys.updateKey({ keyId: created.keyId, enabled: false });
      const disabled = await unkey.keys.verifyKey({ key: created.key });
      expect(disabled.data).toMatchObject({ valid: false, code: 'DISABLED' });

      await unkey.keys.deleteKey({ keyId: created.keyId });
      const deleted = await unkey.keys.verifyKey({ key: created.key });
      expect(deleted.data).toEqual({ valid: false, code: 'NOT_FOUND' });
    });

    it('counts credits down to USAGE_EXCEEDED', async () => {
      const { data: created } = await unkey.keys.createKey({
        apiId: await newApi(),
        credits: { remaining: 2 },
      });
      const remaining: unknown[] = [];
      for (let call = 0; call < 3; call++) {
        const { data } = await unkey.keys.verifyKey({ key: created.key });
        remaining.push([data.code, data.credits]);
      }
      expect(remaining).toEqual([
        ['VALID', 1],
        ['VALID', 0],
        ['USAGE_EXCEEDED', 0],
      ]);
    });

    it('tells the same about a key by id and by the key itself', async () => {
      const { data: created } = await unkey.keys.createKey({
        apiId: await newApi(),
        meta: { team: 'blue' },
        ratelimits: [{ name: 'requests', limit: 10, duration: 60_000, autoApply: true }],
      });
      const byId = await unkey.keys.getKey({ keyId: created.keyId });
      const byKey = await unkey.keys.whoami({ key: created.key });
      expect(byId.data).toMatchObject({ keyId: created.keyId, enabled: true, meta: { team: 'blue' } });
      expect(byId.data.ratelimits).toMatchObject([
        { name: 'requests', limit: 10, duration: 60_000, autoApply: true },
      ]);
      expect(byKey.data).toEqual(byId.data);
    });

    it('lists the keys of an API page by page', async () => {
      const apiId = await newApi();
      const ids: string[] = [];
      for (let count = 0; count < 3; count++) {
        const { data } = await unkey.keys.createKey({ apiId });
        ids.push(data.keyId);
      }
      const listed: string[] = [];
      for await (const page of await unkey.apis.listKeys({ apiId, limit: 2 })) {
        listed.push(...page.result.data.map((key) => key.keyId));
      }
      expect(listed.sort()).toEqual(ids.sort());
    });

    it('answers for an API until it is deleted', async () => {
      const apiId = await newApi();
      const { data: api } = await unkey.apis.getApi({ apiId });
      expect(api.id).toBe(apiId);

      await unkey.apis.deleteApi({ apiId });
      const refusal = await unkey.apis.getApi({ apiId }).catch((error: unknown) => error);
      expect(refusal).toBeInstanceOf(errors.NotFoundErrorResponse);
      expect(refusal).toMatchObject({
        error: { status: 404 },
        meta: { requestId: expect.stringMatching(/^req_/) },
      });
    });

    it('refuses a root key that it never issued', async () => {
      const stranger = new Unkey({ serverURL: installation.url, rootKey: 'unkey_2bZwPzyLs3pcc7Sk8hnSj3' });
      await expect(stranger.apis.createApi({ name: 'mine' })).rejects.toBeInstanceOf(
        errors.UnauthorizedErrorResponse,
      );
    });

    it('is alive', async () => {
      const response = await fetch(`${installation.url}/v2/liveness`);
      expect(response.status).toBe(200);
      expect(await response.json()).toMatchObject({
        meta: { requestId: expect.stringMatching(/^req_/) },
        data: { message: expect.any(String) },
      });
    });
  });
}

theMainJob('embedded', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'unkey-e2e-'));
  const server = await startDev(['--data-dir', folder], { cwd: folder });
  return {
    ...server,
    execute: async (sql) => {
      const database = new DatabaseSync(join(folder, 'unkey.db'), { timeout: 5_000 });
      database.exec(sql);
      database.close();
    },
    close: async () => {
      await server.process.end('SIGTERM');
      await rm(folder, { recursive: true });
    },
  };
});

if (requireOrSkip('mysql')) {
  theMainJob('on MySQL', async () => {
    const database = await freshMysqlDatabase();
    const folder = await mkdtemp(join(tmpdir(), 'unkey-e2e-'));
    const config = join(folder, 'unkey.toml');
    await writeFile(config, '[[auth]]\ntype = "root_key"\n\n[server]\ndrain_delay = "0s"\n');
    const port = await freePort();
    const env = {
      UNKEY_CONFIG: config,
      UNKEY_HTTP_PORT: String(port),
      UNKEY_DATABASE_PRIMARY: database.url,
      UNKEY_REDIS_URL: process.env.TEST_REDIS_URL ?? 'memory:',
    };
    const run = async (...args: string[]) => {
      const { code, stdout, stderr } = await runUnkey([...args, '--json'], { env, cwd: folder });
      expect(code, `unkey ${args.join(' ')}: ${stderr}`).toBe(0);
      return JSON.parse(stdout) as Record<string, string>;
    };
    await run('migrate', 'up');
    const { rootKey, workspaceId } = await run('bootstrap', '--workspace', 'acme');
    if (!rootKey || !workspaceId) throw new Error('bootstrap did not tell the root key and the workspace');

    const url = `http://127.0.0.1:${port}`;
    const server = startUnkey(['api', 'serve'], { env, cwd: folder });
    await untilStarted(server, url);
    return {
      url,
      rootKey,
      workspaceId,
      execute: database.execute,
      close: async () => {
        await server.end('SIGTERM');
        await database.drop();
        await rm(folder, { recursive: true });
      },
    };
  });
}
