// The flags that every command understands, wherever on the line they stand.
import { type Command, Option } from 'commander';
import { usageError } from './cli-error.ts';
import type { CliIo } from './io.ts';
import { envOf, formatsOf, fromEnv } from './notes.ts';
import type { OutputSettings } from './output.ts';

const globalOptions = new WeakSet<Option>();

export function isGlobal(option: Option): boolean {
  return globalOptions.has(option);
}

/** Adds the global flags to a command, except those whose name it uses for something of its own. */
export function addGlobalOptions(command: Command): void {
  const formats = formatsOf(command);
  const options = [
    new Option('--json', 'same as --output json'),
    fromEnv(
      new Option('--output <format>', `how to print the result: ${formats.join(', ')}`),
      'UNKEY_OUTPUT',
    ),
    new Option('--quiet', 'print data and errors only'),
    new Option('--verbose', 'print more about what happens'),
    new Option('--debug', 'same as --verbose').hideHelp(),
    new Option('--no-color', 'never colour the output'),
  ];
  for (const option of options) {
    if (command.options.some((own) => own.long === option.long)) continue;
    globalOptions.add(option);
    command.addOption(option);
  }
}

function globalValue(command: Command, long: string): unknown {
  for (let at: Command | null = command; at !== null; at = at.parent) {
    const option = at.options.find((candidate) => candidate.long === long && isGlobal(candidate));
    const value: unknown = option === undefined ? undefined : at.getOptionValue(option.attributeName());
    if (value !== undefined && value !== (long === '--no-color' ? true : undefined)) return value;
  }
  return undefined;
}

/**
 * What the global flags on the line of `command` say.
 *
 * @throws CliError exit 2 for a format that the command does not print.
 */
export function readGlobals(command: Command): OutputSettings {
  const formats = formatsOf(command);
  const output = globalValue(command, '--output') ?? 'human';
  const named = output === 'human' ? formats[0] : formats.find((known) => known === output);
  const format = globalValue(command, '--json') === true ? 'json' : named;
  if (format === undefined) {
    throw usageError(`--output takes ${formats.join(', ')}, got '${String(output)}'`);
  }
  return {
    format,
    quiet: globalValue(command, '--quiet') === true,
    verbose: globalValue(command, '--verbose') === true || globalValue(command, '--debug') === true,
    noColour: globalValue(command, '--no-color') === false,
  };
}

/** The same for a line that could not be parsed: decides how the mistake itself is reported. */
export function guessGlobals(argv: readonly string[], env: CliIo['env']): OutputSettings {
  const end = argv.indexOf('--');
  const words = end === -1 ? argv : argv.slice(0, end);
  const json =
    words.includes('--json') ||
    words.includes('--output=json') ||
    words.some((word, index) => word === '--output' && words[index + 1] === 'json') ||
    env.UNKEY_OUTPUT === 'json';
  return {
    format: json ? 'json' : 'human',
    quiet: words.includes('--quiet'),
    verbose: words.includes('--verbose') || words.includes('--debug'),
    noColour: words.includes('--no-color'),
  };
}

/** Fills the options of a command and its groups, where no flag was given, from the environment. Empty counts as unset. */
export function applyEnvironment(command: Command, env: CliIo['env']): void {
  for (let at: Command | null = command; at !== null; at = at.parent) {
    for (const option of at.options) {
      const name = envOf(option);
      const text = name === undefined ? undefined : env[name];
      if (name === undefined || text === undefined || text === '') continue;
      const source = at.getOptionValueSource(option.attributeName());
      if (source !== undefined && source !== 'default') continue;
      at.setOptionValueWithSource(option.attributeName(), parseEnvironment(option, name, text), 'env');
    }
  }
}

function parseEnvironment(option: Option, name: string, text: string): unknown {
  if (option.isBoolean()) {
    if (['1', 't', 'true'].includes(text)) return true;
    if (['0', 'f', 'false'].includes(text)) return false;
    throw usageError(`${name} must be true or false, got '${text}'`);
  }
  if (option.parseArg === undefined) return text;
  try {
    return option.parseArg(text, undefined);
  } catch (error) {
    throw usageError(`${name} is malformed. ${error instanceof Error ? error.message : String(error)}`);
  }
}
