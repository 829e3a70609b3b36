import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'vitest';
import { watchedLog } from '../../../support/watched-log.ts';

test('a log line with a key that an answer handed out later', async () => {
  const key = 'ThisIsTheTextOfSomeNewKey1234567';
  const server = createServer((_request, response) => {
    watchedLog().info({ note: `made ${key}.` }, 'a key was made');
    response.setHeader('Content-Type', 'application/json').end(JSON.stringify({ data: { key } }));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  await (await fetch(`http://127.0.0.1:${port}/v2/keys.createKey`)).json();
  server.close();
  server.closeAllConnections();
});
