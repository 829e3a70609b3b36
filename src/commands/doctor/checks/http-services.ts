// Control plane and a running server: what a plain HTTP call can tell.
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

const isRefused = ({ status }: HttpAnswer) => status === 401 || status === 403;

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
