import type { ServerConfig } from '../../config/server-config.ts';

/** What the configuration asks for and cannot have effect as it stands, one line each. */
export function unusedSettings({ clickhouse, vault }: Pick<ServerConfig, 'clickhouse' | 'vault'>): string[] {
  if (clickhouse.analyticsUrl === undefined || vault !== undefined) return [];
  return [
    'clickhouse.analytics_url: needs a vault, which holds the passwords of workspaces; queries answer 412',
  ];
}
