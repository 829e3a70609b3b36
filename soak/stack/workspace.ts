// The workspace that the load works in, and the keys that it begins with.
import { createConnection } from 'mysql2/promise';
import { runUnkey } from '../../test/support/unkey-process.ts';

export const SLUG = 'soak';
export const WORKSPACE_ID = `ws_${SLUG}`;

export interface Workspace {
  readonly rootKey: string;
  readonly apiId: string;
}

export interface WorkspaceOptions {
  /** Address of a database without a schema. */
  readonly mysqlUrl: string;
  readonly clickhouseUrl: string;
  /** How the password of the workspace's analytics user is kept. */
  readonly encryptedPassword: string;
  readonly program: string | undefined;
}

/** Makes schema, workspace and root key, and switches on what no operation switches on. */
export async function prepareWorkspace(options: WorkspaceOptions): Promise<Workspace> {
  const env = { UNKEY_DATABASE_PRIMARY: options.mysqlUrl, UNKEY_CLICKHOUSE_URL: options.clickhouseUrl };
  const unkey = async (...args: readonly string[]): Promise<Record<string, unknown>> => {
    const { code, stdout, stderr } = await runUnkey([...args, '--json'], {
      env,
      ...(options.program === undefined ? {} : { program: options.program }),
    });
    if (code !== 0) throw new Error(`unkey ${args.join(' ')} ended with ${code}: ${stderr}`);
    return JSON.parse(stdout) as Record<string, unknown>;
  };
  await unkey('migrate', 'up');
  const { rootKey } = await unkey('bootstrap', '--workspace', SLUG);
  if (typeof rootKey !== 'string') throw new Error('bootstrap made no root key');
  const connection = await createConnection({ uri: options.mysqlUrl });
  try {
    // Keeping ciphertexts is a setting of the dashboard; the analytics user would be made on a true ClickHouse server.
    await connection.query('UPDATE key_auth SET store_encrypted_keys = 1');
    await connection.query('INSERT INTO clickhouse_workspace_settings SET ?', [
      {
        workspace_id: WORKSPACE_ID,
        username: WORKSPACE_ID,
        password_encrypted: options.encryptedPassword,
        quota_duration_seconds: 3600,
        max_queries_per_window: 1_000_000,
        max_execution_time_per_window: 1_000_000,
        max_query_execution_time: 30,
        max_query_memory_bytes: 1_000_000_000,
        max_query_result_rows: 10_000_000,
        created_at: Date.now(),
      },
    ]);
  } finally {
    await connection.end();
  }
  return { rootKey, apiId: `api_${SLUG}` };
}
