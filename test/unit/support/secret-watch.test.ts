// The watch for secrets can fail: what it is for is written where it looks.

import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { createSecretWatch, markedSecret } from '../../support/secret-watch.ts';
import { watchOutput } from '../../support/watch-output.ts';

const VITEST = fileURLToPath(new URL('../../../node_modules/vitest/vitest.mjs', import.meta.url));
const LEAKY = fileURLToPath(new URL('./leaky/', import.meta.url));

test.each([
  ['a marked secret', `Bearer ${markedSecret('token')}`],
  ['a root key', JSON.stringify({ key: ['unkey', '3ZbFhVvJ9Xq2mYwR7tKcLd'].join('_') })],
  ['a JSON web token', 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ1c2VyXzEifQ.c2lnbmF0dXJlMTIz'],
])('%s is known by its form', (what, text) => {
  const watch = createSecretWatch();
  watch.look('stderr', `GET / ${text} 200`);
  expect(watch.leaks()).toMatchObject([{ what, where: 'stderr' }]);
  expect(JSON.stringify(watch.leaks())).not.toContain(text);
});

test('a secret without a form is found whether it is told of before or after it was written', () => {
  const watch = createSecretWatch();
  watch.keep('a key', 'sk_live_3ZbFhVvJ9Xq2mYwR');
  watch.look('first', 'key=sk_live_3ZbFhVvJ9Xq2mYwR;');
  watch.look('second', '"7tKcLd3ZbFhVvJ9Xq2mYwR=="');
  watch.keep('a master key', '7tKcLd3ZbFhVvJ9Xq2mYwR==');
  expect(watch.leaks().map(({ what, where }) => [what, where])).toEqual([
    ['a key', 'first'],
    ['a master key', 'second'],
  ]);
});

test('ids, hashes and words are no secrets', () => {
  const watch = createSecretWatch();
  watch.keep('too short to be told from a word', 'password');
  watch.look('log', 'password key_2cGKbMxRyIzhCxo1Idjz8q ws_1234567890abcdef unkey_test_0a1b2c3d4e5f');
  expect(watch.leaks()).toEqual([]);
});

test('the output of a run is looked at line by line, under the name of its test', async () => {
  const watch = createSecretWatch();
  const stream = new PassThrough();
  watchOutput(stream, watch);
  stream.end(
    `\u001b[90mstderr\u001b[2m | test/a.test.ts > logs\u001b[22m\u001b[39m\n${markedSecret('token')}\n`,
  );
  await once(stream, 'close');
  expect(watch.leaks().map(({ where }) => where)).toEqual(['stderr | test/a.test.ts > logs']);
});

test('a test file that writes a secret fails, and one that writes none does not', async () => {
  const { code, output } = await runFixtures();
  expect(code).toBe(1);
  expect(output).toMatch(/FAIL .*log\.fixture\.ts/);
  expect(output).toContain("a marked secret was written to a log of the test's own process");
  expect(output).toMatch(/FAIL .*answer\.fixture\.ts/);
  expect(output).toContain("the key of an answer was written to a log of the test's own process");
  expect(output).toMatch(/FAIL .*process\.fixture\.ts/);
  expect(output).toContain('a marked secret was written to stderr of unkey');
  expect(output).not.toMatch(/FAIL .*clean\.fixture\.ts/);
}, 60_000);

function runFixtures(): Promise<{ code: unknown; output: string }> {
  const args = [VITEST, 'run', '--config', `${LEAKY}vitest.config.ts`];
  const env = { PATH: process.env.PATH ?? '', NO_COLOR: '1' };
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd: LEAKY, env }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : error.code, output: stdout + stderr });
    });
  });
}
