// Writing the client file: only what login and logout are about, whole or not at all, readable by its owner alone.
import { realpath } from 'node:fs/promises';
import { beginSecretFile } from '../admin/secret-file.ts';
import type { ClientFile } from '../api/client/client-file.ts';
import { UneditableFileError, withMember } from '../api/client/client-file-edit.ts';
import { memberPath } from '../api/client/client-place.ts';
import { CliError } from '../cli/cli-error.ts';
import { EXIT } from '../cli/exit-codes.ts';

export interface ProfileChange {
  /** undefined takes it out. */
  readonly rootKey: string | undefined;
  /** Left as it is when undefined. */
  readonly apiUrl?: string;
}

/**
 * Puts the change of a profile into the client file, whose text must be TOML.
 * @throws CliError exit 3 when the file is written in a way that cannot be changed, exit 1 when it cannot be written
 */
export async function saveSettings(
  { place, text = '' }: ClientFile,
  profile: string,
  { rootKey, apiUrl }: ProfileChange,
): Promise<void> {
  if (place.inline !== undefined) {
    throw uneditable(
      'UNKEY_CONFIG holds the settings themselves, not the path of a file',
      'name a file with --config',
    );
  }
  let edited = text;
  try {
    edited = withMember(edited, memberPath(profile, 'root_key'), rootKey);
    if (apiUrl !== undefined) edited = withMember(edited, memberPath(profile, 'api_url'), apiUrl);
  } catch (error) {
    if (!(error instanceof UneditableFileError)) throw error;
    throw uneditable(`${place.path}: ${error.message}`, 'change it in an editor');
  }
  // The file may be a link into a folder that is kept elsewhere: the link stays.
  const path = await realpath(place.path).catch(() => place.path);
  const file = await beginSecretFile('/', path);
  await file.commit(edited.replace(/\n$/, ''));
}

function uneditable(detail: string, hint: string): CliError {
  return new CliError({
    exitCode: EXIT.config,
    code: 'client_file_uneditable',
    title: 'client file cannot be changed',
    detail,
    hint,
  });
}
