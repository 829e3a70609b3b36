import { type Command, Option } from 'commander';
import type { KeyMigrationAlgorithm } from '../../services/root-keys/key-migrations.ts';
import { addStoreOptions, withCurrentStore } from '../admin/store.ts';
import { table } from '../admin/table.ts';
import type { CliContext, Register } from '../cli/context.ts';
import { annotate } from '../cli/notes.ts';

const ALGORITHMS: readonly KeyMigrationAlgorithm[] = ['sha256', 'github.com/seamapi/prefixed-api-key'];

export const register: Register = (program, cli) => {
  const group = program
    .command('key-migration')
    .description('register migrations, under which keys.migrateKeys imports keys from elsewhere');
  registerCreate(group, cli);
  registerList(group, cli);
};

type CreateFlags = {
  readonly workspace: string;
  readonly algorithm: KeyMigrationAlgorithm;
  readonly id?: string;
  readonly dryRun?: boolean;
} & Record<string, unknown>;

function registerCreate(group: Command, cli: CliContext): void {
  const command = annotate(group.command('create').description('register a migration of a workspace'), {
    remarks: 'Safe to repeat with the same --id.',
    examples: [
      ['unkey key-migration create --workspace local --algorithm sha256', 'keys hashed as here'],
      [
        'unkey key-migration create --workspace local --algorithm github.com/seamapi/prefixed-api-key --id mig_2026',
        'keys of another scheme, under an id of your own',
      ],
    ],
    exitCodes: [
      ['5', 'no such workspace'],
      ['6', 'the id is taken by another migration'],
    ],
  })
    .requiredOption('--workspace <id|slug>', 'the workspace whose keys are imported')
    .addOption(
      new Option('--algorithm <name>', 'how the imported keys are hashed')
        .choices([...ALGORITHMS])
        .makeOptionMandatory(),
    )
    .addOption(new Option('--id <id>', '3 to 48 letters, digits and underscores (default a random mig_…)'))
    .addOption(new Option('--dry-run', 'print what would happen and write nothing'));
  addStoreOptions(command);

  command.action(
    cli.action<CreateFlags>(async (invocation) => {
      const { options, output } = invocation;
      const [{ createKeyMigration, planKeyMigration }, { randomIds }] = await Promise.all([
        import('../../services/root-keys/key-migrations.ts'),
        import('../../lib/uid.ts'),
      ]);
      const request = {
        workspace: options.workspace,
        algorithm: options.algorithm,
        ...(options.id === undefined ? {} : { id: options.id }),
      };
      await withCurrentStore(invocation, async (db) => {
        const deps = { db, ids: randomIds };
        if (options.dryRun === true) {
          const plan = await planKeyMigration(deps, request);
          output.result({ dryRun: true, ...plan }, () =>
            plan.created ? `would register ${plan.id}` : `${plan.id} is there already`,
          );
          return;
        }
        const result = await createKeyMigration(deps, request);
        if (!result.created) output.note('the migration was there already');
        output.result(result, () => result.id);
      });
    }),
  );
}

type ListFlags = { readonly workspace?: string } & Record<string, unknown>;

function registerList(group: Command, cli: CliContext): void {
  const command = annotate(group.command('list').description('list registered migrations'), {
    examples: [
      ['unkey key-migration list', 'those of every workspace'],
      ['unkey key-migration list --workspace local --json', 'those of one workspace'],
    ],
    exitCodes: [['5', 'no such workspace']],
  }).addOption(new Option('--workspace <id|slug>', 'only the migrations of this workspace'));
  addStoreOptions(command);

  command.action(
    cli.action<ListFlags>(async (invocation) => {
      const { options, output } = invocation;
      const { listKeyMigrations } = await import('../../services/root-keys/key-migrations.ts');
      const migrations = await withCurrentStore(invocation, (db) =>
        listKeyMigrations({ db }, options.workspace === undefined ? {} : { workspace: options.workspace }),
      );
      output.result({ keyMigrations: migrations }, () =>
        migrations.length === 0
          ? 'no key migrations'
          : table([
              ['ID', 'WORKSPACE', 'ALGORITHM'],
              ...migrations.map(({ id, workspaceId, algorithm }) => [id, workspaceId, algorithm]),
            ]),
      );
    }),
  );
}
