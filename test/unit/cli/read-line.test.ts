// How a line is read from the standard input of a real process.
import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';

const IO = new URL('../../../src/commands/cli/io.ts', import.meta.url);
const SCRIPT = `import { processIo } from ${JSON.stringify(IO.href)};
process.stdout.write(JSON.stringify(await processIo().stdin.readLine()));`;

it.each([
  ['a line', 'yes\nno\n', 'yes'],
  ['a line that nothing ends', 'yes', 'yes'],
  ['the end of the input, which is no answer', '', ''],
])('reads %s', (_what, input, line) => {
  const { status, stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', SCRIPT], {
    input,
    encoding: 'utf8',
  });
  expect([status, stdout]).toEqual([0, JSON.stringify(line)]);
});
