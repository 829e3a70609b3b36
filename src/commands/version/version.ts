import type { Command } from 'commander';
import type { CliContext } from '../cli/context.ts';
import { annotate } from '../cli/notes.ts';

export function register(program: Command, cli: CliContext): void {
  const version = program
    .command('version')
    .description('print version, build and the schema versions this build needs');
  annotate(version, {
    examples: [
      ['unkey version', 'everything about this build'],
      ['unkey version --json', 'the same for scripts'],
    ],
  });
  version.action(
    cli.action(async ({ output }) => {
      const { buildInfo } = await import('./build-info.ts');
      const build = buildInfo();
      const rows: readonly (readonly [string, string])[] = [
        ['version', build.version],
        ['revision', build.revision],
        ['build time', build.buildTime],
        ['runtime', build.runtime],
        ['platform', build.platform],
        ['API level', build.apiLevel],
        ['SQL schema', build.schemaVersions.sql ?? 'none'],
        ['ClickHouse schema', build.schemaVersions.clickhouse ?? 'none'],
      ];
      output.result(build, () => rows.map(([name, value]) => `${name.padEnd(18)} ${value}`).join('\n'));
    }),
  );
}
