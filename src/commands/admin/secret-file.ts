// Files that hold a secret: readable by their owner alone, and never half-written (G-16).
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { randomAlphanumeric } from '../../lib/uid.ts';
import { CliError } from '../cli/cli-error.ts';
import { EXIT } from '../cli/exit-codes.ts';

/** A file that does not exist under its name yet. Exactly one of its methods ends it. */
export interface SecretFile {
  readonly path: string;
  /** Writes the secret and a newline, and puts the file in place. */
  commit(secret: string): Promise<void>;
  /** Leaves everything as it was. */
  discard(): Promise<void>;
}

export async function fileExists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false;
      throw failure(path, error);
    },
  );
}

/** The refusal to overwrite a file that may hold the only copy of another secret. */
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
 * Begins a file before the secret is made, so that a folder that cannot be written is found out in time. Missing folders
 * are made, readable by their owner alone.
 * @throws CliError when it cannot be begun
 */
export async function beginSecretFile(cwd: string, name: string): Promise<SecretFile> {
  const path = resolve(cwd, name);
  const temporary = join(dirname(path), `.${basename(path)}.${randomAlphanumeric(8)}.tmp`);
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const handle = await open(temporary, 'wx', 0o600);
    return {
      path,
      async commit(secret) {
        try {
          try {
            await handle.writeFile(`${secret}\n`);
            await handle.sync();
          } finally {
            await handle.close();
          }
          await rename(temporary, path);
        } catch (error) {
          await rm(temporary, { force: true });
          throw failure(path, error);
        }
      },
      async discard() {
        await handle.close();
        await rm(temporary, { force: true });
      },
    };
  } catch (error) {
    throw failure(path, error);
  }
}

function failure(path: string, cause: unknown): CliError {
  const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unwritable';
  return new CliError({
    exitCode: EXIT.failed,
    code: 'output_file_unwritable',
    title: 'output file cannot be written',
    detail: `${path} (${reason})`,
    cause,
  });
}
