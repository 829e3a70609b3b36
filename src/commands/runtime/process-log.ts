import type { ServerConfig } from '../../config/server-config.ts';
import { createLogger, type ProcessLogger } from '../../server/logging/logger.ts';
import type { BuildInfo } from '../version/build-info.ts';

/** The log of a server process on standard error; `remarks` are its first lines. */
export function openLog(
  { config, remarks }: { readonly config: ServerConfig; readonly remarks: readonly string[] },
  build: BuildInfo,
): ProcessLogger {
  const { level, format } = config.observability.logging;
  const log = createLogger({
    level,
    format,
    bindings: {
      service: 'api',
      instanceId: config.instanceId,
      platform: config.platform,
      region: config.region,
      version: build.version,
      ...(config.tls === undefined ? {} : { tls_enabled: true }),
    },
  });
  for (const remark of remarks) log.warn({}, remark);
  return log;
}
