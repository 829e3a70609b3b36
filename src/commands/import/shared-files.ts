// The failure report replaces its file and the journal removes its own: neither may be the input, whatever the path.
import { realpath } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { usageError } from '../cli/cli-error.ts';
import type { CliIo } from '../cli/io.ts';
import type { ImportFlags } from './import-flags.ts';
import { journalPath } from './journal.ts';

/** @throws CliError exit 2 when two of FILE, the journal and the failure report are one file */
export async function refuseSharedFiles(
  { cwd }: CliIo,
  name: string,
  { state, failures }: Pick<ImportFlags, 'state' | 'failures'>,
): Promise<void> {
  const input = name === '-' ? undefined : resolve(cwd, name);
  const journal = input === undefined ? undefined : journalPath(input, cwd, state);
  const report = failures === undefined ? undefined : resolve(cwd, failures);
  if (await areOne(input, report)) throw usageError('--failures names the file that is imported');
  if (await areOne(input, journal)) throw usageError('--state names the file that is imported');
  if (await areOne(journal, report)) throw usageError('--failures names the file that holds the state');
}

async function areOne(one: string | undefined, other: string | undefined): Promise<boolean> {
  return one !== undefined && other !== undefined && (await unlinked(one)) === (await unlinked(other));
}

/** The path behind links; that of a file which does not exist yet goes by its folder. */
async function unlinked(path: string): Promise<string> {
  const folder = async () => join(await realpath(dirname(path)).catch(() => dirname(path)), basename(path));
  return realpath(path).catch(folder);
}
