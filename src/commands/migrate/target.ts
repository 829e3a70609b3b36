// The flags that the migrate commands have in common: which store, which files, how long to wait for another migrator.
import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { addStoreOptions } from '../admin/store.ts';
import type { CliIo } from '../cli/io.ts';
import { addSecretFlags, type SecretSource } from '../cli/secret-flag.ts';
import { duration } from '../cli/values.ts';

export interface TargetFlags {
  readonly target: 'mysql' | 'sql' | 'clickhouse' | 'all';
  readonly directory?: string;
}

/** The flags of commands that open the stores. */
export type StoresFlags = TargetFlags & {
  /** Milliseconds. */
  readonly lockTimeout?: number;
} & Record<string, unknown>;

export const CLICKHOUSE_ADDRESS: SecretSource = {
  flag: 'clickhouse-url',
  description: 'address of ClickHouse, instead of clickhouse.url of the configuration',
};

/** Adds `--target` and `--directory`. */
export function addTargetOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--target <store>', 'which store; sql means the relational one, SQLite included')
        .choices(['mysql', 'sql', 'clickhouse', 'all'])
        .default('all'),
    )
    .addOption(
      new Option('--directory <path>', 'where the migration files are (default those of this version)'),
    );
}

/** Adds the flags of {@link addTargetOptions} and those that name the stores. */
export function addStoresOptions(command: Command): Command {
  return addSecretFlags(addStoreOptions(addTargetOptions(command)), CLICKHOUSE_ADDRESS);
}

/** The same and `--lock-timeout`. */
export function addLockedOptions(command: Command): Command {
  return addLockTimeout(addStoresOptions(command));
}

/** Adds `--lock-timeout`. */
export function addLockTimeout(command: Command): Command {
  return command.addOption(
    new Option('--lock-timeout <duration>', 'how long to wait for another migrator (default 60s)').argParser(
      duration,
    ),
  );
}

/** The folder of `--directory`, or undefined for the migrations of this version. */
export function directoryOf({ directory }: TargetFlags, io: CliIo): string | undefined {
  return directory === undefined ? undefined : resolve(io.cwd, directory);
}
