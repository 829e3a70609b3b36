// Where an export goes: standard output, or a file that is there whole or not at all.
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { randomAlphanumeric } from '../../lib/uid.ts';
import { fileExists, fileInTheWay } from '../admin/secret-file.ts';
import { CliError } from '../cli/cli-error.ts';
import { EXIT } from '../cli/exit-codes.ts';
import type { Output } from '../cli/output.ts';

/** Takes text piece by piece; exactly one of `commit` and `discard` ends it. */
export interface ExportTarget {
  /** Resolves when the piece left this process's memory. */
  write(text: string): Promise<void>;
  commit(): Promise<void>;
  discard(): Promise<void>;
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
 * A file that appears under its name once it is complete, readable by its owner alone: it names people and addresses.
 * @throws CliError exit 6 when the file exists and `force` is not given, exit 1 when it cannot be written
 */
export async function fileTarget(
  cwd: string,
  name: string,
  { force }: { readonly force: boolean },
): Promise<ExportTarget> {
  const path = resolve(cwd, name);
  if (!force && (await fileExists(path))) throw fileInTheWay(path);
  const temporary = join(dirname(path), `.${basename(path)}.${randomAlphanumeric(8)}.tmp`);
  const attempt = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw unwritable(path, error);
    }
  };
  const handle = await attempt(async () => {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    return open(temporary, 'wx', 0o600);
  });
  let isOpen = true;
  const close = async (): Promise<void> => {
    if (isOpen) {
      isOpen = false;
      await handle.close();
    }
  };
  return {
    write: (text) => attempt(() => handle.writeFile(text)),
    commit: () =>
      attempt(async () => {
        await handle.sync();
        await close();
        await rename(temporary, path);
      }),
    async discard() {
      await close();
      await rm(temporary, { force: true });
    },
  };
}

function unwritable(path: string, cause: unknown): CliError {
  const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unwritable';
  return new CliError({
    exitCode: EXIT.failed,
    code: 'output_file_unwritable',
    title: 'output file cannot be written',
    detail: `${path} (${reason})`,
    cause,
  });
}
