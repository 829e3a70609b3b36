// What must hold for every command of the real tree.
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { createCliContext } from '../../../src/commands/cli/context.ts';
import { notesOf, pathOf, walk } from '../../../src/commands/cli/notes.ts';
import { buildProgram } from '../../../src/commands/cli/program.ts';
import { commandReference } from '../../../src/commands/cli/reference.ts';
import { runCli } from '../../../src/commands/cli/run.ts';
import { allCommandModules } from '../../../src/commands/commands.ts';
import { memoryIo } from '../../support/cli-io.ts';

const program = buildProgram(
  createCliContext(memoryIo(), { exitCode: 0, output: undefined }),
  await allCommandModules(),
);
const commands = [...walk(program)].map((command): [string, Command] => [pathOf(command), command]);
const leaves = commands.filter(([, command]) => command.commands.every((child) => child.name() === 'help'));

/** The words of a shell line that begins with `unkey`, up to what belongs to the shell. */
function unkeyWords(line: string): string[] | undefined {
  const inner = /(?:^|[(\s])unkey ([^|>)]*)/.exec(line)?.[1];
  return inner?.trim().split(/\s+/);
}

describe('every command', () => {
  it.each(commands)('%s says what it is for in one line', (_path, command) => {
    expect(command.description()).toMatch(/^\S[^\n]+[^.\n]$/);
  });

  it.each(commands)('%s shows its help without a configuration', async (path) => {
    const io = memoryIo({ env: { UNKEY_CONFIG: '/nonexistent.toml', UNKEY_HTTP_PORT: 'x' } });
    const code = await runCli([...path.split(' ').slice(1), '--help'], io);
    expect([code, io.err()]).toEqual([0, '']);
    expect(io.out()).toContain(`Usage: ${path}`);
  });

  it.each(leaves)('%s has an example that names commands and flags that exist', (path, command) => {
    const { examples } = notesOf(command);
    expect(examples.length).toBeGreaterThan(0);
    for (const [line] of examples) {
      const words = unkeyWords(line) ?? [];
      const own = path.split(' ').slice(1);
      const names = [own, [...own.slice(0, -1), ...command.aliases()]].map((names) => names.join(' '));
      expect(names).toContain(words.slice(0, own.length).join(' '));
      const known = new Set(command.options.flatMap((option) => [option.long, option.short]));
      const flags = words.flatMap((word) => /^--?[a-z][a-z-]*/.exec(word)?.[0] ?? []);
      expect(flags.filter((flag) => !known.has(flag))).toEqual([]);
    }
  });
});

describe('docs/cli.md', () => {
  it('is the reference of this command tree (write it with: node scripts/write-docs.ts)', () => {
    const page = readFileSync(new URL('../../../docs/cli.md', import.meta.url), 'utf8');
    expect(page).toBe(commandReference(program));
  });
});
