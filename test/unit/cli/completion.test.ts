import { execFileSync, spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { runCli } from '../../../src/commands/cli/run.ts';
import { memoryIo } from '../../support/cli-io.ts';

async function script(shell: string): Promise<string> {
  const io = memoryIo();
  expect(await runCli(['completion', shell], io)).toBe(0);
  return io.out();
}

/** What bash offers for the last of the words. */
async function offers(...words: string[]): Promise<string[]> {
  const line = `${await script('bash')}
COMP_WORDS=(unkey ${words.map((word) => `'${word}'`).join(' ')})
COMP_CWORD=${words.length}
_unkey
printf '%s\\n' "\${COMPREPLY[@]}"`;
  const out = execFileSync('bash', ['--noprofile', '--norc', '-u', '-c', line], { encoding: 'utf8' });
  return out
    .split('\n')
    .filter((word) => word !== '')
    .toSorted();
}

describe('the bash script', () => {
  it.each([
    [['conf'], ['config']],
    [['config', 'v'], ['validate']],
    [['completion', ''], expect.arrayContaining(['bash', 'fish', 'powershell', 'zsh'])],
    [
      ['doctor', '--str'],
      ['--strict', '--strict-config'],
    ],
    [
      ['check', '--str'],
      ['--strict', '--strict-config'],
    ],
    [
      ['config', 'print', '--output', ''],
      ['human', 'json', 'yaml'],
    ],
    [['config', 'print', '--log-format', 'j'], ['json']],
    [['mig'], ['migrate']],
    [['help', 'frob'], []],
  ])('offers for %j', async (words, expected) => {
    expect(await offers(...words)).toEqual(expected);
  });

  it('raises no error in a clean shell', async () => {
    const { stderr, status } = spawnSync('bash', ['--noprofile', '--norc'], {
      input: await script('bash'),
      encoding: 'utf8',
    });
    expect([stderr, status]).toEqual(['', 0]);
  });
});

describe('the scripts of the other shells', () => {
  it.each(['zsh', 'fish', 'powershell'])('for %s names every command', async (shell) => {
    const text = await script(shell);
    for (const path of ['unkey config print', 'unkey doctor', 'unkey check']) expect(text).toContain(path);
  });

  it.each([
    ['zsh', ['-f', '-n']],
    ['fish', ['--no-config', '--no-execute']],
  ])('for %s is accepted by it, where it is installed', async (shell, flags) => {
    const { error, stderr } = spawnSync(shell, flags, { input: await script(shell), encoding: 'utf8' });
    if (error !== undefined) process.stderr.write(`not tried: ${shell} is not installed\n`);
    else expect(stderr).toBe('');
  });

  it('refuses a shell that it does not know', async () => {
    const io = memoryIo();
    expect(await runCli(['completion', 'tcsh'], io)).toBe(2);
    expect(io.err()).toContain('bash, zsh, fish, powershell');
  });
});
