import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { CliError, usageError } from './cli-error.ts';
import { EXIT } from './exit-codes.ts';
import type { CliIo } from './io.ts';

/** A secret that never has to stand on the command line (G-14). */
export interface SecretSource {
  /** The flag without its dashes: `root-key` gives `--root-key <value>` (`-` = stdin) and `--root-key-file <path>`. */
  readonly flag: string;
  /** The environment variable; `<env>_FILE` names a file that holds the value. */
  readonly env?: string;
  readonly description: string;
}

const camelCase = (flag: string) => flag.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** Adds both flags of a secret to a command. Read the value with {@link readSecret}. */
export function addSecretFlags(command: Command, source: SecretSource): Command {
  const env = source.env === undefined ? '' : ` (env ${source.env}, ${source.env}_FILE)`;
  return command
    .addOption(new Option(`--${source.flag} <value>`, `${source.description}; - reads stdin${env}`))
    .addOption(new Option(`--${source.flag}-file <path>`, `file that holds the ${source.flag}`));
}

const withoutNewline = (text: string) => text.replace(/\r?\n$/, '');

/** What a file holds, without one newline at its end. @throws CliError exit 3, naming `origin`, when it cannot be read */
export async function readSecretFile(io: CliIo, path: string, origin: string): Promise<string> {
  try {
    return withoutNewline(await readFile(resolve(io.cwd, path), 'utf8'));
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? 'unreadable';
    throw new CliError({
      exitCode: EXIT.config,
      code: 'secret_unreadable',
      title: 'secret unreadable',
      detail: `${origin}: cannot read ${path} (${reason})`,
      cause,
    });
  }
}

/**
 * The secret's value: flag or flag file, else environment or environment file, else undefined. One trailing newline is
 * removed from files and stdin.
 *
 * @throws CliError exit 2 when both flags are given, exit 3 when both variables are set or a file cannot be read.
 */
export async function readSecret(
  io: CliIo,
  options: Readonly<Record<string, unknown>>,
  source: SecretSource,
): Promise<string | undefined> {
  const value = options[camelCase(source.flag)];
  const path = options[`${camelCase(source.flag)}File`];
  if (typeof value === 'string' && typeof path === 'string') {
    throw usageError(`--${source.flag} and --${source.flag}-file cannot be used together`);
  }
  if (value === '-') return withoutNewline(await io.stdin.readAll());
  if (typeof value === 'string') return value;
  if (typeof path === 'string') return readSecretFile(io, path, `--${source.flag}-file`);
  if (source.env === undefined) return undefined;
  const fileVariable = `${source.env}_FILE`;
  const fromEnv = io.env[source.env] || undefined;
  const envPath = io.env[fileVariable] || undefined;
  if (fromEnv !== undefined && envPath !== undefined) {
    throw new CliError({
      exitCode: EXIT.config,
      code: 'secret_given_twice',
      title: 'secret given twice',
      detail: `${source.env} and ${fileVariable} are both set; set one of them`,
    });
  }
  if (fromEnv !== undefined) return fromEnv;
  return envPath === undefined ? undefined : readSecretFile(io, envPath, fileVariable);
}
