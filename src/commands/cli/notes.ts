// What help and the reference pages say about a command beyond what commander itself knows.
import type { Command, Option } from 'commander';
import type { OutputFormat } from './output.ts';

export interface CommandNotes {
  /** Complete command lines, runnable as printed, each with what it does. At least one for a command with an action. */
  readonly examples: readonly (readonly [commandLine: string, purpose: string])[];
  /** Exit codes whose meaning is special here. */
  readonly exitCodes?: readonly (readonly [code: string, meaning: string])[];
  /** What `--output` takes; human and json unless said. The first is what `human` stands for. */
  readonly outputs?: readonly OutputFormat[];
  /** A paragraph under the one-line purpose. */
  readonly remarks?: string;
  /** True when the process may end with 0 and 1 only: container runtimes reserve 2. */
  readonly onlyZeroOrOne?: boolean;
}

const notesByCommand = new WeakMap<Command, CommandNotes>();
const envByOption = new WeakMap<Option, string>();

/** Attaches help notes to a command and hands the command back, so that it fits a chain. */
export function annotate(command: Command, notes: CommandNotes): Command {
  notesByCommand.set(command, notes);
  return command;
}

export function notesOf(command: Command): CommandNotes {
  return notesByCommand.get(command) ?? { examples: [] };
}

const DEFAULT_FORMATS: readonly OutputFormat[] = ['human', 'json'];

/** What `--output` takes on a command. */
export function formatsOf(command: Command): readonly OutputFormat[] {
  return notesOf(command).outputs ?? DEFAULT_FORMATS;
}

/**
 * Lets an option take its value from an environment variable when the flag is not given. commander's own `env()` reads
 * `process.env`; this one reads the injected environment, and only when the command runs (G-12).
 */
export function fromEnv(option: Option, name: string): Option {
  envByOption.set(option, name);
  return option;
}

export function envOf(option: Option): string | undefined {
  return envByOption.get(option);
}

/** The words that select a command: `unkey migrate up`. */
export function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}

/** A command and every command under it, except the `help` ones. */
export function* walk(command: Command): Generator<Command> {
  yield command;
  for (const child of command.commands) if (child.name() !== 'help') yield* walk(child);
}
