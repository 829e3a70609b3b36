import Joi from 'joi';
import { appView } from '../../../services/apps/app-view.ts';
import { anyOf, authorize, tuple } from '../../../services/rbac/query.ts';
import { bearerOperation } from '../../operation.ts';
import { APP_EXAMPLE, appData, branchInput, repositoryInput } from '../../schemas/app-data.ts';
import {
  appReference,
  deleteProtection,
  projectReference,
  resourceName,
  resourceSlug,
} from '../../schemas/resources.ts';

export interface UpdateAppBody {
  readonly project: string;
  readonly app: string;
  readonly name?: string;
  readonly slug?: string;
  readonly deleteProtection?: boolean;
  readonly git?: { readonly repository?: string; readonly defaultBranch?: string } | null;
}

export const updateApp = bearerOperation<UpdateAppBody>({
  name: 'apps.updateApp',
  summary: 'Update an app',
  description: [
    'Changes what is given and leaves the rest as it is.',
    '',
    'With `git`, a repository is connected in place of the one before, which asks for the permission to connect repositories; a branch alone changes the branch of the connected repository, and null disconnects it. An app that was connected before keeps its branch unless one is given.',
  ].join('\n'),
  permissions: ['app.*.update_app', 'app.*.connect_repository'],
  request: Joi.object({
    project: projectReference(),
    app: appReference(),
    name: resourceName().example('API v2'),
    slug: resourceSlug('app').example('api-v2'),
    deleteProtection: deleteProtection('app'),
    git: Joi.object({ repository: repositoryInput(), defaultBranch: branchInput() })
      .min(1)
      .allow(null)
      .description('What the app is built from; null disconnects it.'),
  }),
  response: appData(),
  errors: [
    'unkey:data:app_not_found',
    'unkey:data:app_already_exists',
    'unkey:application:precondition_failed',
  ],
  examples: {
    request: { project: 'payments', app: 'api', name: 'API' },
    response: { ...APP_EXAMPLE, updatedAt: 1738368000000 },
  },

  async handle({ principal, client, services, log }, body) {
    const { app } = await services.apps.findLatest(principal.workspaceId, body);
    const named = { ids: [app.id], sent: [body.app] };
    const ask = (action: string): void =>
      authorize(principal, anyOf(tuple(`app.*.${action}`), tuple(`app.${app.id}.${action}`)), log, named);
    ask('update_app');
    const { name, slug, deleteProtection, git } = body;
    if (git !== undefined) ask('connect_repository');
    const patch = { name, slug, deleteProtection, git };
    return { data: appView(await services.apps.update({ principal, client }, app.id, patch)) };
  },
});
