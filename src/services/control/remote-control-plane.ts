// A control plane on the network: Connect over HTTP/1.1 in binary, a bearer token on every call, no retries, and no more
// time than the request has that asks. Source: the control-plane section of the analytics chapter, Connect clients.

import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { type CallOptions, Code, ConnectError, createClient, type Interceptor } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-node';
import { currentRequestScope } from '../../lib/request-scope.ts';
import type { ActorInfo } from '../../proto/ctrl/v1/actor_pb.ts';
import { AppService } from '../../proto/ctrl/v1/app_pb.ts';
import { CtrlService } from '../../proto/ctrl/v1/ctrl_pb.ts';
import { CustomDomainService } from '../../proto/ctrl/v1/custom_domain_pb.ts';
import { DeployService } from '../../proto/ctrl/v1/deployment_pb.ts';
import { ProjectService } from '../../proto/ctrl/v1/project_pb.ts';
import {
  type ControlActor,
  type ControlCode,
  type ControlPlane,
  ControlPlaneError,
} from './control-plane.ts';
import { actorMessage, triggerMessage } from './messages.ts';

export interface RemoteControlPlane extends ControlPlane {
  /**
   * Resolves when the control plane takes the token: some answer Liveness to anybody. Asks for a deployment that nobody
   * has. @throws ControlPlaneError `unauthenticated` when it does not, another code when it could not be asked
   */
  authenticate(signal?: AbortSignal): Promise<void>;
  /** Lets go of connections. */
  close(): void;
}

/** For calls that no request waits for, in milliseconds. */
const TIMEOUT_MS = 10_000;

/** The control plane behind an http or https URL. Nothing is connected yet. */
export function createRemoteControlPlane({
  url,
  token,
}: {
  readonly url: string;
  readonly token: string;
}): RemoteControlPlane {
  const agent = /^https:/i.test(url)
    ? new HttpsAgent({ keepAlive: true })
    : new HttpAgent({ keepAlive: true });
  const transport = createConnectTransport({
    baseUrl: url,
    httpVersion: '1.1',
    nodeOptions: { agent },
    interceptors: [bearer(token)],
  });
  const projects = createClient(ProjectService, transport);
  const apps = createClient(AppService, transport);
  const deployments = createClient(DeployService, transport);
  const domains = createClient(CustomDomainService, transport);
  const control = createClient(CtrlService, transport);

  return {
    async createProject({ actor, ...request }) {
      const { id } = await call((o) => projects.createProject({ ...request, actor: actorMessage(actor) }, o));
      return { id };
    },
    async createApp({ actor, ...request }) {
      const { id } = await call((o) => apps.createApp({ ...request, actor: actorMessage(actor) }, o));
      return { id };
    },
    async createDeployment({ actor, trigger, gitCommit, keyspaceId, command, ...request }) {
      const { deploymentId } = await call((o) =>
        deployments.createDeployment(
          {
            ...request,
            command: [...command],
            trigger: triggerMessage(trigger),
            ...acting(actor),
            ...(gitCommit === undefined ? {} : { gitCommit }),
            ...(keyspaceId === undefined ? {} : { keyspaceId }),
          },
          o,
        ),
      );
      return { deploymentId };
    },
    async addCustomDomain({ actor, ...request }) {
      const added = await call((o) => domains.addCustomDomain({ ...request, ...acting(actor) }, o));
      const { domainId, targetCname, verificationToken, domainConnect } = added;
      return { domainId, targetCname, verificationToken, domainConnect };
    },
    async deleteCustomDomain({ actor, ...request }) {
      await call((o) => domains.deleteCustomDomain({ ...request, ...acting(actor) }, o));
    },
    async retryVerification({ actor, ...request }) {
      await call((o) => domains.retryVerification({ ...request, ...acting(actor) }, o));
    },
    async ping(signal) {
      await call((o) => control.liveness({}, o), signal);
    },
    async authenticate(signal) {
      try {
        await call((o) => deployments.getDeployment({}, o), signal);
      } catch (error) {
        if (!(error instanceof ControlPlaneError)) throw error;
        if (error.code === 'unauthenticated' || error.code === 'unavailable') throw error;
      }
    },
    close: () => agent.destroy(),
  };
}

function acting(actor: ControlActor | undefined): { readonly actor?: ActorInfo } {
  return actor === undefined ? {} : { actor: actorMessage(actor) };
}

function bearer(token: string): Interceptor {
  return (next) => (request) => {
    request.header.set('Authorization', `Bearer ${token}`);
    return next(request);
  };
}

/** Calls with what is left of the time of the request being served, and ends with it. @throws ControlPlaneError */
async function call<T>(
  work: (options: CallOptions) => Promise<T>,
  ended: AbortSignal | undefined = undefined,
): Promise<T> {
  const scope = currentRequestScope();
  const signal = ended ?? scope?.signal;
  try {
    return await work({
      // 0 would mean no limit at all.
      timeoutMs: Math.max(1, Math.ceil(scope?.remainingMs ?? TIMEOUT_MS)),
      ...(signal === undefined ? {} : { signal }),
    });
  } catch (error) {
    throw asControlPlaneError(error, signal);
  }
}

const CODES: Readonly<Partial<Record<Code, ControlCode>>> = {
  [Code.NotFound]: 'not_found',
  [Code.InvalidArgument]: 'invalid_argument',
  [Code.AlreadyExists]: 'already_exists',
  [Code.FailedPrecondition]: 'failed_precondition',
  [Code.ResourceExhausted]: 'resource_exhausted',
  [Code.Unauthenticated]: 'unauthenticated',
  [Code.Unavailable]: 'unavailable',
  [Code.DeadlineExceeded]: 'unavailable',
  [Code.Canceled]: 'unavailable',
  // What is no Connect answer at all.
  [Code.Unknown]: 'unavailable',
};

function asControlPlaneError(error: unknown, signal: AbortSignal | undefined): ControlPlaneError {
  if (signal?.aborted) {
    return new ControlPlaneError('unavailable', 'the request ended first', { cause: signal.reason });
  }
  const failure = ConnectError.from(error);
  return new ControlPlaneError(CODES[failure.code] ?? 'internal', failure.rawMessage, { cause: failure });
}
