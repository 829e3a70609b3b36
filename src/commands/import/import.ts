import { type Command, InvalidArgumentError, Option } from 'commander';
import { addClientFileOptions } from '../api/client/client-place.ts';
import { ROOT_KEY } from '../api/client/connection.ts';
import { addTimeoutOption, addUrlOption } from '../api/client/options.ts';
import type { CliContext, Register } from '../cli/context.ts';
import { annotate } from '../cli/notes.ts';
import { addSecretFlags } from '../cli/secret-flag.ts';
import { integer } from '../cli/values.ts';
import type { ImportFlags } from './import-flags.ts';

const DEFAULT_BATCH_SIZE = 500;
const MAX_BATCH_SIZE = 10_000;
const DEFAULT_CONCURRENCY = 2;
const MAX_CONCURRENCY = 16;

export const register: Register = (program, cli) => {
  const group = program.command('import').description('bring keys of another system along');
  registerKeys(group, cli);
};

function registerKeys(group: Command, cli: CliContext): void {
  const command = annotate(
    group
      .command('keys')
      .description('import keys from a CSV file or JSON lines')
      .argument('<file>', 'CSV with a header row, or one JSON object a line; - reads stdin'),
    {
      remarks:
        'Each row has a hash, or a key, which is hashed here and never sent. No hash is imported twice: an interrupted import goes on where it stopped when the same command is run again.',
      examples: [
        [
          'unkey import keys keys.csv --api api_local --migration mig_2026 --dry-run',
          'check every row, send nothing',
        ],
        ['unkey import keys keys.csv --api api_local --migration mig_2026 --yes', 'import them'],
        [
          'unkey import keys dump.jsonl --api api_local --migration mig_2026 --map secret=key --map owner=externalId --map id= --failures failures.jsonl --yes',
          'plain keys under other names, without the member id',
        ],
        [
          'cat keys.csv | unkey import keys - --format csv --api api_local --migration mig_2026 --yes',
          'from a pipe, which cannot be resumed',
        ],
      ],
      exitCodes: [
        ['1', 'rows failed, or a file cannot be used'],
        ['5', 'no such API or migration'],
        ['7', 'the server is still busy after two minutes; run again to continue'],
        ['8', 'the server cannot be reached or fails; run again to continue'],
        ['130', 'interrupted; run again to continue'],
      ],
    },
  )
    .addOption(requiredId('--api <id>', 'the API that the keys are for'))
    .addOption(requiredId('--migration <id>', "a migration, made with 'unkey key-migration create'"))
    .addOption(
      // Named here too: what reads files is loaded when the command runs.
      new Option('--format <format>', 'of the file, unless its name tells').choices(['csv', 'jsonl']),
    )
    .addOption(
      new Option(
        '--map <column=field>',
        'what a column is imported as, unless it is named like the field; nothing behind = leaves it out. Fields: key, hash, sha256Hex, name, externalId, meta, meta.<member>, roles, permissions, expires, enabled, credits, credits.remaining, credits.refill.interval, credits.refill.amount, credits.refill.refillDay, ratelimits',
      ).argParser(repeated),
    )
    .addOption(
      new Option('--batch-size <n>', 'rows of one call')
        .argParser(integer(1, MAX_BATCH_SIZE))
        .default(DEFAULT_BATCH_SIZE),
    )
    .addOption(
      new Option('--concurrency <n>', 'calls at a time')
        .argParser(integer(1, MAX_CONCURRENCY))
        .default(DEFAULT_CONCURRENCY),
    )
    .option(
      '--failures <path>',
      'write each row that was not imported here, as JSON lines; replaces the file',
    )
    .option('--state <path>', 'where to keep what is done (default <file>.unkey-import)')
    .option('--strict', 'stop at the first row that fails')
    .option('--dry-run', 'check every row, send nothing')
    .option('-y, --yes', 'do not ask');
  addSecretFlags(command, ROOT_KEY);
  addUrlOption(command);
  addClientFileOptions(command);
  addTimeoutOption(command);

  command.action(
    cli.action<ImportFlags, readonly [string]>(
      async (invocation) => (await import('./run-import.ts')).runImport(invocation),
      { interruptedHint: 'run the same command again to continue; no key is imported twice' },
    ),
  );
}

function repeated(value: string, previous: readonly string[] | undefined): string[] {
  return [...(previous ?? []), value];
}

/** Ids have 3 to 255 characters, whatever the server says beyond that. */
function requiredId(flags: string, description: string): Option {
  return new Option(flags, description).makeOptionMandatory().argParser((text: string) => {
    if (text.length < 3 || text.length > 255)
      throw new InvalidArgumentError('It must have 3 to 255 characters.');
    return text;
  });
}
