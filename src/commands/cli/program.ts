import { Command, CommanderError } from 'commander';
import { nearest } from '../../lib/nearest.ts';
import { CliError, usageError } from './cli-error.ts';
import type { CliContext, Register } from './context.ts';
import { EXIT } from './exit-codes.ts';
import { addGlobalOptions } from './globals.ts';
import { formatHelp } from './help.ts';
import { notesOf, pathOf, walk } from './notes.ts';
import { packageVersion } from './package.ts';

/**
 * The whole command tree: `unkey` with everything that `modules` register, global flags and help on every command, and
 * mistakes reported the way of this CLI (G-8 to G-11).
 */
export function buildProgram(cli: CliContext, modules: readonly Register[]): Command {
  const program = new Command('unkey').description('API keys and rate limits, self-hosted');
  program.version(packageVersion(), '-v, --version', 'print the version');
  for (const register of modules) register(program, cli);
  addHelpCommands(program);
  for (const command of walk(program)) prepare(command, cli);
  return program;
}

function addHelpCommands(program: Command): void {
  for (const group of [...walk(program)].filter((command) => command.commands.length > 0)) {
    group.helpCommand(false);
    const help = new Command('help').description('show the help of a command').argument('[command...]');
    help.helpOption(false).action((words: string[]) => showHelp(group, words));
    group.addCommand(help, { hidden: group !== program });
  }
}

function showHelp(group: Command, words: readonly string[]): void {
  let command = group;
  for (const word of words) {
    const child = command.commands.find(
      (candidate) => candidate.name() === word || candidate.aliases().includes(word),
    );
    if (child === undefined) throw unknownCommand(command, word);
    command = child;
  }
  command.outputHelp();
}

function prepare(command: Command, cli: CliContext): void {
  addGlobalOptions(command);
  command.helpOption('-h, --help', 'show this help');
  command.configureHelp({ formatHelp });
  for (const each of [command, ...command.commands.filter((child) => child.name() === 'help')]) {
    each.showSuggestionAfterError(false);
    each.configureOutput({
      writeOut: (text) => cli.io.stdout.write(text),
      writeErr: (text) => cli.io.stderr.write(text),
      // Mistakes are reported by run.ts, once, in the format that the line asks for.
      outputError: () => undefined,
      getOutHelpWidth: () => cli.io.stdout.columns ?? 80,
      getErrHelpWidth: () => cli.io.stderr.columns ?? 80,
    });
    each.exitOverride((error) => {
      throw fromCommander(each, error);
    });
  }
  // Flags before the verb belong to the group, flags after it to the verb: `dev --output` and `dev seed --output` differ.
  if (command.commands.length > 0) command.enablePositionalOptions();
}

const helpHint = (command: Command) => `Run '${pathOf(command)} --help'`;

function unknownCommand(group: Command, word: string): CliError {
  const names = group.commands.flatMap((child) => [child.name(), ...child.aliases()]);
  const offer = nearest(word, names);
  return usageError(
    `unknown command '${word}' for '${pathOf(group)}'${offer === undefined ? '' : `; did you mean '${offer}'?`}`,
    helpHint(group),
  );
}

function unknownFlag(command: Command, flag: string): CliError {
  const flags: string[] = ['--help'];
  for (let at: Command | null = command; at !== null; at = at.parent) {
    for (const option of at.options) if (option.long !== undefined && !option.hidden) flags.push(option.long);
  }
  const name = flag.split('=')[0] ?? flag;
  if (flags.includes(name)) return usageError(`the flag '${name}' takes no value`, helpHint(command));
  const offer = nearest(name, flags);
  return usageError(
    `unknown flag '${name}' for '${pathOf(command)}'${offer === undefined ? '' : `; did you mean '${offer}'?`}`,
    helpHint(command),
  );
}

/** A mistake that commander found, in our words. Asked-for help and version pass through as commander's own error. */
function fromCommander(command: Command, error: CommanderError): Error {
  if (error.exitCode === 0) return error;
  const mistake = describeMistake(command, error);
  if (!(mistake instanceof CliError) || !notesOf(command).onlyZeroOrOne) return mistake;
  return new CliError({ ...mistake, detail: mistake.detail, exitCode: EXIT.failed });
}

function describeMistake(command: Command, error: CommanderError): CliError | CommanderError {
  const quoted = /'([^']*)'/.exec(error.message)?.[1] ?? '';
  switch (error.code) {
    case 'commander.help':
      return new CommanderError(2, 'unkey.commandMissing', `'${pathOf(command)}' needs a command`);
    case 'commander.unknownCommand':
      return unknownCommand(command, quoted);
    case 'commander.unknownOption':
      return unknownFlag(command, quoted);
    default:
      return usageError(error.message.replace(/^error: (?:command-argument )?/, ''), helpHint(command));
  }
}
