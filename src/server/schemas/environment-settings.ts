// What updateSettings takes. Rules beyond the schema: services/environments/settings-rules.ts.

import Joi from 'joi';
import { integer } from './integers.ts';

/** A path that the app serves. */
function servedPath(): Joi.StringSchema {
  return Joi.string()
    .min(1)
    .max(512)
    .pattern(/^(\/[\w-]+)+(\.[\w]+)?$/);
}

/** Texts of which `[]` leaves none. */
function texts(maxLength: number): Joi.ArraySchema {
  return Joi.array().items(Joi.string().allow('').max(maxLength)).max(10);
}

export function buildSettings(): Record<string, Joi.Schema> {
  return {
    dockerfile: Joi.string()
      .min(1)
      .max(500)
      .allow(null)
      .description('Path of the Dockerfile; null builds without one.')
      .example('Dockerfile'),
    rootDirectory: Joi.string()
      .min(1)
      .max(500)
      .description(
        'Folder of the repository in which the build starts: `.`, or a path such as `services/api`.',
      )
      .example('services/api'),
    buildCommand: Joi.string()
      .min(1)
      .max(1000)
      .allow(null)
      .description('null clears it.')
      .example('npm run build'),
    watchPaths: texts(500)
      .description('Only changes there start a build; an empty list lets any change do so.')
      .example(['services/api/**']),
    autoDeploy: Joi.boolean().description('Whether a push is deployed by itself.').example(true),
  };
}

const healthcheck = Joi.object({
  method: Joi.string().valid('GET', 'POST').required().example('GET'),
  path: servedPath().required().example('/health'),
  intervalSeconds: integer(1, 3600).description('10 when left out.').example(10),
  timeoutSeconds: integer(1, 3600).description('5 when left out.').example(5),
  failureThreshold: integer(1, 100).description('Failures in a row that count; 3 when left out.').example(3),
  initialDelaySeconds: integer(0, 3600).description('0 when left out.').example(0),
});

export function runtimeSettings(): Record<string, Joi.Schema> {
  return {
    port: integer(1, 65_535).description('Where the app listens.').example(8080),
    vCpus: Joi.number().min(0.25).multiple(0.25).description('1 is one whole CPU; in quarters.').example(0.5),
    memoryMib: integer(256).multiple(256).example(512),
    storageMib: integer(0).multiple(512).example(1024),
    command: texts(4096)
      .description("What runs in the place of the image's own command; an empty list leaves it to that.")
      .example(['node', 'server.js']),
    healthcheck: healthcheck
      .allow(null)
      .description('How the app is probed. Replaces what was set as a whole; null ends it.'),
    shutdownSignal: Joi.string()
      .valid('SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGKILL')
      .description('What an instance is told to end with.')
      .example('SIGTERM'),
    upstreamProtocol: Joi.string().valid('http1', 'h2c').description('What the app speaks.').example('http1'),
    openapiSpecPath: servedPath()
      .allow(null)
      .description('Where the app serves its OpenAPI document; null clears it.')
      .example('/openapi.json'),
  };
}

export function regionSettings(): Joi.ArraySchema {
  const replicas = Joi.object({
    min: integer(Number.MIN_SAFE_INTEGER).required().example(1),
    max: integer(Number.MIN_SAFE_INTEGER).required().example(3),
  });
  return Joi.array()
    .items(
      Joi.object({
        name: Joi.string().min(1).max(64).required().example('us-east-1'),
        replicas: replicas.required().description('Fewest and most instances; the same in every region.'),
      }),
    )
    .min(1)
    .max(5)
    .description('Every region that the app is to run in; it leaves the others.');
}
