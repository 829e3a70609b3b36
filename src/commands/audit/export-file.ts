// Where an export goes: standard output, or a file that is there whole or not at all.
import { resolve } from 'node:path';
import { beginPrivateFile, fileExists, fileInTheWay, type PrivateFile } from '../admin/private-file.ts';
import type { Output } from '../cli/output.ts';

/** Takes text piece by piece; exactly one of `commit` and `discard` ends it. A piece has left this process once written. */
export interface ExportTarget extends Pick<PrivateFile, 'commit' | 'discard'> {
  write(text: string): Promise<void>;
}

export function stdoutTarget(output: Output): ExportTarget {
  return {
    // Writes to files, terminals and pipes are synchronous on the systems that operators run this on.
    write: async (text) => output.text(text),
    commit: () => Promise.resolve(),
    discard: () => Promise.resolve(),
  };
}

/**
 * A file that is readable by its owner alone, since it names people and addresses.
 * @throws CliError exit 6 when the file exists and `force` is not given, exit 1 when it cannot be written
 */
export async function fileTarget(
  cwd: string,
  name: string,
  { force }: { readonly force: boolean },
): Promise<ExportTarget> {
  const path = resolve(cwd, name);
  if (!force && (await fileExists(path))) throw fileInTheWay(path);
  return beginPrivateFile(cwd, name);
}
