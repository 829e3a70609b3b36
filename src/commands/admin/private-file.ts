// Files that are readable by their owner alone, and that appear under their name once they are complete (G-16).
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { randomAlphanumeric } from '../../lib/uid.ts';
import { CliError } from '../cli/cli-error.ts';
import { EXIT } from '../cli/exit-codes.ts';

/** A file that does not exist under its name yet. Exactly one of `commit` and `discard` ends it, also after a failure. */
export interface PrivateFile {
  readonly path: string;
  write(content: string | Uint8Array): Promise<void>;
  /** Puts the file in place. */
  commit(): Promise<void>;
  /** Leaves everything as it was. */
  discard(): Promise<void>;
}

export async function fileExists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false;
      throw unwritable(path, error);
    },
  );
}

/** The refusal to overwrite a file that may hold the only copy of something else. */
export function fileInTheWay(path: string): CliError {
  return new CliError({
    exitCode: EXIT.conflict,
    code: 'output_file_exists',
    title: 'output file exists',
    detail: `${path} exists`,
    hint: 'pass --force to overwrite it',
  });
}

/**
 * Begins a file before there is anything to write, so that a folder that cannot be written is found out in time. Missing
 * folders are made, readable by their owner alone.
 * @throws CliError exit 1 when it cannot be begun; so do the methods of the file when they fail
 */
export async function beginPrivateFile(cwd: string, name: string): Promise<PrivateFile> {
  const path = resolve(cwd, name);
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
    if (!isOpen) return;
    isOpen = false;
    await handle.close();
  };
  return {
    path,
    write: (content) => attempt(() => handle.writeFile(content)),
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
