import { isObject, type JsonObject } from '../../lib/json.ts';
import type { Logger } from '../../lib/logger.ts';

/** Names the row in the log. */
type Owner = Readonly<Record<string, string>>;

/** A stored JSON list of strings; empty when the column holds anything else. What cannot be read is logged. */
export function parseStringList(text: string, log: Logger, owner: Owner): readonly string[] {
  const value = parse(text, log, owner);
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

/** A stored JSON object; undefined when the column is NULL or holds anything else. What cannot be read is logged. */
export function parseJsonObject(text: string | null, log: Logger, owner: Owner): JsonObject | undefined {
  const value = text === null ? null : parse(text, log, owner);
  return isObject(value) ? value : undefined;
}

function parse(text: string, log: Logger, owner: Owner): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    log.error({ err: error, ...owner }, 'stored JSON is not readable, leaving it out of the answer');
    return undefined;
  }
}
