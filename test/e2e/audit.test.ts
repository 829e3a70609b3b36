// `unkey audit` as a process beside others that write.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { bootstrappedSite, STORES } from './admin-support.ts';

describe.each(STORES)('unkey audit on %s', (store) => {
  it('follows what other processes do until Ctrl-C, and exports it', async () => {
    const site = await bootstrappedSite(store);
    const make = () => site.json(['root-key', 'create', '--workspace', 'local', '--preset', 'verify-only']);
    await make();
    const tail = site.start(['audit', 'tail', '-f', '-n', '1', '--format', 'jsonl', '--workspace', 'local']);
    onTestFinished(async () => {
      await tail.end('SIGKILL');
    });
    await tail.firstLine();
    const made = await make();
    expect(made.code).toBe(0);
    const shown = () =>
      tail
        .stdout()
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line));
    await vi.waitFor(
      () => expect(shown().slice(1)).toContainEqual(expect.objectContaining({ event: 'key.create' })),
      { timeout: 30_000, interval: 100 },
    );
    const ended = await tail.end('SIGINT');
    expect(ended.code).toBe(130);
    expect(ended.stderr).not.toMatch(/^\s+at /m);

    const { keyId } = made.document;
    const exported = await site.run(['audit', 'export', '--resource', `key:${keyId}`, '--event', 'key.*']);
    expect(exported).toMatchObject({ code: 0, stderr: '1 events exported\n' });
    expect(JSON.parse(exported.stdout)).toMatchObject({
      event: 'key.create',
      actor: { type: 'system', id: 'unkey-cli' },
    });
  });
});

it('ends quietly when whoever reads it has gone', async () => {
  const site = await bootstrappedSite('sqlite');
  const make = () => site.json(['root-key', 'create', '--workspace', 'local', '--preset', 'verify-only']);
  await make();
  const launcher = fileURLToPath(new URL('../../bin/unkey', import.meta.url));
  const argv = [launcher, 'audit', 'tail', '-f', '--database-file', 'database'];
  const child = spawn(process.execPath, argv, { cwd: site.folder, env: { PATH: process.env.PATH ?? '' } });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  let err = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    err += chunk;
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  await new Promise((resolve) => child.stdout.once('data', resolve));
  child.stdout.destroy();
  // It finds out when it has something more to say.
  await make();
  expect([await ended, err]).toEqual([0, '']);
});
