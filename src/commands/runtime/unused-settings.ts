import type { ServerConfig } from '../../config/server-config.ts';

/**
 * What the configuration asks for and this version does not do yet, one line each, so that nobody finds out from a
 * missing row or a limit that was counted twice.
 */
export function unusedSettings(config: ServerConfig): string[] {
  const lines: string[] = [];
  if (!config.redisUrl.startsWith('memory:')) {
    lines.push(
      'redis_url: rate limits are counted inside this process; several processes each allow the whole limit',
    );
  }
  if (config.clickhouse.url !== undefined) {
    lines.push(
      'clickhouse.url: analytics are not written yet; verification and request events are discarded',
    );
  }
  if (config.vault !== undefined) {
    lines.push('vault.url: recoverable keys are not supported yet and answer 412');
  }
  return lines;
}
