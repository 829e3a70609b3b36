import { Option } from 'commander';
import { addKeyOutputOptions, handOverKey, type KeyOutputFlags } from '../admin/new-key.ts';
import { addRootApiOption, type RootApiFlag, rootApiRequest } from '../admin/root-api-option.ts';
import { addStoreOptions, outputLogger, withCurrentStore } from '../admin/store.ts';
import { usageError } from '../cli/cli-error.ts';
import type { Register } from '../cli/context.ts';
import { annotate } from '../cli/notes.ts';
import { addSecretFlags, readSecret, type SecretSource } from '../cli/secret-flag.ts';

const ROOT_KEY: SecretSource = {
  flag: 'root-key',
  env: 'UNKEY_BOOTSTRAP_ROOT_KEY',
  description: 'the root key to install, at least 32 characters, instead of a random one',
};

type BootstrapFlags = KeyOutputFlags &
  RootApiFlag & {
    readonly workspace: string;
    readonly orgId?: string;
    readonly rotateRootKey?: boolean;
    readonly dryRun?: boolean;
  } & Record<string, unknown>;

export const register: Register = (program, cli) => {
  const command = annotate(
    program
      .command('bootstrap')
      .description('set an installation up: a workspace, an API and its first root key'),
    {
      remarks:
        'Safe to repeat: what is there stays as it is, and no second key is made. Another slug later adds another workspace.',
      examples: [
        ['unkey bootstrap --workspace acme', 'rows for the workspace acme, and its root key on stdout'],
        [
          'unkey bootstrap --workspace acme --output-file ./root-key',
          'the root key into a file of mode 0600',
        ],
        [
          'unkey bootstrap --workspace acme --root-key-file /run/secrets/root-key',
          'install a root key that exists already, for declarative set-ups',
        ],
      ],
      exitCodes: [
        ['6', 'other rows hold the names, or another root key exists than the supplied one'],
        ['9', "schema behind: run 'unkey migrate up' first"],
      ],
    },
  )
    .requiredOption('--workspace <slug>', '4 to 35 of a-z, 0-9, _ and -, starting with a letter or digit')
    .addOption(new Option('--org-id <id>', 'the organisation of the workspace (default org_<slug>)'))
    .addOption(
      new Option('--rotate-root-key', 'make a new root key; the one of an earlier bootstrap ends in an hour'),
    )
    .addOption(new Option('--dry-run', 'print what would be created and write nothing'));
  addStoreOptions(addRootApiOption(addKeyOutputOptions(addSecretFlags(command, ROOT_KEY))));

  command.action(
    cli.action<BootstrapFlags>(async (invocation) => {
      const { io, options, output } = invocation;
      const [
        { BOOTSTRAP_SLUG },
        { bootstrap, planBootstrap },
        { PERMISSION_PRESETS },
        { systemClock },
        { randomIds },
      ] = await Promise.all([
        import('../../services/root-keys/installation.ts'),
        import('../../services/root-keys/bootstrap.ts'),
        import('../../services/rbac/catalogue.ts'),
        import('../../lib/clock.ts'),
        import('../../lib/uid.ts'),
      ]);
      if (!BOOTSTRAP_SLUG.test(options.workspace)) {
        throw usageError(
          `--workspace takes 4 to 35 of a-z, 0-9, _ and -, starting with a letter or digit, got '${options.workspace}'`,
        );
      }
      if (options.orgId === '') throw usageError('--org-id cannot be empty');
      const rootKey = await readSecret(io, options, ROOT_KEY);
      const request = {
        workspaceSlug: options.workspace,
        permissions: PERMISSION_PRESETS.full,
        ...rootApiRequest(options),
        ...(options.orgId === undefined ? {} : { orgId: options.orgId }),
        ...(rootKey === undefined ? {} : { rootKey }),
        ...(options.rotateRootKey === undefined ? {} : { rotateRootKey: options.rotateRootKey }),
      };
      await withCurrentStore(invocation, async (db) => {
        const deps = { db, clock: systemClock, ids: randomIds, log: outputLogger(output) };
        if (options.dryRun === true) {
          const plan = await planBootstrap(deps, request);
          output.result({ dryRun: true, ...plan }, () =>
            plan.missing.length === 0 ? 'nothing to create' : ['would create:', ...plan.missing].join('\n  '),
          );
          return;
        }
        await handOverKey(invocation, {
          wouldMakeKey: async () => (await planBootstrap(deps, request)).makesKey && rootKey === undefined,
          makeKey: async () => {
            const { rootKey: key, ...result } = await bootstrap(deps, request);
            const keyMade = result.created.includes(`keys/${result.rootKeyId}`);
            if (!keyMade) output.note(`the root key ${result.rootKeyId} exists; it cannot be shown again`);
            return {
              keyId: result.rootKeyId,
              key,
              keyMember: 'rootKey',
              document: { ...result },
              lines: [
                ['workspace', result.workspaceId],
                ['API', result.apiId],
                ['keyspace', result.keyspaceId],
                ['root key id', result.rootKeyId],
                ['created', result.created.length === 0 ? 'nothing' : `${result.created.length} rows`],
              ],
            };
          },
        });
      });
    }),
  );
};
