// Writes what documentation is generated from the code: docs/cli.md, and the table of settings in docs/configuration.md.
// Tests compare both with the code, so run this after a change of a command or a setting.
import { readFileSync, writeFileSync } from 'node:fs';
import { createCliContext } from '../src/commands/cli/context.ts';
import { processIo } from '../src/commands/cli/io.ts';
import { buildProgram } from '../src/commands/cli/program.ts';
import { commandReference } from '../src/commands/cli/reference.ts';
import { allCommandModules } from '../src/commands/commands.ts';
import { serverCatalogue } from '../src/config/load.ts';
import { settingsTable } from '../src/config/reference.ts';

const page = (name: string) => new URL(`../docs/${name}`, import.meta.url);

const program = buildProgram(
  createCliContext(processIo(), { exitCode: 0, output: undefined }),
  await allCommandModules(),
);
writeFileSync(page('cli.md'), commandReference(program));

const BEGIN = '<!-- settings: generated -->';
const END = '<!-- settings: end -->';
const configuration = readFileSync(page('configuration.md'), 'utf8');
const before = configuration.slice(0, configuration.indexOf(BEGIN) + BEGIN.length);
const after = configuration.slice(configuration.indexOf(END));
writeFileSync(page('configuration.md'), `${before}\n\n${settingsTable(serverCatalogue())}\n\n${after}`);
