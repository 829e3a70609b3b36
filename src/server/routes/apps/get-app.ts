import Joi from 'joi';
import { appNotFound } from '../../../services/apps/app-faults.ts';
import { appView } from '../../../services/apps/app-view.ts';
import { anyOf, isAuthorized, tuple } from '../../../services/rbac/query.ts';
import { bearerOperation } from '../../operation.ts';
import { APP_EXAMPLE, appData } from '../../schemas/app-data.ts';
import { appReference, projectReference } from '../../schemas/resources.ts';

export interface GetAppBody {
  readonly project: string;
  readonly app: string;
}

export const getApp = bearerOperation<GetAppBody>({
  name: 'apps.getApp',
  summary: 'Get an app',
  description:
    'Reads an app of a project, both by id or slug. A caller without permission for it gets the same answer as for one that does not exist.',
  permissions: ['app.*.read_app'],
  request: Joi.object({ project: projectReference(), app: appReference() }),
  response: appData(),
  errors: ['unkey:data:app_not_found'],
  examples: { request: { project: 'payments', app: 'api' }, response: APP_EXAMPLE },

  async handle({ principal, services, log }, body) {
    const { app } = await services.apps.find(principal.workspaceId, body);
    const permission = anyOf(tuple('app.*.read_app'), tuple(`app.${app.id}.read_app`));
    if (!isAuthorized(principal, permission, log)) throw appNotFound();
    return { data: appView(app) };
  },
});
