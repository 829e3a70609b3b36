// What the server answered: the envelope of a success, or the failure that a refusal becomes.
import { maskSecrets } from '../../../config/redact.ts';
import { isObject, type JsonObject } from '../../../lib/json.ts';
import { CliError } from '../../cli/cli-error.ts';
import { EXIT } from '../../cli/exit-codes.ts';
import type { HttpAnswer } from '../../cli/http.ts';

export interface Envelope {
  readonly meta: { readonly requestId: string };
  readonly data?: unknown;
  readonly pagination?: { readonly hasMore: boolean; readonly cursor?: string };
}

/** The exit code of a refused request (G-2). A 400 is no usage error of the command line: the server knows the rule. */
function exitCodeOf(status: number): number {
  if (status === 401 || status === 403) return EXIT.denied;
  if (status === 404 || status === 410) return EXIT.notFound;
  if (status === 409 || status === 412) return EXIT.conflict;
  if (status === 429) return EXIT.limited;
  return status >= 500 ? EXIT.unreachable : EXIT.failed;
}

/** @throws CliError for every status but 2xx, and for an answer that is none of this API */
export function readAnswer({ status, text }: HttpAnswer): Envelope {
  const body = parseObject(text);
  if (status < 200 || status > 299) throw refusal(status, body);
  if (body === undefined || !isObject(body.meta) || typeof body.meta.requestId !== 'string') {
    throw new CliError({
      exitCode: EXIT.failed,
      code: 'unexpected_answer',
      title: 'unexpected answer',
      detail: `the server answered ${status} with a body that this API does not send`,
      hint: 'check --api-url',
    });
  }
  return body as unknown as Envelope;
}

function parseObject(text: string): JsonObject | undefined {
  try {
    const body: unknown = JSON.parse(text);
    return isObject(body) ? body : undefined;
  } catch {
    // A proxy's page, for one: the caller says what it means.
    return undefined;
  }
}

const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;

function refusal(status: number, body: JsonObject | undefined): CliError {
  const error = isObject(body?.error) ? body.error : {};
  const docs = textOf(error.type);
  const requestId = isObject(body?.meta) ? textOf(body.meta.requestId) : undefined;
  const detail = [textOf(error.detail) ?? `the server answered ${status}`, ...fieldErrors(error.errors)];
  return new CliError({
    exitCode: exitCodeOf(status),
    code: docs?.slice(docs.lastIndexOf('/') + 1) ?? `http_${status}`,
    title: textOf(error.title) ?? 'request refused',
    detail: maskSecrets(detail.join('\n')),
    ...(status === 401
      ? { hint: 'check the root key (--root-key-file, UNKEY_ROOT_KEY, the client file)' }
      : {}),
    ...(requestId === undefined ? {} : { requestId }),
    ...(docs === undefined ? {} : { docs }),
  });
}

function fieldErrors(errors: unknown): string[] {
  return (Array.isArray(errors) ? errors : [])
    .filter(isObject)
    .map(({ location, message }) => `${String(location)}: ${String(message)}`);
}
