// A running server: what a plain HTTP call can tell.
import { sendRequest } from '../../cli/http.ts';
import { type Check, type Finding, fail, ok, skippedCheck } from '../check.ts';

const join = (base: string, path: string) => `${base.replace(/\/$/, '')}${path}`;

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
