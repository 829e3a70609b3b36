// What the control plane answers over HTTP/1.1: its Connect methods and its workflow ingress, both behind the token, and the
// probes of its health.

import type { RequestListener } from 'node:http';
import { Code } from '@connectrpc/connect';
import { AppService } from '../../proto/ctrl/v1/app_pb.ts';
import { CtrlService } from '../../proto/ctrl/v1/ctrl_pb.ts';
import { CustomDomainService } from '../../proto/ctrl/v1/custom_domain_pb.ts';
import { DeployService } from '../../proto/ctrl/v1/deployment_pb.ts';
import { ProjectService } from '../../proto/ctrl/v1/project_pb.ts';
import { connectHandler } from '../../rpc/connect-handler.ts';
import { connectPaths } from '../../rpc/connect-paths.ts';
import { type GuardedListenerOptions, guardedListener } from '../../rpc/guarded-listener.ts';
import type { ControlPlane } from '../../services/control/control-plane.ts';
import type { ControlService } from '../control-service.ts';
import { connectRoutes } from './connect-routes.ts';
import { ingressRoute } from './ingress.ts';

export interface ControlListenerOptions
  extends Pick<GuardedListenerOptions, 'bearerToken' | 'probe' | 'metrics' | 'log'> {
  readonly service: ControlPlane & Pick<ControlService, 'accept'>;
  readonly version: string;
  readonly instanceId: string;
}

const MAX_MESSAGE_BYTES = 1024 * 1024;
const METHODS = connectPaths(ProjectService, AppService, CustomDomainService, DeployService, CtrlService);

export function controlRequestListener(options: ControlListenerOptions): RequestListener {
  const { service, log } = options;
  const call = connectHandler({
    routes: connectRoutes(options),
    unreadable: () => Code.InvalidArgument,
    maxMessageBytes: MAX_MESSAGE_BYTES,
    log,
  });
  return guardedListener({
    ...options,
    name: 'control',
    routeOf: (path) =>
      METHODS.has(path)
        ? { template: path, isOpen: false, serve: (request, response) => call(path, request, response) }
        : ingressRoute(path, service.accept, log),
  });
}
