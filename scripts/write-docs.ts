// Writes what documentation is generated from the code: docs/cli.md, the table of settings in docs/configuration.md, and that of
// series in docs/observability.md. Tests compare them with the code, so run this after a change of any of these.
import { readFileSync, writeFileSync } from 'node:fs';
import { createCliContext } from '../src/commands/cli/context.ts';
import { processIo } from '../src/commands/cli/io.ts';
import { buildProgram } from '../src/commands/cli/program.ts';
import { commandReference } from '../src/commands/cli/reference.ts';
import { allCommandModules } from '../src/commands/commands.ts';
import { serverCatalogue } from '../src/config/load.ts';
import { settingsTable } from '../src/config/reference.ts';
import { metricsTable } from '../src/server/metrics/reference.ts';

const page = (name: string) => new URL(`../docs/${name}`, import.meta.url);

const program = buildProgram(
  createCliContext(processIo(), { exitCode: 0, output: undefined }),
  await allCommandModules(),
);
writeFileSync(page('cli.md'), commandReference(program));

/** Replaces what stands between the marks `<!-- NAME: generated -->` and `<!-- NAME: end -->` of a page. */
function writeTable(pageName: string, name: string, table: string): void {
  const begin = `<!-- ${name}: generated -->`;
  const text = readFileSync(page(pageName), 'utf8');
  const before = text.slice(0, text.indexOf(begin) + begin.length);
  const after = text.slice(text.indexOf(`<!-- ${name}: end -->`));
  writeFileSync(page(pageName), `${before}\n\n${table}\n\n${after}`);
}

writeTable('configuration.md', 'settings', settingsTable(serverCatalogue()));
writeTable('observability.md', 'metrics', metricsTable());
