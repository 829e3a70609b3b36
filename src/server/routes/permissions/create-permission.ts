import Joi from 'joi';
import { authorize, tuple } from '../../../services/rbac/query.ts';
import { bearerOperation } from '../../operation.ts';
import { description, permissionSlug } from '../../schemas/access.ts';

export interface CreatePermissionBody {
  readonly name: string;
  readonly slug: string;
  readonly description?: string;
}

export const createPermission = bearerOperation<CreatePermissionBody>({
  name: 'permissions.createPermission',
  summary: 'Create a permission',
  description: [
    'Creates a permission that keys and roles of the workspace can hold. What it means is up to the code that asks for it when it verifies a key.',
    '',
    'The slug is unique in the workspace, whatever its letter case; names may repeat.',
  ].join('\n'),
  permissions: ['rbac.*.create_permission'],
  request: Joi.object({
    name: Joi.string().min(1).max(512).required().description('For people.').example('Read documents'),
    slug: permissionSlug().required().description('What code checks the permission by.'),
    description: description('permission').example('Open and download documents'),
  }),
  response: Joi.object({
    permissionId: Joi.string().required().description('Id for later calls.').example('perm_6Rt2wKx9B'),
  }),
  errors: ['unkey:data:permission_already_exists'],
  examples: {
    request: { name: 'Read documents', slug: 'documents.read', description: 'Open and download documents' },
    response: { permissionId: 'perm_6Rt2wKx9B' },
  },

  async handle({ principal, client, services, log }, { name, slug, description }) {
    authorize(principal, tuple('rbac.*.create_permission'), log);
    const permissionId = await services.permissions.create(
      { principal, client },
      { name, slug, description },
    );
    return { data: { permissionId } };
  },
});
