import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { fileExists, fileInTheWay } from '../admin/private-file.ts';
import { beginSecretFile } from '../admin/secret-file.ts';
import type { CliContext } from '../cli/context.ts';
import { annotate, pathOf } from '../cli/notes.ts';

interface GenerateFlags {
  readonly outputFile?: string;
  readonly force?: boolean;
}

/** Adds `generate-master-key` to a group; both `unkey vault` and `unkey dev` have it. */
export function registerGenerateMasterKey(group: Command, cli: CliContext): void {
  const command = group.command('generate-master-key').description('make a master key for a vault');
  const path = pathOf(command);
  annotate(command, {
    remarks:
      'One line of base64. Whoever has it and the storage of the vault can read every recoverable key.',
    examples: [
      [`${path} --output-file ./vault-master-key`, 'into a file that only its owner reads'],
      [`MASTER_KEY=$(${path})`, 'into a variable'],
    ],
    exitCodes: [['6', 'the output file exists']],
  })
    .addOption(new Option('--output-file <path>', 'write the key to this file (mode 0600) instead of stdout'))
    .addOption(new Option('--force', 'overwrite the output file'));
  command.action(
    cli.action<GenerateFlags>(async ({ io, output, options }) => {
      const [{ generateMasterKey }, { systemClock }, { randomIds }] = await Promise.all([
        import('../../vault/master-keys.ts'),
        import('../../lib/clock.ts'),
        import('../../lib/uid.ts'),
      ]);
      const masterKey = generateMasterKey({ clock: systemClock, ids: randomIds });
      if (options.outputFile === undefined) {
        output.result({ masterKey }, () => masterKey);
        return;
      }
      const file = resolve(io.cwd, options.outputFile);
      if (options.force !== true && (await fileExists(file))) throw fileInTheWay(file);
      await (await beginSecretFile(io.cwd, file)).commit(masterKey);
      output.result({ outputFile: file }, () => `written to ${file}`);
    }),
  );
}
