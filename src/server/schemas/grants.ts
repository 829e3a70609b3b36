import Joi from 'joi';

/** Slugs of permissions to attach to a key. Left without a maximum: operations differ in it. */
export function permissionSlugs(): Joi.ArraySchema {
  return Joi.array()
    .items(
      Joi.string()
        .min(1)
        .max(128)
        .pattern(/^[a-zA-Z0-9_:\-.*]+$/)
        .example('documents.read'),
    )
    .example(['documents.read', 'documents.write']);
}

/** Names of roles to attach to a key. */
export function roleNames(): Joi.ArraySchema {
  return Joi.array().items(Joi.string().min(1).max(128).example('editor')).max(100).example(['editor']);
}
