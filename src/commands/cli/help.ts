// The layout of `--help` (G-8, G-9).
import type { Argument, Command, Help, Option } from 'commander';
import { EXIT_MEANINGS } from './exit-codes.ts';
import { isGlobal } from './globals.ts';
import { envOf, notesOf, pathOf } from './notes.ts';

/** Where the pages generated from the command tree live. */
const REFERENCE_PAGE = 'docs/cli.md';

type Row = readonly [term: string, text: string];

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}

function table(rows: readonly Row[], width: number): string[] {
  const column = Math.min(28, Math.max(...rows.map(([term]) => term.length)));
  const textWidth = Math.max(30, width - column - 4);
  return rows.flatMap(([term, text]) => {
    const [first = '', ...rest] = wrap(text, textWidth);
    const indent = ' '.repeat(column + 4);
    if (term.length > column) return [`  ${term}`, ...[first, ...rest].map((line) => indent + line)];
    return [`  ${term.padEnd(column)}  ${first}`.trimEnd(), ...rest.map((line) => indent + line)];
  });
}

/** One flag with all that is known of it: choices, required, environment name, default. */
export function optionText(option: Option): string {
  const facts = [
    ...(option.argChoices === undefined ? [] : [`one of ${option.argChoices.join(', ')}`]),
    ...(option.mandatory ? ['required'] : []),
    ...(envOf(option) === undefined ? [] : [`env ${envOf(option)}`]),
    ...(option.defaultValue === undefined || option.negate
      ? []
      : [`default ${option.defaultValueDescription ?? String(option.defaultValue)}`]),
  ];
  return facts.length === 0 ? option.description : `${option.description} (${facts.join('; ')})`;
}

function argumentText(argument: Argument): string {
  return argument.defaultValueDescription === undefined
    ? argument.description
    : `${argument.description} (default ${argument.defaultValueDescription})`;
}

const commandTerm = (command: Command) => [command.name(), ...command.aliases()].join(', ');

/** The anchor of a command on the reference page. */
export function anchorOf(command: Command): string {
  return pathOf(command).replaceAll(' ', '-');
}

/** Usage line: the path, `<command>` for a group, arguments, flags. */
export function usageLine(command: Command): string {
  const verbs = command.commands.some((child) => child.name() !== 'help');
  const args = command.registeredArguments.map((argument) => {
    const name = argument.variadic ? `${argument.name()}…` : argument.name();
    return argument.required ? `<${name}>` : `[${name}]`;
  });
  return [pathOf(command), ...(verbs ? ['<command>'] : []), ...args, '[flags]'].join(' ');
}

export function formatHelp(command: Command, helper: Help): string {
  const width = Math.min(helper.helpWidth ?? 80, 120);
  const notes = notesOf(command);
  const options = helper.visibleOptions(command);
  const own = options.filter((option) => !isGlobal(option) && option.long !== '--help');
  const global = options.filter((option) => isGlobal(option) || option.long === '--help');
  const sections: string[][] = [[command.description()]];
  if (notes.remarks !== undefined) sections.push(wrap(notes.remarks, width));
  sections.push([`Usage: ${usageLine(command)}`]);
  if (notes.examples.length > 0) {
    sections.push([
      'Examples:',
      ...notes.examples.flatMap(([line, purpose]) => [`  # ${purpose}`, `  ${line}`]),
    ]);
  }
  const verbs = helper.visibleCommands(command);
  if (verbs.length > 0) {
    sections.push([
      'Commands:',
      ...table(
        verbs.map((verb): Row => [commandTerm(verb), verb.description()]),
        width,
      ),
    ]);
  }
  if (command.registeredArguments.length > 0) {
    const rows = command.registeredArguments.map(
      (argument): Row => [argument.name(), argumentText(argument)],
    );
    sections.push(['Arguments:', ...table(rows, width)]);
  }
  const optionRows = (list: readonly Option[]) =>
    list.map((option): Row => [option.flags, optionText(option)]);
  if (own.length > 0) sections.push(['Flags:', ...table(optionRows(own), width)]);
  sections.push(['Global flags:', ...table(optionRows(global), width)]);
  const codes = command.parent === null ? EXIT_MEANINGS : notes.exitCodes;
  if (codes !== undefined) sections.push(['Exit codes:', ...table(codes, width)]);
  sections.push([
    `Documentation: ${REFERENCE_PAGE}${command.parent === null ? '' : `#${anchorOf(command)}`}`,
  ]);
  return `${sections.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}
