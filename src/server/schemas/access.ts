// Fragments of the operations on permissions and roles.

import Joi from 'joi';

const SLUG_PATTERN = /^[a-zA-Z0-9_:\-.*]+$/;

/** The name that code checks a permission by. */
export function permissionSlug(): Joi.StringSchema {
  return Joi.string().min(1).max(128).pattern(SLUG_PATTERN).example('documents.read');
}

/** A permission as callers name it. */
export function permissionReference(): Joi.StringSchema {
  return permissionSlug()
    .required()
    .description('Id or slug of the permission. Slugs match in any letter case.')
    .example('documents.read');
}

/** A role as callers name it; any characters. */
export function roleReference(): Joi.StringSchema {
  return Joi.string()
    .min(1)
    .max(128)
    .required()
    .description('Id or name of the role. Names match in any letter case.')
    .example('editor');
}

/** The permissions of a role, as requests name them. */
export function rolePermissionSlugs(): Joi.ArraySchema {
  return Joi.array()
    .items(permissionSlug())
    .description(
      'Slugs of the permissions that the role holds. Those that do not exist are created, with the slug as their name. Letter case does not matter; repeats are ignored.',
    )
    .example(['documents.read', 'documents.write']);
}

/** What a permission or role is for; `kind` names which. An empty text counts as none. */
export function description(kind: 'permission' | 'role'): Joi.StringSchema {
  return Joi.string().allow('').max(512).description(`What the ${kind} is for; for people.`);
}

/** A stored permission. */
export function permissionData(): Joi.ObjectSchema {
  return Joi.object({
    id: Joi.string().required().example('perm_6Rt2wKx9B'),
    name: Joi.string().allow('').required().description('For people.').example('Read documents'),
    slug: Joi.string()
      .allow('')
      .required()
      .description('What code checks the permission by.')
      .example('documents.read'),
    description: Joi.string()
      .description('Absent when there is none.')
      .example('Open and download documents'),
  });
}

/** A stored role with its permissions. */
export function roleData(): Joi.ObjectSchema {
  return Joi.object({
    id: Joi.string().required().example('role_8Hq3nVz5C'),
    name: Joi.string().allow('').required().example('editor'),
    description: Joi.string().description('Absent when there is none.').example('Writes and publishes'),
    permissions: Joi.array().items(permissionData()).description('By slug. Absent when the role holds none.'),
  });
}

/** A permission as examples show it. */
export const PERMISSION_EXAMPLE = {
  id: 'perm_6Rt2wKx9B',
  name: 'Read documents',
  slug: 'documents.read',
  description: 'Open and download documents',
};

/** A role as examples show it. */
export const ROLE_EXAMPLE = {
  id: 'role_8Hq3nVz5C',
  name: 'editor',
  description: 'Writes and publishes',
  permissions: [PERMISSION_EXAMPLE],
};
