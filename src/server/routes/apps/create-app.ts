import Joi from 'joi';
import { anyOf, authorize, resource, tuple } from '../../../services/rbac/query.ts';
import { bearerOperation } from '../../operation.ts';
import { branchInput, repositoryInput } from '../../schemas/app-data.ts';
import { projectReference, resourceName, resourceSlug } from '../../schemas/resources.ts';

export interface CreateAppBody {
  readonly project: string;
  readonly name: string;
  readonly slug: string;
  readonly git?: { readonly repository: string; readonly defaultBranch?: string };
}

export const createApp = bearerOperation<CreateAppBody>({
  name: 'apps.createApp',
  summary: 'Create an app',
  description: [
    'Creates an app in a project, with the environments `production` and `preview`. Its slug is unique in the project, whatever its letter case.',
    '',
    'With `git`, the app is connected to a repository that an installation of the GitHub App can read; this asks for the permission to connect repositories. A repository that cannot be used is refused before anything is created.',
    '',
    'Needs a control plane: without one the call fails with `service_unavailable`.',
  ].join('\n'),
  permissions: ['project.*.create_app', 'app.*.connect_repository'],
  request: Joi.object({
    project: projectReference(),
    name: resourceName().required().example('API'),
    slug: resourceSlug('app').required().example('api'),
    git: Joi.object({
      repository: repositoryInput().required(),
      defaultBranch: branchInput().description(
        'The branch that is deployed; the default branch of the repository when left out.',
      ),
    }).description('What the app is built from.'),
  }),
  response: Joi.object({
    appId: Joi.string().required().description('Id for later calls.').example('app_5Wn2cRv7D'),
  }),
  errors: [
    'unkey:data:project_not_found',
    'unkey:data:app_already_exists',
    'unkey:application:precondition_failed',
  ],
  examples: {
    request: { project: 'payments', name: 'API', slug: 'api' },
    response: { appId: 'app_5Wn2cRv7D' },
  },

  async handle({ principal, client, services, log }, { project: reference, name, slug, git }) {
    const { workspaceId } = principal;
    const project = await services.apps.project(workspaceId, reference);
    const permission = anyOf(
      tuple('project.*.create_app'),
      tuple(`project.${project.id}.create_app`),
      resource(workspaceId, `projects/${project.id}/apps/*`, 'create_app'),
    );
    authorize(principal, permission, log, { ids: [project.id], sent: [reference] });
    if (git !== undefined) authorize(principal, anyOf(tuple('app.*.connect_repository')), log);
    const appId = await services.apps.create({ principal, client }, project, {
      name,
      slug,
      git: git && { repository: git.repository, defaultBranch: git.defaultBranch },
    });
    return { data: { appId } };
  },
});
