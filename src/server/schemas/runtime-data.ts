import Joi from 'joi';
import { anyInteger } from './integers.ts';

/** How a container runs, as environments and deployments tell it. */
export function runtimeMembers(): Record<string, Joi.Schema> {
  return {
    port: anyInteger().required().description('Where the container listens.').example(8080),
    vCpus: Joi.number().required().description('1 is one whole CPU.').example(0.25),
    memoryMib: anyInteger().required().example(256),
    storageMib: anyInteger().required().example(0),
    command: Joi.array()
      .items(Joi.string().allow(''))
      .required()
      .description("What runs in the place of the image's own command; empty = that.")
      .example(['node', 'server.js']),
    shutdownSignal: Joi.string().required().example('SIGTERM'),
    upstreamProtocol: Joi.string().required().example('http1'),
    healthcheck: Joi.object({
      method: Joi.string().required().example('GET'),
      path: Joi.string().required().example('/health'),
      intervalSeconds: anyInteger().required().example(10),
      timeoutSeconds: anyInteger().required().example(5),
      failureThreshold: anyInteger().required().example(3),
      initialDelaySeconds: anyInteger().required().example(0),
    }).description('How the container is probed; absent when it is not.'),
  };
}
