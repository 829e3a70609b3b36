// Analytics through the API of a server, with the permissions of a root key.

import { isObject, type JsonObject, toInteger } from '../../lib/json.ts';
import { readAnswer } from '../api/client/answer.ts';
import { readConnection } from '../api/client/connection.ts';
import { READ_TRIES, send } from '../api/client/transport.ts';
import { CliError } from '../cli/cli-error.ts';
import type { Invocation } from '../cli/context.ts';
import type { HttpAnswer } from '../cli/http.ts';
import { packageVersion } from '../cli/package.ts';
import type { AnalyticsSource, Names, SourceFlags } from './source.ts';

/** Keys whose names are asked for side by side. */
const SIDE_BY_SIDE = 5;

/** @throws CliError exit 4 without a root key, and what else {@link readConnection} throws */
export async function apiSource(invocation: Invocation<SourceFlags>): Promise<AnalyticsSource> {
  const { io, options, output, signal } = invocation;
  const connection = await readConnection(io, options, true);
  for (const warning of connection.warnings) output.warn(warning);
  const headers = {
    'content-type': 'application/json',
    'user-agent': `unkey-cli/${packageVersion()}`,
    authorization: `Bearer ${connection.rootKey}`,
  };
  const call = async (operation: string, body: object): Promise<unknown> => {
    const url = `${connection.apiUrl}/v2/${operation}`;
    const request = { headers, timeoutMs: options.timeout, signal, body: JSON.stringify(body) };
    return dataOf(await send(url, { method: 'POST', ...request }, READ_TRIES));
  };

  return {
    async query({ operation }, query) {
      const rows = await call(operation, { query });
      return Array.isArray(rows) ? rows.filter(isObject) : [];
    },
    async keyNames(keyIds) {
      const names = new Map<string, string>();
      let refused: CliError | undefined;
      const lookUp = async (keyId: string): Promise<void> => {
        try {
          const key = await call('keys.getKey', { keyId });
          if (isObject(key) && typeof key.name === 'string' && key.name !== '') names.set(keyId, key.name);
        } catch (error) {
          if (!(error instanceof CliError)) throw error;
          // A key that is gone has no name any more; of the rest one reason is enough.
          if (error.code !== 'key_not_found') refused ??= error;
        }
      };
      const waiting = [...keyIds];
      const lookUpAll = async (): Promise<void> => {
        for (let keyId = waiting.shift(); keyId !== undefined; keyId = waiting.shift()) {
          if (refused === undefined) await lookUp(keyId);
        }
      };
      await Promise.all(Array.from({ length: SIDE_BY_SIDE }, lookUpAll));
      if (refused !== undefined) output.note(`names of keys could not be read: ${refused.detail}`);
      return names;
    },
    // No operation tells which API a keyspace belongs to.
    apiNames: async () => NO_NAMES,
  };
}

const NO_NAMES: Names = new Map();

/** @throws CliError for a refusal, and for an answer that is none of this API */
function dataOf(answer: HttpAnswer): unknown {
  readAnswer(answer);
  return (parseIntegersExactly(answer.text) as JsonObject).data;
}

/** `JSON.parse` with integers beyond 2^53 as bigint. */
function parseIntegersExactly(text: string): unknown {
  return JSON.parse(text, (_key, value: unknown, { source }) =>
    typeof value === 'number' && /^-?\d+$/.test(source) ? toInteger(source) : value,
  );
}
