// kill -9 at any moment loses no acknowledged write.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { type DevServer, startDev } from '../support/unkey-process.ts';

const KILLS = 3;
const WRITERS = 4;
/** Acknowledged writes after which the server is killed, while others are under way. */
const WRITES_BEFORE_KILL = 25;

async function call(
  server: DevServer,
  operation: string,
  body: unknown,
): Promise<{ code: string; key: string }> {
  const response = await fetch(`${server.url}/v2/${operation}`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${server.rootKey}`, 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (response.status !== 200) throw new Error(`${operation} answered ${response.status}`);
  return ((await response.json()) as { data: { code: string; key: string } }).data;
}

describe('kill -9', () => {
  let directory: string | undefined;
  let server: DevServer | undefined;

  afterEach(async () => {
    await server?.process.end('SIGKILL');
    if (directory !== undefined) rmSync(directory, { recursive: true, force: true });
  });

  test('leaves every acknowledged key in the data directory', {
    timeout: 120_000,
  }, async () => {
    directory = mkdtempSync(join(tmpdir(), 'unkey-crash-'));
    const acknowledged: string[] = [];
    let rootKey = '';
    for (let round = 0; round < KILLS; round++) {
      const running = await startDev(['--data-dir', directory]);
      server = running;
      rootKey ||= running.rootKey;
      expect(running.rootKey).toBe(rootKey);
      let killing = false;
      const enough = Promise.withResolvers<void>();
      const writers = Array.from({ length: WRITERS }, async () => {
        for (;;) {
          try {
            const { key } = await call(running, 'keys.createKey', { apiId: running.apiId });
            acknowledged.push(key);
          } catch (error) {
            // Only the kill may end a writer.
            if (!killing) enough.reject(error);
            return;
          }
          if (acknowledged.length >= WRITES_BEFORE_KILL * (round + 1)) enough.resolve();
        }
      });
      await enough.promise;
      killing = true;
      await running.process.end('SIGKILL');
      await Promise.all(writers);
    }

    const last = await startDev(['--data-dir', directory]);
    server = last;
    const codes = await Promise.all(
      acknowledged.map(async (key) => (await call(last, 'keys.verifyKey', { key })).code),
    );
    expect(acknowledged.length).toBeGreaterThanOrEqual(WRITES_BEFORE_KILL * KILLS);
    expect(new Set(codes)).toEqual(new Set(['VALID']));
  });
});
