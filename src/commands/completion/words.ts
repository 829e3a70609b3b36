// What there is to complete, read off the command tree.
import type { Command, Option } from 'commander';
import { formatsOf, pathOf, walk } from '../cli/notes.ts';

export interface Place {
  /** The words that lead here: `unkey migrate`. */
  readonly path: string;
  /** Other spellings of the same path, through aliases. */
  readonly otherPaths: readonly string[];
  readonly commands: readonly { readonly name: string; readonly description: string }[];
  readonly flags: readonly { readonly name: string; readonly description: string }[];
  /** Words that a flag or the positional argument takes; the argument has the name ''. */
  readonly values: readonly { readonly of: string; readonly words: readonly string[] }[];
}

function valuesOf(command: Command, option: Option): readonly string[] | undefined {
  if (option.long === '--output' && option.argChoices === undefined) {
    // Only the global flag takes a format; a command may use the name for a file of its own.
    return option.flags.includes('<format>') ? formatsOf(command) : undefined;
  }
  return option.argChoices;
}

/** Every command as a place to complete at. */
export function places(program: Command): Place[] {
  return [...walk(program)].map((command) => {
    const visible = command.options.filter((option) => !option.hidden);
    const parent = command.parent === null ? '' : `${pathOf(command.parent)} `;
    return {
      path: pathOf(command),
      otherPaths: command.aliases().map((alias) => `${parent}${alias}`),
      commands: command.commands.flatMap((child) =>
        child.name() === 'help' && command !== program
          ? []
          : [child.name(), ...child.aliases()].map((name) => ({ name, description: child.description() })),
      ),
      flags: [
        ...visible.map((option) => ({ name: option.long ?? '', description: option.description })),
        HELP,
      ],
      values: [
        ...visible.flatMap((option) => {
          const words = valuesOf(command, option);
          return words === undefined ? [] : [{ of: option.long ?? '', words }];
        }),
        ...command.registeredArguments.flatMap((argument) =>
          argument.argChoices === undefined ? [] : [{ of: '', words: argument.argChoices }],
        ),
      ],
    };
  });
}

const HELP = { name: '--help', description: 'show this help' };
