// The command pages, generated from the command tree (G-21).
import type { Command, Option } from 'commander';
import { EXIT_MEANINGS } from './exit-codes.ts';
import { isGlobal } from './globals.ts';
import { anchorOf, optionText, usageLine } from './help.ts';
import { notesOf, pathOf, walk } from './notes.ts';

const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('<', '&lt;');

function table(header: readonly [string, string], rows: readonly (readonly [string, string])[]): string[] {
  return [
    `| ${header.join(' | ')} |`,
    '| --- | --- |',
    ...rows.map(([term, text]) => `| ${term} | ${cell(text)} |`),
    '',
  ];
}

const flagRow = (option: Option): readonly [string, string] => [
  `\`${option.flags.replaceAll('|', '\\|')}\``,
  optionText(option),
];

function section(command: Command): string[] {
  const notes = notesOf(command);
  const own = command.options.filter((option) => !option.hidden && !isGlobal(option));
  const verbs = command.commands.filter((child) => child.name() !== 'help');
  const lines = [
    `<a id="${anchorOf(command)}"></a>`,
    '',
    `## ${pathOf(command)}`,
    '',
    `${command.description()}.`,
    '',
  ];
  if (notes.remarks !== undefined) lines.push(notes.remarks, '');
  lines.push('```', usageLine(command), '```', '');
  if (notes.examples.length > 0) {
    lines.push('```sh', ...notes.examples.flatMap(([line, purpose]) => [`# ${purpose}`, line]), '```', '');
  }
  if (verbs.length > 0) {
    lines.push(
      ...table(
        ['Command', 'Purpose'],
        verbs.map((verb) => [`[${verb.name()}](#${anchorOf(verb)})`, verb.description()]),
      ),
    );
  }
  if (command.registeredArguments.length > 0) {
    const rows = command.registeredArguments.map(
      (argument) => [`\`${argument.name()}\``, argument.description] as const,
    );
    lines.push(...table(['Argument', 'Meaning'], rows));
  }
  if (own.length > 0) lines.push(...table(['Flag', 'Meaning'], own.map(flagRow)));
  if (notes.exitCodes !== undefined) lines.push(...table(['Exit code', 'Meaning'], notes.exitCodes));
  return lines;
}

/** docs/cli.md as one text: conventions, then every command. */
export function commandReference(program: Command): string {
  const lines = [
    '# Command line',
    '',
    'Generated from the command tree by `node scripts/write-docs.ts`; a test fails when it is out of date.',
    '',
    'Data goes to stdout, everything else to stderr. With `--json` stdout holds exactly one JSON document, also on',
    'failure: `{"error":{"code","title","detail","hint"?,"requestId"?,"docs"?}}`. A flag wins over the environment, the',
    'environment over the configuration file, the file over the default.',
    '',
    '## Flags of every command',
    '',
    ...table(
      ['Flag', 'Meaning'],
      program.options.filter((option) => isGlobal(option) && !option.hidden).map(flagRow),
    ),
    '## Exit codes',
    '',
    ...table(['Code', 'Meaning'], EXIT_MEANINGS),
    ...[...walk(program)].filter((command) => command !== program).flatMap(section),
  ];
  return `${lines.join('\n').trimEnd()}\n`;
}
