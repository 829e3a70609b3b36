import type { Command } from 'commander';
import type { LoadedConfig, LoadOptions } from '../../config/load.ts';
import { CliError } from './cli-error.ts';
import { EXIT } from './exit-codes.ts';
import { applyEnvironment, readGlobals } from './globals.ts';
import type { CliIo, StopSignal } from './io.ts';
import { createOutput, type Output } from './output.ts';

/** What the handler of a command gets. */
export interface Invocation<
  Options extends object = Record<string, unknown>,
  Args extends readonly unknown[] = unknown[],
> {
  readonly io: CliIo;
  readonly output: Output;
  /** The flags, by commander's camelCase names. */
  readonly options: Options;
  /** The positional arguments. */
  readonly args: Args;
  readonly command: Command;
  /** Aborted by the first SIGINT or SIGTERM and by a broken pipe; not for commands registered with `server`. */
  readonly signal: AbortSignal;
  /**
   * The server configuration as `--config`, `--strict-config`, the environment and `load.flags` give it. Warnings have
   * been printed when this returns, except for a server, whose standard error holds nothing but its log.
   *
   * @throws ConfigError, which ends the command with exit 3 and one line a problem.
   */
  loadConfig(load: Pick<LoadOptions, 'profile' | 'flags' | 'require' | 'strict'>): Promise<LoadedConfig>;
}

/** Resolves to the exit code; nothing means 0. */
export type Handler<Options extends object, Args extends readonly unknown[]> = (
  invocation: Invocation<Options, Args>,
) => Promise<number | undefined> | Promise<void>;

export interface ActionOptions {
  /** A server handles signals by itself and outlives a broken pipe. */
  readonly server?: boolean;
  /** What to tell somebody who interrupts the command: what may be left half done. */
  readonly interruptedHint?: string;
}

/** What a command module registers with. */
export interface CliContext {
  readonly io: CliIo;
  /** Wraps a handler into a commander action. */
  action<Options extends object = Record<string, unknown>, Args extends readonly unknown[] = unknown[]>(
    handler: Handler<Options, Args>,
    options?: ActionOptions,
  ): (...parameters: unknown[]) => Promise<void>;
}

/** A command module: adds its commands to the program. Must import nothing heavy at its top level. */
export type Register = (program: Command, cli: CliContext) => void;

/** What one run left behind; read by run.ts. */
export interface RunState {
  exitCode: number;
  output: Output | undefined;
}

const SETTLE_MS = 2000;

const print = (output: Output, warning: string): void => output.warn(warning);

/** How the run was ended from outside. */
class Stopped extends Error {
  override readonly name = 'AbortError';
}

/** @throws CliError when a signal ended the work; a broken pipe ends it quietly */
async function untilStopped(
  io: CliIo,
  interruptedHint: string | undefined,
  work: (signal: AbortSignal) => Promise<number>,
): Promise<number> {
  const abort = new AbortController();
  const settled = Promise.withResolvers<void>();
  let reason: StopSignal | 'broken pipe' | undefined;
  const stop = (why: StopSignal | 'broken pipe') => {
    if (reason !== undefined) return settled.resolve();
    reason = why;
    abort.abort(new Stopped('stopped'));
    // The handler may still undo what it began, but not for ever.
    setTimeout(() => settled.resolve(), SETTLE_MS).unref();
  };
  const offSignal = io.onSignal(stop);
  const offPipe = io.onBrokenPipe(() => stop('broken pipe'));
  let code: number = EXIT.done;
  try {
    code = (await Promise.race([work(abort.signal), settled.promise])) ?? EXIT.done;
  } catch (error) {
    if (reason === undefined) throw error;
  } finally {
    offSignal();
    offPipe();
  }
  if (reason === undefined) return code;
  if (reason === 'broken pipe') return EXIT.done;
  throw interrupted(reason, interruptedHint);
}

function interrupted(signal: StopSignal, hint: string | undefined): CliError {
  return new CliError({
    exitCode: signal === 'SIGINT' ? EXIT.interrupted : EXIT.terminated,
    code: 'interrupted',
    title: 'interrupted',
    detail: `stopped by ${signal}`,
    ...(hint === undefined ? {} : { hint }),
  });
}

export function createCliContext(io: CliIo, state: RunState): CliContext {
  const invoke = async <Options extends object, Args extends readonly unknown[]>(
    handler: Handler<Options, Args>,
    parameters: readonly unknown[],
    signal: AbortSignal,
    report: (output: Output, warning: string) => void,
  ): Promise<number> => {
    const command = parameters.at(-1) as Command;
    applyEnvironment(command, io.env);
    const output = createOutput(io, readGlobals(command));
    state.output = output;
    const options = command.opts<Options>();
    const code = await handler({
      io,
      output,
      options,
      args: parameters.slice(0, -2) as unknown as Args,
      command,
      signal,
      loadConfig: async (load) => {
        const { loadServerConfig } = await import('../../config/load.ts');
        const { config, strictConfig } = options as { config?: string; strictConfig?: boolean };
        const loaded = loadServerConfig({
          ...load,
          env: io.env,
          cwd: io.cwd,
          configArgument: config,
          strict: load.strict ?? strictConfig ?? false,
          terminal: io.stderr.isTTY,
        });
        for (const warning of loaded.warnings) report(output, warning);
        return loaded;
      },
    });
    return code ?? EXIT.done;
  };
  return {
    io,
    action:
      (handler, { server = false, interruptedHint } = {}) =>
      async (...parameters) => {
        state.exitCode = server
          ? await invoke(handler, parameters, new AbortController().signal, () => undefined)
          : await untilStopped(io, interruptedHint, (signal) => invoke(handler, parameters, signal, print));
      },
  };
}
