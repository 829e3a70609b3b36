import { CommanderError } from 'commander';
import { ConfigError } from '../../config/problems.ts';
import { maskSecrets } from '../../config/redact.ts';
import { commandModulesFor } from '../commands.ts';
import { CliError } from './cli-error.ts';
import { createCliContext, type Register, type RunState } from './context.ts';
import { EXIT } from './exit-codes.ts';
import { toCliError } from './failure.ts';
import { guessGlobals } from './globals.ts';
import type { CliIo } from './io.ts';
import { createOutput } from './output.ts';
import { buildProgram } from './program.ts';

/**
 * Runs one command line (without node and script) and resolves to its exit code. Never rejects: what a command throws is
 * reported on stderr, and as the error document on stdout in JSON mode.
 */
export async function runCli(
  argv: readonly string[],
  io: CliIo,
  modules?: readonly Register[],
): Promise<number> {
  const state: RunState = { exitCode: EXIT.done, output: undefined };
  try {
    const registered = modules ?? (await commandModulesFor(argv));
    const program = buildProgram(createCliContext(io, state), registered);
    await program.parseAsync(argv, { from: 'user' });
    return state.exitCode;
  } catch (error) {
    return report(error, argv, io, state);
  }
}

function report(error: unknown, argv: readonly string[], io: CliIo, state: RunState): number {
  if (error instanceof CommanderError && error.exitCode === 0) return EXIT.done;
  const output = state.output ?? createOutput(io, guessGlobals(argv, io.env));
  if (error instanceof CommanderError && error.code === 'unkey.commandMissing') {
    // Its help is on stderr already; only a reader of JSON still needs a document.
    if (output.format === 'json') {
      output.failure(
        new CliError({ exitCode: EXIT.usage, code: 'usage', title: 'usage', detail: error.message }),
      );
    }
    return EXIT.usage;
  }
  if (error instanceof ConfigError) for (const warning of error.warnings) output.warn(warning);
  const failure = toCliError(error);
  output.failure(failure);
  if (failure.code === 'unexpected' && failure.cause instanceof Error) {
    output.debug(maskSecrets(failure.cause.stack ?? ''));
  }
  return failure.exitCode;
}
