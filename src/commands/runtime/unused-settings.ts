import type { ServerConfig } from '../../config/server-config.ts';

/**
 * What the configuration asks for and this version does not do yet, one line each, so that nobody finds out from a
 * missing row.
 */
export function unusedSettings(config: ServerConfig): string[] {
  const lines: string[] = [];
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
