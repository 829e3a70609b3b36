import { type Command, Option } from 'commander';
import { findClientFile, settingsOf } from '../api/client/client-file.ts';
import { addClientFileOptions, type ClientFileFlags, DEFAULT_PROFILE } from '../api/client/client-place.ts';
import type { CliContext } from '../cli/context.ts';
import { annotate } from '../cli/notes.ts';
import { maskedKey } from './masked-key.ts';
import { saveSettings } from './save-settings.ts';

type LogoutFlags = ClientFileFlags & { readonly dryRun?: boolean } & Record<string, unknown>;

export function registerLogout(group: Command, cli: CliContext): void {
  const command = annotate(group.command('logout').description('take a root key out of the client file'), {
    remarks:
      "Everything else in the file stays, the address of the API included. The key itself goes on working: 'unkey root-key revoke' ends it.",
    examples: [
      ['unkey auth logout', 'the key of the default profile'],
      ['unkey auth logout --profile staging', 'the key of another one'],
    ],
    exitCodes: [
      ['0', 'taken out, or none was there'],
      ['3', 'the client file cannot be read or changed'],
    ],
  });
  addClientFileOptions(command).addOption(new Option('--dry-run', 'write nothing'));
  command.action(
    cli.action<LogoutFlags>(async ({ io, options, output }) => {
      const profile = options.profile ?? DEFAULT_PROFILE;
      const file = await findClientFile(io, options.config);
      if (file.place.warning !== undefined) output.warn(file.place.warning);
      const { rootKey } = settingsOf(file, profile);
      const dryRun = options.dryRun ?? false;
      if (rootKey !== undefined && !dryRun) await saveSettings(file, profile, { rootKey: undefined });

      const { path } = file.place;
      const removed = rootKey === undefined ? null : maskedKey(rootKey);
      const told = { profile, file: path, removed };
      output.result(dryRun ? { dryRun, ...told } : told, () =>
        removed === null
          ? `${path} holds no root key for the profile ${profile}`
          : `${dryRun ? 'would take' : 'took'} ${removed} out of ${path}`,
      );
    }),
  );
}
