import { Argument, type Command } from 'commander';
import type { CliContext } from '../cli/context.ts';
import { annotate } from '../cli/notes.ts';
import type { Shell } from './scripts.ts';

const SHELLS: readonly Shell[] = ['bash', 'zsh', 'fish', 'powershell'];

export function register(program: Command, cli: CliContext): void {
  const completion = program
    .command('completion')
    .description('print a shell script that completes commands, flags and values')
    .addArgument(new Argument('<shell>', SHELLS.join(', ')).choices(SHELLS));
  annotate(completion, {
    examples: [
      ['source <(unkey completion bash)', 'for this shell'],
      ['unkey completion zsh > ~/.zfunc/_unkey', 'for every zsh that has ~/.zfunc in its fpath'],
      ['unkey completion fish > ~/.config/fish/completions/unkey.fish', 'for every fish'],
      ['unkey completion powershell | Out-String | Invoke-Expression', 'for this PowerShell'],
    ],
  });
  completion.action(
    cli.action<object, [Shell]>(async ({ args: [shell], output }) => {
      const { completionScript } = await import('./scripts.ts');
      output.text(completionScript(shell, program));
    }),
  );
}
