// How callers name deployments, and what they are told of them.

import Joi from 'joi';
import { DEPLOYMENT_STATUSES } from '../../services/deployments/deployment-status.ts';
import { FAILURE_CODES } from '../../services/deployments/failure-code.ts';
import { anyInteger } from './integers.ts';
import { runtimeMembers } from './runtime-data.ts';

/** A deployment as callers name it: by id alone, whatever else fits the pattern. */
export function deploymentId(): Joi.StringSchema {
  return Joi.string()
    .min(3)
    .max(255)
    .pattern(/^[a-zA-Z0-9_-]+$/)
    .required()
    .description('Id of the deployment.')
    .example('d_5Rw2nXk9P');
}

export function deploymentStatus(): Joi.StringSchema {
  return Joi.string().valid(...DEPLOYMENT_STATUSES);
}

const slug = (of: string): Joi.StringSchema =>
  Joi.string().allow('').required().description(`Slug of the ${of}; empty when it is gone.`);

const runtime = Joi.object(runtimeMembers())
  .required()
  .description('Settings as they were when the deployment was made.');

/** A stored deployment. */
export function deploymentData(): Joi.ObjectSchema {
  return Joi.object({
    id: Joi.string().required().example('d_5Rw2nXk9P'),
    status: deploymentStatus()
      .required()
      .description('Ends in `ready`, `failed`, `skipped`, `stopped`, `superseded` or `cancelled`.')
      .example('ready'),
    isCurrent: Joi.boolean()
      .required()
      .description("Whether it serves the app's production traffic.")
      .example(true),
    environment: slug('environment').example('production'),
    app: slug('app').example('api'),
    project: slug('project').example('payments'),
    git: Joi.object({
      commitSha: Joi.string().required().example('3f786850e387550fdab836ed7e6dc881de23001b'),
      branch: Joi.string().description('Absent when unknown.').example('main'),
    }).description('The commit that it was built from, when one is known.'),
    docker: Joi.object({
      image: Joi.string().required().example('ghcr.io/acme/api:1.4.2'),
    }).description('The image that it runs, when no commit is known.'),
    availableActions: Joi.array()
      .items(Joi.string().valid('promote', 'rollback', 'stop', 'start'))
      .required()
      .description('What can be done to it now.')
      .example(['promote', 'rollback']),
    regions: Joi.array()
      .items(Joi.string())
      .required()
      .description('Where it is placed, sorted; empty before it is.')
      .example(['eu-central-1']),
    domains: Joi.array()
      .items(Joi.string())
      .required()
      .description('Hostnames that lead to it, sorted.')
      .example(['api.acme.com']),
    runtime,
    error: Joi.object({
      code: Joi.string()
        .valid(...FAILURE_CODES)
        .required()
        .description('The reason, for programs.')
        .example('build_failed'),
      step: Joi.string().allow('').required().description('Empty when unknown.').example('building'),
      message: Joi.string().required().description('For people.').example('npm ci exited with 1'),
    }).description('Why it failed; only when it did.'),
    createdAt: anyInteger().required().description('Unix milliseconds.').example(1735689600000),
    updatedAt: anyInteger()
      .description('Unix milliseconds of the last change; absent when there was none.')
      .example(1738368000000),
  });
}

/** A deployment as examples show it. */
export const DEPLOYMENT_EXAMPLE = {
  id: 'd_5Rw2nXk9P',
  status: 'ready',
  isCurrent: false,
  environment: 'production',
  app: 'api',
  project: 'payments',
  docker: { image: 'ghcr.io/acme/api:1.4.2' },
  availableActions: ['promote', 'rollback'],
  regions: ['eu-central-1'],
  domains: ['api-1-4-2.acme.example'],
  runtime: {
    vCpus: 0.25,
    memoryMib: 256,
    storageMib: 0,
    port: 8080,
    command: [],
    shutdownSignal: 'SIGTERM',
    upstreamProtocol: 'http1',
  },
  createdAt: 1735689600000,
  updatedAt: 1738368000000,
};
