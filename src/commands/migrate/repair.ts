import { type Command, Option } from 'commander';
import type { CliContext } from '../cli/context.ts';
import { EXIT } from '../cli/exit-codes.ts';
import { annotate } from '../cli/notes.ts';
import { confirm } from '../cli/prompt.ts';
import { unknownVersion } from './errors.ts';
import { oneStore } from './stores.ts';
import { addLockedOptions, type StoresFlags } from './target.ts';

type RepairFlags = StoresFlags & {
  readonly version: string;
  readonly mark: 'applied' | 'pending';
  readonly yes?: boolean;
  readonly dryRun?: boolean;
};

export function registerRepair(group: Command, cli: CliContext): void {
  const command = annotate(
    group.command('repair').description('correct what is recorded of a migration; never touches data'),
    {
      remarks:
        'For a migration that failed halfway: bring the schema in order by hand first, then say what it is now. Where ClickHouse is configured too, --target says which store is meant.',
      examples: [
        ['unkey migrate repair --version 20260101000000 --mark applied', 'all its statements are in force'],
        ['unkey migrate repair --version 20260101000000 --mark pending', 'none of them is, run it again'],
      ],
      exitCodes: [
        ['5', 'there is no such migration'],
        ['6', 'the migration has no file to be marked applied by, or the lock was not gained'],
      ],
    },
  )
    .requiredOption('--version <version>', 'the migration')
    .addOption(
      new Option('--mark <state>', 'what it is').choices(['applied', 'pending']).makeOptionMandatory(),
    )
    .addOption(new Option('-y, --yes', 'do not ask'))
    .addOption(new Option('--dry-run', 'print what would be recorded and write nothing'));
  addLockedOptions(command);

  command.action(
    cli.action<RepairFlags>(async (invocation) => {
      const { io, options, output } = invocation;
      const { version, mark } = options;
      const store = await oneStore(invocation, 'repair');
      if (store === undefined) throw unknownVersion(version);
      const document = { target: store.target, version, state: mark };
      if (options.dryRun === true) {
        output.result({ dryRun: true, ...document }, () => `would record ${version} as ${mark}`);
        return EXIT.done;
      }
      const question = `Record migration ${version} as ${mark}?`;
      await confirm(io, question, options.yes ?? false, 'nothing was recorded');
      await store.change((migrator) => migrator.repair(version, mark));
      output.result(document, () => `recorded ${version} as ${mark}`);
      return EXIT.done;
    }),
  );
}
