// Everything that a soak runs: servers, Vault, nodes. Nothing of it outlives `stop`.
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createConnection } from 'mysql2/promise';
import { type ClickHouseFront, startClickHouseFront } from '../../test/support/clickhouse-front.ts';
import { type OwnServer, ownServer } from '../../test/support/own-server.ts';
import type { Violations } from '../violations.ts';
import { NodeFleet } from './node-fleet.ts';
import { startVaultRole, type VaultRole } from './vault-role.ts';
import { prepareWorkspace, WORKSPACE_ID, type Workspace } from './workspace.ts';

const DATABASE = 'unkey_soak';

export interface StackOptions {
  /** Workers of each node. */
  readonly workers: readonly number[];
  /** The program instead of the checkout's launcher. */
  readonly program: string | undefined;
  readonly violations: Violations;
  /** Told what is being started, in a few words. */
  readonly onStep: (step: string) => void;
}

export interface Stack {
  readonly mysql: OwnServer;
  readonly redis: OwnServer;
  readonly clickhouse: ClickHouseFront;
  readonly vault: VaultRole;
  readonly fleet: NodeFleet;
  readonly workspace: Workspace;
  stop(): Promise<void>;
}

/** @param signal ends the start between two steps. @throws its reason, or Error when something does not come up */
export async function startStack(options: StackOptions, signal: AbortSignal): Promise<Stack> {
  const { program, violations, workers } = options;
  const stops: (() => Promise<unknown>)[] = [];
  const stop = async (): Promise<void> => {
    // The last to start is the first to end: nodes write to the servers when they stop.
    const failures: unknown[] = [];
    for (const end of stops.reverse().splice(0)) {
      await end().catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) throw new AggregateError(failures, 'not everything could be stopped');
  };
  const step = async <Value>(name: string, doing: () => Promise<Value>): Promise<Value> => {
    signal.throwIfAborted();
    options.onStep(name);
    return doing();
  };
  try {
    const folder = await mkdtemp(join(tmpdir(), 'unkey-soak-'));
    stops.push(() => rm(folder, { recursive: true, force: true }));
    const mysql = await step('MySQL', () => ownServer('mysql'));
    stops.push(() => mysql.stop());
    const redis = await step('Redis', () => ownServer('redis'));
    stops.push(() => redis.stop());
    const password = randomBytes(12).toString('hex');
    const clickhouse = await step('analytics store', () =>
      startClickHouseFront({ users: [{ name: WORKSPACE_ID, password, readonly: true }] }),
    );
    stops.push(() => clickhouse.stop());
    const vault = await step('Vault', () => startVaultRole(folder, program));
    stops.push(() => vault.stop());
    const workspace = await step('workspace', async () => {
      await createDatabase(mysql.directUrl());
      return prepareWorkspace({
        mysqlUrl: new URL(DATABASE, mysql.url).href,
        clickhouseUrl: clickhouse.url,
        encryptedPassword: await vault.encrypt(WORKSPACE_ID, password),
        program,
      });
    });
    const env = {
      UNKEY_AUTH: '[{"type":"root_key"}]',
      UNKEY_SERVER_HOST: '127.0.0.1',
      UNKEY_DATABASE_PRIMARY: new URL(DATABASE, mysql.url).href,
      UNKEY_REDIS_URL: redis.url,
      UNKEY_CLICKHOUSE_URL: clickhouse.url,
      UNKEY_CLICKHOUSE_ANALYTICS_URL: clickhouse.origin,
      UNKEY_VAULT_URL: vault.url,
      UNKEY_VAULT_TOKEN: vault.token,
      UNKEY_GOSSIP_SECRET_KEY: randomBytes(32).toString('base64'),
      UNKEY_GOSSIP_LAN_SEEDS: workers.map((_, index) => `127.0.0.${index + 1}`).join(','),
    };
    const fleet = await step(`${workers.length} nodes`, () =>
      NodeFleet.start({ workers, env, folder, program }, violations),
    );
    stops.push(() => fleet.stop());
    return { mysql, redis, clickhouse, vault, fleet, workspace, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function createDatabase(url: string): Promise<void> {
  const connection = await createConnection({ uri: url });
  try {
    await connection.query(`CREATE DATABASE ${DATABASE}`);
  } finally {
    await connection.end();
  }
}
