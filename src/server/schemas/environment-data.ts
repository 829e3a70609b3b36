import Joi from 'joi';
import { anyInteger } from './integers.ts';
import { runtimeMembers } from './runtime-data.ts';

const build = Joi.object({
  rootDirectory: Joi.string().allow('').required().description('Where the build starts.').example('.'),
  dockerfile: Joi.string().allow('').description('Absent when there is none.').example('Dockerfile'),
  buildCommand: Joi.string().allow('').description('Absent when there is none.').example('npm run build'),
  watchPaths: Joi.array()
    .items(Joi.string().allow(''))
    .required()
    .description('Only changes there start a build; empty = any change does.')
    .example(['services/api/**']),
  autoDeploy: Joi.boolean().required().description('Whether a push is deployed by itself.').example(true),
}).description('How the app is built; absent when nothing is set.');

const regions = Joi.array()
  .items(
    Joi.object({
      name: Joi.string().required().example('us-east-1'),
      replicas: Joi.object({
        min: anyInteger().required().example(1),
        max: anyInteger().required().example(3),
      }).required(),
    }),
  )
  .description('Where the app runs, and with how many instances in each region; absent when nowhere.');

/** A stored environment with its settings. */
export function environmentData(): Joi.ObjectSchema {
  return Joi.object({
    id: Joi.string().required().example('env_7Hm3xQs9T'),
    slug: Joi.string().allow('').required().example('production'),
    description: Joi.string().allow('').required().description('Empty when there is none.').example(''),
    kind: Joi.string().valid('production', 'preview').required().example('production'),
    deleteProtection: Joi.boolean().required().example(false),
    createdAt: anyInteger().required().description('Unix milliseconds.').example(1735689600000),
    updatedAt: anyInteger()
      .description('Unix milliseconds of the last change; absent when there was none.')
      .example(1738368000000),
    runtime: Joi.object({
      ...runtimeMembers(),
      openapiSpecPath: Joi.string()
        .description('Where the app serves its OpenAPI document; absent when it serves none.')
        .example('/openapi.json'),
    }).description('How the app runs; absent when nothing is set.'),
    build,
    regions,
  });
}

/** An environment as examples show it. */
export const ENVIRONMENT_EXAMPLE = {
  id: 'env_7Hm3xQs9T',
  slug: 'production',
  description: '',
  kind: 'production',
  deleteProtection: false,
  createdAt: 1735689600000,
  runtime: {
    port: 8080,
    vCpus: 0.25,
    memoryMib: 256,
    storageMib: 0,
    command: [],
    shutdownSignal: 'SIGTERM',
    upstreamProtocol: 'http1',
  },
  build: { rootDirectory: '.', watchPaths: [], autoDeploy: true },
  regions: [{ name: 'us-east-1', replicas: { min: 1, max: 3 } }],
};
