import { accessSync, constants, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { ServerConfig } from '../../config/server-config.ts';
import { systemClock } from '../../lib/clock.ts';
import { sha256Base64 } from '../../lib/hash.ts';
import { silentLogger } from '../../lib/logger.ts';
import { randomIds } from '../../lib/uid.ts';
import { PERMISSION_PRESETS } from '../../services/rbac/catalogue.ts';
import { bootstrap } from '../../services/root-keys/bootstrap.ts';
import { findKeyIdByHash } from '../../storage/sql/queries/root-keys.ts';
import { CliError } from '../cli/cli-error.ts';
import { EXIT } from '../cli/exit-codes.ts';
import type { CliIo } from '../cli/io.ts';
import type { Output } from '../cli/output.ts';
import type { ApiRuntime } from '../runtime/api-runtime.ts';
import { serve } from '../runtime/serve.ts';
import type { StopSignals } from '../runtime/signals.ts';
import { openAnalyticsTo, withAnalyticsIn } from './dev-analytics.ts';
import { describeControl } from './dev-control.ts';
import { describeVault, withVaultIn } from './dev-vault.ts';
import { readRootKey, storeRootKey } from './root-key-file.ts';

const WORKSPACE_SLUG = 'local';

export interface DevOptions {
  readonly io: CliIo;
  readonly output: Output;
  readonly stopSignals: StopSignals;
  readonly config: ServerConfig;
  /** What the configuration's loader had to say. */
  readonly remarks: readonly string[];
  /** Where state is kept; undefined = in memory. */
  readonly dataDirectory: string | undefined;
}

/** Runs the embedded service until a signal ends it; prints what a first caller needs once it accepts requests. */
export async function runDev(options: DevOptions): Promise<number> {
  const { io, output } = options;
  const directory = options.dataDirectory === undefined ? undefined : resolve(io.cwd, options.dataDirectory);
  if (directory !== undefined) openDataDirectory(directory);
  const config = await withVaultIn(directory, withAnalyticsIn(directory, keptIn(directory, options.config)));
  return serve({
    config,
    stopSignals: options.stopSignals,
    portSetting: '--port',
    remarks: options.remarks,
    verifyResponses: true,
    autoMigrate: true,
    onListening: async (runtime) => {
      const access = await openAccess(runtime, directory);
      const analytics = await openAnalyticsTo(access.workspaceId, runtime, config);
      if (output.format === 'json') output.text(JSON.stringify(access));
      else output.text(welcome(access, config, { directory, analytics }));
    },
  });
}

/** Makes the directory, readable by its owner alone, unless it is there. @throws CliError when it cannot be written */
function openDataDirectory(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    accessSync(directory, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw new CliError({
      exitCode: EXIT.failed,
      code: 'data_directory_unusable',
      title: 'data directory unusable',
      detail: cause instanceof Error ? cause.message : String(cause),
      hint: 'choose a directory that can be written with --data-dir',
      cause,
    });
  }
}

/** The configuration with its store in the directory. */
function keptIn(directory: string | undefined, config: ServerConfig): ServerConfig {
  // A store that was configured is used as it is; the directory stands in for the one in memory.
  if (directory === undefined || !config.database.primary.startsWith('sqlite::memory:')) return config;
  return { ...config, database: { ...config.database, primary: `sqlite:${join(directory, 'unkey.db')}` } };
}

interface Access {
  readonly url: string;
  readonly rootKey: string;
  readonly workspaceId: string;
  readonly apiId: string;
}

/** Bootstraps the workspace and yields its root key: the one kept in the data directory, or a new one. */
async function openAccess({ url, db }: ApiRuntime, directory: string | undefined): Promise<Access> {
  const kept = directory === undefined ? undefined : readRootKey(directory);
  // A file that was changed, or that came from elsewhere, holds no key of this store.
  const known = kept !== undefined && (await findKeyIdByHash(db.primary, sha256Base64(kept))) !== undefined;
  const result = await bootstrap(
    { db, clock: systemClock, ids: randomIds, log: silentLogger },
    {
      workspaceSlug: WORKSPACE_SLUG,
      permissions: PERMISSION_PRESETS.full,
      // Without the text of the earlier key nobody could use it: a new one takes its place.
      rotateRootKey: !known,
    },
  );
  const rootKey = result.rootKey ?? kept;
  if (rootKey === undefined) throw new Error('bootstrap was asked for a new root key and made none');
  if (directory !== undefined && rootKey !== kept) await storeRootKey(directory, rootKey);
  return { url, rootKey, workspaceId: result.workspaceId, apiId: result.apiId };
}

function welcome(
  { url, rootKey, workspaceId, apiId }: Access,
  config: ServerConfig,
  { directory, analytics }: { readonly directory: string | undefined; readonly analytics: string },
): string {
  const curl = (operation: string, data: string): string =>
    [
      `curl -s ${url}/v2/${operation} \\`,
      `    -H 'Authorization: Bearer ${rootKey}' -H 'Content-Type: application/json' \\`,
      `    -d ${data}`,
    ].join('\n');
  // Pasted as they are, the second line verifies the key that the first one made.
  const create = curl('keys.createKey', `'{"apiId":"${apiId}","prefix":"demo"}'`);
  const verify = curl('keys.verifyKey', `"{\\"key\\":\\"$KEY\\"}"`);
  return [
    `unkey is ready at ${url} (not for production)`,
    '',
    `  root key      ${rootKey}`,
    `  workspace     ${workspaceId}`,
    `  API           ${apiId}`,
    `  reference     ${url}/reference`,
    '',
    `  data          ${describeStore(config, directory)}`,
    '  counters      in this process',
    `  analytics     ${analytics}`,
    `  vault         ${describeVault(config)}`,
    `  deployments   ${describeControl(config)}`,
    '',
    'Create a key and keep it in $KEY:',
    '',
    `  KEY=$(${create} | sed 's/.*"key":"\\([^"]*\\)".*/\\1/'); echo "$KEY"`,
    '',
    'Verify it:',
    '',
    `  ${verify}`,
    '',
    'Ctrl-C stops it.',
  ].join('\n');
}

function describeStore(config: ServerConfig, directory: string | undefined): string {
  if (directory !== undefined) return `SQLite in ${directory}`;
  if (config.database.primary.startsWith('sqlite::memory:')) return 'SQLite in memory, gone when this ends';
  return config.database.primary.startsWith('sqlite:') ? 'SQLite' : 'the configured MySQL server';
}
