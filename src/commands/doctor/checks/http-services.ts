// Vault, control plane and a running server: what a plain HTTP call can tell.
import { randomUUID } from 'node:crypto';
import type { ServerConfig } from '../../../config/server-config.ts';
import { type HttpAnswer, sendRequest } from '../../cli/http.ts';
import { type Check, type Finding, fail, ok, skippedCheck } from '../check.ts';

const join = (base: string, path: string) => `${base.replace(/\/$/, '')}${path}`;

/** A unary Connect call with a JSON body. */
function connectCall(
  base: string,
  method: string,
  token: string,
  body: object,
  options: { timeoutMs: number; signal: AbortSignal },
): Promise<HttpAnswer> {
  return sendRequest(join(base, `/${method}`), {
    ...options,
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}

/** Text of one field of a JSON object, undefined for anything else. */
function field(json: string, name: string): string | undefined {
  try {
    const value: unknown = JSON.parse(json);
    const member =
      typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
    return typeof member === 'string' ? member : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

const isRefused = ({ status }: HttpAnswer) => status === 401 || status === 403;
const DOCTOR_KEYRING = 'unkey_doctor';
const VAULT = 'vault.v1.VaultService';

export function vaultChecks({
  vault,
  timeoutMs,
}: {
  readonly vault: ServerConfig['vault'];
  readonly timeoutMs: number;
}): Check[] {
  if (vault === undefined || vault.url.startsWith('embedded:')) {
    const why = vault === undefined ? 'vault.url is not set' : 'the vault runs inside the server';
    return ['vault.connect', 'vault.roundtrip'].map((id) => skippedCheck(id, why));
  }
  const { url, token } = vault;
  const remedy = 'check vault.url, vault.token, and that the vault runs';
  return [
    {
      id: 'vault.connect',
      remedy,
      run: async (signal) => {
        const answer = await connectCall(url, `${VAULT}/Liveness`, token, {}, { timeoutMs, signal });
        return answer.status === 200 ? ok('answers') : fail(`answered ${answer.status}`, remedy);
      },
    },
    {
      id: 'vault.roundtrip',
      parent: 'vault.connect',
      remedy,
      run: async (signal) => {
        const data = randomUUID();
        const call = (method: string, body: object) =>
          connectCall(
            url,
            `${VAULT}/${method}`,
            token,
            { keyring: DOCTOR_KEYRING, ...body },
            { timeoutMs, signal },
          );
        const sealed = await call('Encrypt', { data });
        if (isRefused(sealed))
          return fail('the token was refused', 'set vault.token to the bearer token of the vault');
        const opened = await call('Decrypt', { encrypted: field(sealed.text, 'encrypted') ?? '' });
        return field(opened.text, 'plaintext') === data
          ? ok('what was encrypted could be decrypted')
          : fail(
              'what was encrypted could not be decrypted',
              'check the master key and the storage of the vault',
            );
      },
    },
  ];
}

export function controlChecks({
  control,
  timeoutMs,
}: {
  readonly control: ServerConfig['control'];
  readonly timeoutMs: number;
}): Check[] {
  if (control === undefined) return [skippedCheck('control.connect', 'control.url is not set')];
  const remedy = 'check control.url, control.token, and that the control plane runs';
  return [
    {
      id: 'control.connect',
      remedy,
      run: async (signal) => {
        const answer = await connectCall(
          control.url,
          'ctrl.v1.CtrlService/Liveness',
          control.token,
          {},
          { timeoutMs, signal },
        );
        if (isRefused(answer)) return fail('the token was refused', remedy);
        return answer.status === 200 ? ok('answers') : fail(`answered ${answer.status}`, remedy);
      },
    },
  ];
}

export function serverChecks({
  apiUrl,
  timeoutMs,
}: {
  readonly apiUrl: string | undefined;
  readonly timeoutMs: number;
}): Check[] {
  if (apiUrl === undefined) return [skippedCheck('server', 'no --api-url given')];
  const remedy = 'check --api-url, and the log of the server';
  return [
    {
      id: 'server',
      remedy,
      run: async (signal): Promise<Finding> => {
        for (const path of ['/v2/liveness', '/health/ready']) {
          const { status } = await sendRequest(join(apiUrl, path), { timeoutMs, signal });
          if (status !== 200) return fail(`${path} answered ${status}`, remedy);
        }
        return ok('alive and ready');
      },
    },
  ];
}
