// The methods of the control plane over Connect. Those that nobody calls answer `unimplemented`.

import { Code, ConnectError, type ConnectRouter } from '@connectrpc/connect';
import type { Logger } from '../../lib/logger.ts';
import { AppService } from '../../proto/ctrl/v1/app_pb.ts';
import { CtrlService } from '../../proto/ctrl/v1/ctrl_pb.ts';
import { CustomDomainService, CustomDomainStatus } from '../../proto/ctrl/v1/custom_domain_pb.ts';
import { DeploymentStatus, DeployService } from '../../proto/ctrl/v1/deployment_pb.ts';
import { ProjectService } from '../../proto/ctrl/v1/project_pb.ts';
import {
  type AddedCustomDomain,
  type ControlActor,
  type ControlCode,
  type ControlPlane,
  ControlPlaneError,
} from '../../services/control/control-plane.ts';
import { readActor, readTrigger } from '../../services/control/messages.ts';

export interface ConnectRoutesOptions {
  readonly service: ControlPlane;
  readonly version: string;
  readonly instanceId: string;
  readonly log: Logger;
}

const CODES: Readonly<Record<ControlCode, Code>> = {
  not_found: Code.NotFound,
  invalid_argument: Code.InvalidArgument,
  already_exists: Code.AlreadyExists,
  failed_precondition: Code.FailedPrecondition,
  resource_exhausted: Code.ResourceExhausted,
  unauthenticated: Code.Unauthenticated,
  unavailable: Code.Unavailable,
  internal: Code.Internal,
};

/** Adds the services to a router. Whoever calls has shown the token. */
export function connectRoutes(options: ConnectRoutesOptions): (router: ConnectRouter) => void {
  const { service, log } = options;
  const answer = async <T>(operation: string, fields: object, work: () => Promise<T>): Promise<T> => {
    try {
      const outcome = await work();
      log.info({ operation, ...fields }, 'control call');
      return outcome;
    } catch (error) {
      // The service throws nothing else.
      const { code, message } = error instanceof ControlPlaneError ? error : unexpected(error);
      log.warn({ operation, ...fields, code, reason: message }, 'control call refused');
      throw new ConnectError(message, CODES[code]);
    }
  };
  return (router) => {
    router.service(CtrlService, {
      liveness: () => ({ status: 'ok', version: options.version, instanceId: options.instanceId }),
    });
    router.service(CustomDomainService, {
      addCustomDomain: (request) => {
        const { workspaceId, projectId, environmentId, appId, domain } = request;
        const place = { workspaceId, projectId, environmentId, appId };
        return answer('add_custom_domain', { ...place, domain }, async () => {
          const added = await service.addCustomDomain({ ...place, domain, actor: readActor(request.actor) });
          return { ...given(added), status: CustomDomainStatus.PENDING };
        });
      },
      deleteCustomDomain: ({ workspaceId, projectId, domain, actor }) => {
        const named = { workspaceId, projectId, domain };
        return answer('delete_custom_domain', named, async () => {
          await service.deleteCustomDomain({ ...named, actor: readActor(actor) });
          return {};
        });
      },
      retryVerification: ({ workspaceId, projectId, domain, actor }) => {
        const named = { workspaceId, projectId, domain };
        return answer('retry_verification', named, async () => {
          await service.retryVerification({ ...named, actor: readActor(actor) });
          return { status: CustomDomainStatus.PENDING };
        });
      },
    });
    router.service(ProjectService, {
      createProject: ({ workspaceId, name, slug, actor }) =>
        answer('create_project', { workspaceId, slug }, () =>
          service.createProject({ workspaceId, name, slug, actor: required(readActor(actor)) }),
        ),
    });
    router.service(AppService, {
      createApp: ({ workspaceId, projectId, name, slug, actor }) =>
        answer('create_app', { workspaceId, projectId, slug }, () =>
          service.createApp({ workspaceId, projectId, name, slug, actor: required(readActor(actor)) }),
        ),
    });
    router.service(DeployService, {
      createDeployment: (request) => {
        const { projectId, appId, environmentSlug } = request;
        return answer('create_deployment', { projectId, appId, environmentSlug }, async () => {
          const { deploymentId } = await service.createDeployment({
            projectId,
            appId,
            environmentSlug,
            dockerImage: request.dockerImage,
            gitCommit: request.gitCommit,
            keyspaceId: request.keyspaceId,
            command: request.command,
            trigger: readTrigger(request.trigger),
            triggerReason: request.triggerReason,
            triggeredBy: request.triggeredBy,
            actor: readActor(request.actor),
          });
          return { deploymentId, status: DeploymentStatus.PENDING };
        });
      },
    });
  };
}

/** Messages have no members that are undefined. */
function given({ domainConnect, ...added }: AddedCustomDomain) {
  return domainConnect === undefined ? added : { ...added, domainConnect };
}

function required(actor: ControlActor | undefined): ControlActor {
  if (actor === undefined) throw new ControlPlaneError('invalid_argument', 'actor must be given');
  return actor;
}

function unexpected(cause: unknown): ControlPlaneError {
  return new ControlPlaneError('internal', 'the control plane could not do this', { cause });
}
