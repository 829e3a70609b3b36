import type { Logger } from '../../lib/logger.ts';

/** Says which changes of the configuration wait for a restart. Never rejects. */
export async function reportChanges(
  changedSettings: () => Promise<readonly string[]>,
  log: Logger,
): Promise<void> {
  try {
    const ignored = await changedSettings();
    if (ignored.length > 0) {
      log.warn({ ignored }, `SIGHUP: changed, but in force after a restart only: ${ignored.join(', ')}`);
    }
  } catch (error) {
    log.error({ err: error }, 'SIGHUP: the configuration has become invalid, keeping the old one');
  }
}
