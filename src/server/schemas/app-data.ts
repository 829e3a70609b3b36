import Joi from 'joi';
import { anyInteger } from './integers.ts';

/** A repository on GitHub as requests name it. */
export function repositoryInput(): Joi.StringSchema {
  return Joi.string()
    .min(1)
    .max(255)
    .description('A repository on GitHub, as `owner/repo` or by its address.')
    .example('acme/api');
}

export function branchInput(): Joi.StringSchema {
  return Joi.string().min(1).max(256).description('The branch that is deployed.').example('main');
}

/** A stored app. */
export function appData(): Joi.ObjectSchema {
  return Joi.object({
    id: Joi.string().required().example('app_5Wn2cRv7D'),
    name: Joi.string().allow('').required().example('API'),
    slug: Joi.string().allow('').required().example('api'),
    git: Joi.object({
      repository: Joi.string().required().example('acme/api'),
      defaultBranch: Joi.string().allow('').required().example('main'),
    }).description('What the app is built from; absent when no repository is connected.'),
    currentDeploymentId: Joi.string()
      .description('The deployment that answers in production; absent before the first one.')
      .example('d_9Yb4tLm2K'),
    isRolledBack: Joi.boolean()
      .required()
      .description('Whether an older deployment was put back in place.')
      .example(false),
    deleteProtection: Joi.boolean()
      .required()
      .description('Whether the app is kept from being deleted.')
      .example(false),
    createdAt: anyInteger().required().description('Unix milliseconds.').example(1735689600000),
    updatedAt: anyInteger()
      .description('Unix milliseconds of the last change; absent when there was none.')
      .example(1738368000000),
  });
}

/** An app as examples show it. */
export const APP_EXAMPLE = {
  id: 'app_5Wn2cRv7D',
  name: 'API',
  slug: 'api',
  git: { repository: 'acme/api', defaultBranch: 'main' },
  currentDeploymentId: 'd_9Yb4tLm2K',
  isRolledBack: false,
  deleteProtection: false,
  createdAt: 1735689600000,
};
