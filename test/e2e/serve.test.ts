import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { startUnkey, type UnkeyProcess, untilStarted } from '../support/unkey-process.ts';

const directory = mkdtempSync(join(tmpdir(), 'unkey-serve-'));
let server: UnkeyProcess | undefined;

afterEach(async () => {
  await server?.end('SIGKILL');
  rmSync(directory, { recursive: true, force: true });
});

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

test('api serve writes nothing but JSON lines to a standard error that is no terminal', async () => {
  const port = await freePort();
  server = startUnkey(
    ['api', 'serve', '--auto-migrate', '--host', '127.0.0.1', '--http-port', String(port)],
    {
      cwd: directory,
      env: {
        UNKEY_REDIS_URL: 'memory:',
        UNKEY_DATABASE_PRIMARY: `sqlite:${join(directory, 'unkey.db')}`,
        UNKEY_CONFIG: '[[auth]]\ntype = "root_key"\n[server]\ndrain_delay = "0s"\n',
      },
    },
  );
  await untilStarted(server, `http://127.0.0.1:${port}`);
  const { code, stderr, stdout } = await server.end('SIGTERM');
  expect([code, stdout]).toEqual([0, '']);

  const lines = stderr
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, string>);
  for (const line of lines) {
    expect(line).toMatchObject({ service: 'api', region: 'unknown' });
    for (const name of ['time', 'level', 'msg', 'instanceId', 'version']) expect(line).toHaveProperty(name);
  }
  const messages = lines.map(({ msg }) => msg).join('\n');
  expect(messages).toContain('only one process may use the data');
  expect(messages).toContain('server.trusted_proxies is not set');
  expect(messages).toContain('control or restate is not configured');
});
