import { isObject, type JsonObject } from '../lib/json.ts';
import type { Logger } from '../lib/logger.ts';

/**
 * A stored meta object; undefined when absent, empty, not an object or unreadable, which is logged.
 * @param owner names the row in the log
 */
export function parseMeta(
  text: string | null,
  log: Logger,
  owner: Readonly<Record<string, string>>,
): JsonObject | undefined {
  if (text === null || text === '' || text === '{}') return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) && Object.keys(value).length > 0 ? value : undefined;
  } catch (error) {
    log.error({ err: error, ...owner }, 'stored meta is not readable JSON, leaving it out of the answer');
    return undefined;
  }
}
