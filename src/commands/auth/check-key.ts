import { readAnswer } from '../api/client/answer.ts';
import { READ_TRIES, send } from '../api/client/transport.ts';
import { CliError } from '../cli/cli-error.ts';
import { EXIT } from '../cli/exit-codes.ts';
import { packageVersion } from '../cli/package.ts';

/**
 * An operation that changes nothing, about a thing that does not exist, in a body that is well-formed: only then does the
 * server look at the key.
 */
const PROBE_PATH = '/v2/apis.getApi';
const PROBE_BODY = JSON.stringify({ apiId: 'api_00000000' });

/** How the server refuses a key that it knows and lets in, for lack of a permission or for what it asked about. */
const LET_IN: ReadonlySet<string> = new Set(['insufficient_permissions', 'api_not_found']);

/**
 * Whether a server lets a root key in, whatever the key may do there.
 *
 * @throws CliError when the server cannot be reached (exit 8), limits the caller (7), or answers what this API does not
 */
export async function isAccepted(
  { apiUrl, rootKey }: { readonly apiUrl: string; readonly rootKey: string },
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<boolean> {
  const headers = {
    'content-type': 'application/json',
    'user-agent': `unkey-cli/${packageVersion()}`,
    authorization: `Bearer ${rootKey}`,
  };
  const request = { method: 'POST' as const, headers, body: PROBE_BODY, timeoutMs, signal };
  try {
    readAnswer(await send(`${apiUrl}${PROBE_PATH}`, request, READ_TRIES));
    return true;
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    if (LET_IN.has(error.code)) return true;
    // 401, or 403 for another reason: a key or a workspace that is disabled, a key that expired.
    if (error.exitCode === EXIT.denied) return false;
    throw error;
  }
}
