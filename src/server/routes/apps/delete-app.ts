import Joi from 'joi';
import { anyOf, authorize, resource, tuple } from '../../../services/rbac/query.ts';
import { bearerOperation } from '../../operation.ts';
import { appReference, projectReference } from '../../schemas/resources.ts';

export interface DeleteAppBody {
  readonly project: string;
  readonly app: string;
}

export const deleteApp = bearerOperation<DeleteAppBody>({
  name: 'apps.deleteApp',
  summary: 'Delete an app',
  description: [
    'Hands the deletion of an app with its environments and deployments over to the control plane, which carries it out soon after the answer. Until then the app can still be read.',
    '',
    'An app that is protected from deletion is refused.',
  ].join('\n'),
  permissions: ['app.*.delete_app'],
  request: Joi.object({ project: projectReference(), app: appReference() }),
  response: Joi.object({}),
  status: 202,
  errors: ['unkey:data:app_not_found', 'unkey:application:protected_resource'],
  examples: { request: { project: 'payments', app: 'api' }, response: {} },

  async handle({ principal, client, services, log }, body) {
    const { workspaceId } = principal;
    const { project, app } = await services.apps.findLatest(workspaceId, body);
    const permission = anyOf(
      tuple('app.*.delete_app'),
      tuple(`app.${app.id}.delete_app`),
      resource(workspaceId, `projects/${project.id}/apps/${app.id}`, 'delete_app'),
    );
    authorize(principal, permission, log, { ids: [project.id, app.id], sent: [body.project, body.app] });
    await services.apps.remove({ principal, client }, app);
    return { data: {} };
  },
});
