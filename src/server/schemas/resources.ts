// How callers name projects, apps and environments, and what these may be called.

import Joi from 'joi';

/** An id or a slug. Slugs match in any letter case, ids letter by letter; an id wins over an equal slug. */
export function resourceIdentifier(kind: string): Joi.StringSchema {
  return Joi.string()
    .min(3)
    .max(255)
    .pattern(/^[a-zA-Z0-9_-]+$/)
    .description(`Id or slug of the ${kind}. Slugs match in any letter case.`);
}

export function projectReference(): Joi.StringSchema {
  return resourceIdentifier('project').required().example('payments');
}

export function appReference(): Joi.StringSchema {
  return resourceIdentifier('app').required().example('api');
}

export function environmentReference(): Joi.StringSchema {
  return resourceIdentifier('environment').required().example('production');
}

/** What a project or app is called in addresses; `kind` names which. */
export function resourceSlug(kind: string): Joi.StringSchema {
  return Joi.string()
    .min(3)
    .max(255)
    .pattern(/^[a-zA-Z0-9_-]+$/)
    .description(`Names the ${kind} in calls and addresses; unique whatever its letter case.`);
}

export function resourceName(): Joi.StringSchema {
  return Joi.string().min(1).max(256).description('For people; any characters.');
}

export function deleteProtection(kind: string): Joi.BooleanSchema {
  return Joi.boolean().description(`Whether the ${kind} is kept from being deleted.`).example(true);
}
