// A control plane on a free port of this machine, in front of whatever a test has it be.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { controlRequestListener } from '../../src/control/rpc/request-listener.ts';
import type { Logger } from '../../src/lib/logger.ts';
import { silentMetrics } from '../../src/lib/metrics.ts';
import { randomIds } from '../../src/lib/uid.ts';
import type { ControlPlane } from '../../src/services/control/control-plane.ts';
import type { Workflows } from '../../src/services/control/workflows.ts';
import { markedSecret } from './secret-watch.ts';
import { watchedLog } from './watched-log.ts';

export const CONTROL_TOKEN = markedSecret('test-control-token');

export interface ControlCall {
  readonly path: string;
  readonly authorization: string | undefined;
  readonly contentType: string | undefined;
}

export interface ServedControl {
  readonly url: string;
  /** All calls so far, in order. */
  readonly calls: readonly ControlCall[];
  /** While true, calls get no answer. */
  hanging: boolean;
  stop(): Promise<void>;
}

/** Serves until it is stopped. */
export async function serveTestControl(
  controlPlane: ControlPlane,
  workflows: Workflows,
  log?: Logger,
): Promise<ServedControl> {
  const serve = controlRequestListener({
    service: {
      ...bound(controlPlane),
      accept: async (submission) => {
        await workflows.submit(submission);
        return randomIds.next('invocation');
      },
    },
    bearerToken: CONTROL_TOKEN,
    version: '1.2.3',
    instanceId: 'ins_control',
    probe: async () => ({ httpStatus: 200, body: { status: 'ok' } }),
    metrics: silentMetrics,
    log: watchedLog(log),
  });
  const calls: ControlCall[] = [];
  const server = createServer((request, response) => {
    const { authorization, 'content-type': contentType } = request.headers;
    calls.push({ path: request.url ?? '', authorization, contentType });
    if (served.hanging) void buffer(request);
    else serve(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  const { port } = server.address() as AddressInfo;
  const served: ServedControl = {
    url: `http://127.0.0.1:${port}`,
    calls,
    hanging: false,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return served;
}

function bound(service: ControlPlane): ControlPlane {
  return {
    createProject: (request) => service.createProject(request),
    createApp: (request) => service.createApp(request),
    createDeployment: (request) => service.createDeployment(request),
    addCustomDomain: (request) => service.addCustomDomain(request),
    deleteCustomDomain: (request) => service.deleteCustomDomain(request),
    retryVerification: (request) => service.retryVerification(request),
    ping: () => service.ping(),
  };
}
