import { type Command, Option } from 'commander';
import { addConfigOptions } from '../cli/config-options.ts';
import type { CliContext } from '../cli/context.ts';
import { annotate } from '../cli/notes.ts';
import { duration, list } from '../cli/values.ts';
import type { DoctorFlags } from './run-doctor.ts';

export function register(program: Command, cli: CliContext): void {
  const doctor = addConfigOptions(
    program.command('doctor').alias('check').description('check the configuration and every dependency'),
  )
    .addOption(new Option('--timeout <duration>', 'for each check').argParser(duration).default(5000, '5s'))
    .addOption(
      new Option('--only <ids>', 'run these checks; an id or its first word, comma-separated').argParser(
        list,
      ),
    )
    .addOption(new Option('--skip <ids>', 'leave these checks out').argParser(list))
    .addOption(new Option('--strict', 'exit 1 on warnings as well'))
    .addOption(new Option('--api-url <url>', 'also ask a running server whether it is alive and ready'))
    .addOption(
      new Option(
        '--bundle <file>',
        'pack results, version, settings and metrics into a .tar.gz, without secrets',
      ),
    );
  annotate(doctor, {
    examples: [
      ['unkey doctor', 'everything'],
      ['unkey doctor --only mysql,redis --json', 'the stores only, for scripts'],
      ['unkey check --api-url http://127.0.0.1:7070 --strict', 'a running server too; warnings fail'],
      ['unkey doctor --bundle unkey-doctor.tar.gz', 'for somebody who is asked for help'],
    ],
    exitCodes: [
      ['0', 'no check failed'],
      ['1', 'a check failed, or warned with --strict'],
      ['3', 'the configuration is not valid'],
      ['8', 'a dependency cannot be reached'],
      ['9', 'only migrations are missing: run unkey migrate up'],
    ],
  });
  doctor.action(
    cli.action<DoctorFlags>(async ({ io, output, options, signal }) => {
      const { runDoctor } = await import('./run-doctor.ts');
      const { exitCodeOf, reportTable } = await import('./report.ts');
      const run = { io, flags: options, signal };
      const report = await runDoctor(run);
      if (options.bundle !== undefined) {
        const { writeBundle } = await import('./write-bundle.ts');
        output.note(
          `written to ${await writeBundle(options.bundle, report, run)}; look through it before you pass it on`,
        );
      }
      output.result(report, (style) => reportTable(report, style));
      return exitCodeOf(report.checks, options.strict ?? false);
    }),
  );
}
