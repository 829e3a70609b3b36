// The analytics of `unkey dev`: in memory or in the data directory, and open to its workspace from the first request on.

import { join } from 'node:path';
import type { ServerConfig } from '../../config/server-config.ts';
import { systemClock } from '../../lib/clock.ts';
import { Fault, publicDetail } from '../../lib/fault.ts';
import { silentLogger } from '../../lib/logger.ts';
import { provisionWorkspace } from '../../services/analytics/provisioning/provision-workspace.ts';
import type { ApiRuntime } from '../runtime/api-runtime.ts';

const IN_MEMORY = 'chdb:';
const STORE_NAME = 'analytics';

/** The configuration with the embedded engine's data in the directory. What is configured stays as it is. */
export function withAnalyticsIn(directory: string | undefined, config: ServerConfig): ServerConfig {
  if (directory === undefined || config.clickhouse.url !== IN_MEMORY) return config;
  return {
    ...config,
    clickhouse: { ...config.clickhouse, url: `${IN_MEMORY}${join(directory, STORE_NAME)}` },
  };
}

/** Lets the workspace query its analytics; yields where they are, or why they are off, in a few words. */
export async function openAnalyticsTo(
  workspaceId: string,
  { db, analyticsStore: store, vault }: Pick<ApiRuntime, 'db' | 'analyticsStore' | 'vault'>,
  { clickhouse }: Pick<ServerConfig, 'clickhouse'>,
): Promise<string> {
  if (store === undefined) return 'off: the optional package chdb is not installed';
  const isEmbedded = store.engine === 'chdb';
  if (vault === undefined) return 'written, but not to be queried: there is no vault';
  if (!isEmbedded && clickhouse.analyticsUrl === undefined) {
    return 'written, but not to be queried: there is no clickhouse.analytics_url';
  }
  try {
    await provisionWorkspace(
      { db, vault, server: isEmbedded ? undefined : store, clock: systemClock, log: silentLogger },
      { workspaceId },
    );
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return `written, but not to be queried: ${publicDetail(error)}`;
  }
  return isEmbedded ? 'ClickHouse engine in this process' : 'the configured ClickHouse server';
}
