import Joi from 'joi';
import type { ListPath } from '../../../services/deployments/deployment-place.ts';
import {
  DEPLOYMENT_STATUSES,
  type DeploymentStatus,
} from '../../../services/deployments/deployment-status.ts';
import { invalidInput } from '../../../services/input-fault.ts';
import { authorize, tuple } from '../../../services/rbac/query.ts';
import { bearerOperation } from '../../operation.ts';
import { DEPLOYMENT_EXAMPLE, deploymentData, deploymentStatus } from '../../schemas/deployment-data.ts';
import { pageCursor, pageLimit, pageRequest, paginationOf } from '../../schemas/paging.ts';
import { resourceIdentifier } from '../../schemas/resources.ts';

export interface ListDeploymentsBody {
  readonly project?: string;
  readonly app?: string;
  readonly environment?: string;
  readonly status?: readonly DeploymentStatus[];
  readonly limit?: number;
  readonly cursor?: string;
}

export const listDeployments = bearerOperation<ListDeploymentsBody>({
  name: 'deployments.listDeployments',
  summary: 'List deployments',
  description: [
    'Lists deployments page by page, the newest first: all of the workspace, or those of a project, of an app of it, or of an environment of that.',
    '',
    'To read on, send `pagination.cursor` of the answer as `cursor`. There is no further page when it is absent; a cursor that names no deployment leads to an empty one.',
    '',
    'Permission for a single environment does not suffice, whatever is asked for.',
  ].join('\n'),
  permissions: ['environment.*.read_deployment'],
  request: Joi.object({
    project: resourceIdentifier('project').example('payments'),
    app: resourceIdentifier('app').example('api'),
    environment: resourceIdentifier('environment').example('production'),
    status: Joi.array()
      .items(deploymentStatus())
      .max(DEPLOYMENT_STATUSES.length)
      .description('Only those in one of these states; all when empty or left out.')
      .example(['ready']),
    limit: pageLimit(),
    cursor: pageCursor().example('d_5Rw2nXk9P'),
  }),
  response: Joi.array().items(deploymentData().description('A deployment.')),
  paginated: true,
  errors: ['unkey:data:project_not_found', 'unkey:data:app_not_found', 'unkey:data:environment_not_found'],
  examples: {
    request: { project: 'payments', app: 'api', status: ['ready'], limit: 50 },
    response: [DEPLOYMENT_EXAMPLE],
  },

  async handle({ principal, services, log }, body) {
    authorize(principal, tuple('environment.*.read_deployment'), log);
    const path = listPath(body);
    const { limit, cursor } = pageRequest(body);
    const statuses = body.status?.length ? body.status : undefined;
    const page = await services.deployments.list(principal.workspaceId, { path, statuses, limit, cursor });
    return { data: page.items, pagination: paginationOf(page.nextCursor) };
  },
});

/** Each part of a path needs the ones before it. Throws a Fault `invalid_input`. */
function listPath({ project, app, environment }: ListDeploymentsBody): ListPath {
  if (project !== undefined && app !== undefined) return { project, app, environment };
  if (environment !== undefined) throw invalidInput('environment needs project and app.');
  if (project !== undefined) return { project };
  if (app !== undefined) throw invalidInput('app needs project.');
  return {};
}
