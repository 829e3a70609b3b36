import type { ServerConfig } from '../../config/server-config.ts';
import { sha256Hex } from '../../lib/hash.ts';
import { stringifyJson } from '../../lib/json.ts';

/** Enough to tell two configurations apart, too little to guess one. */
const LENGTH = 12;

/** What `unkey_config_info` shows: equal on all processes that were configured alike, whatever they are called. */
export function configHash(config: ServerConfig): string {
  return sha256Hex(stringifyJson({ ...config, instanceId: '' })).slice(0, LENGTH);
}
