// The server that keys are imported into.
import { setTimeout as sleep } from 'node:timers/promises';
import { readConnection } from '../api/client/connection.ts';
import { send } from '../api/client/transport.ts';
import type { HttpRequest } from '../cli/http.ts';
import type { CliIo } from '../cli/io.ts';
import { packageVersion } from '../cli/package.ts';
import type { Delivery } from './deliver.ts';
import { deliverKeys } from './deliver.ts';
import type { ImportFlags } from './import-flags.ts';
import { persistentPost } from './persistent-post.ts';
import type { KeyRow } from './rows.ts';

export interface Server {
  /** Without a slash at its end. */
  readonly apiUrl: string;
  /** What the user should know about the client file. */
  readonly warnings: readonly string[];
  /** Sends keys. A call that was begun is finished, also after `signal`, which ends the waiting between two tries. */
  deliver(
    keys: readonly KeyRow[],
    signal: AbortSignal,
    onRetry: (pauseMs: number, reason: string) => void,
  ): Promise<Delivery>;
}

/** @throws CliError as `readConnection` does */
export async function connect(io: CliIo, options: ImportFlags): Promise<Server> {
  const { apiUrl, rootKey, warnings } = await readConnection(io, options, true);
  const request: HttpRequest = {
    method: 'POST',
    timeoutMs: options.timeout,
    headers: {
      'content-type': 'application/json',
      'user-agent': `unkey-cli/${packageVersion()}`,
      authorization: `Bearer ${rootKey ?? ''}`,
    },
  };
  const target = { apiId: options.api, migrationId: options.migration };
  return {
    apiUrl,
    warnings,
    deliver: (keys, signal, onRetry) =>
      deliverKeys(
        keys,
        target,
        persistentPost({
          send: (body) => send(`${apiUrl}/v2/keys.migrateKeys`, { ...request, body }, 1),
          pause: (ms) => sleep(ms, undefined, { signal }),
          onRetry,
        }),
      ),
  };
}
