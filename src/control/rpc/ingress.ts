// The workflow ingress: takes a job by the path of its object and handler. Source: the control-plane section of the
// analytics chapter, durable workflow ingress.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { type DescMessage, fromJsonString, type MessageShape } from '@bufbuild/protobuf';
import type { Logger } from '../../lib/logger.ts';
import type { ActorInfo } from '../../proto/ctrl/v1/actor_pb.ts';
import {
  DeleteRequestSchema,
  PromoteRequestSchema,
  RollbackRequestSchema,
  StopDeploymentRequestSchema,
  WakeDeploymentRequestSchema,
} from '../../proto/hydra/v1/workflows_pb.ts';
import { type Route, sendJson } from '../../rpc/guarded-listener.ts';
import { type ControlActor, ControlPlaneError } from '../../services/control/control-plane.ts';
import { readActor } from '../../services/control/messages.ts';
import { WORKFLOW_HANDLERS } from '../../services/control/workflow-address.ts';
import type { WorkflowSubmission } from '../../services/control/workflows.ts';
import { requireLength } from '../required.ts';

/** Reads the body of a job about an object; throws for one that is no such message. */
type Reader = (key: string, body: string) => WorkflowSubmission;

const READERS: Readonly<Record<WorkflowSubmission['workflow'], Reader>> = {
  deleteProject: (projectId, body) => ({
    workflow: 'deleteProject',
    projectId,
    ...origin(read(DeleteRequestSchema, body)),
  }),
  deleteApp: (appId, body) => ({ workflow: 'deleteApp', appId, ...origin(read(DeleteRequestSchema, body)) }),
  stopDeployment: (deploymentId, body) => ({
    workflow: 'stopDeployment',
    deploymentId,
    ...origin(read(StopDeploymentRequestSchema, body)),
  }),
  wakeDeployment: (deploymentId, body) => ({
    workflow: 'wakeDeployment',
    deploymentId,
    ...origin(read(WakeDeploymentRequestSchema, body)),
  }),
  promote: (targetDeploymentId, body) => ({
    workflow: 'promote',
    targetDeploymentId,
    ...origin(read(PromoteRequestSchema, body)),
  }),
  rollback: (sourceDeploymentId, body) => {
    const message = read(RollbackRequestSchema, body);
    const { targetDeploymentId } = message;
    if (targetDeploymentId === '')
      throw new ControlPlaneError('invalid_argument', 'targetDeploymentId is missing');
    return { workflow: 'rollback', sourceDeploymentId, targetDeploymentId, ...origin(message) };
  },
};

/** What an actor is taken for that a job does not name. */
const NOBODY: ControlActor = { id: '', name: '', type: 'system', remoteIp: '', userAgent: '' };

function origin(message: { actor?: ActorInfo | undefined; correlationId: string }) {
  return { actor: readActor(message.actor) ?? NOBODY, correlationId: message.correlationId };
}

function read<Schema extends DescMessage>(schema: Schema, body: string): MessageShape<Schema> {
  try {
    return fromJsonString(schema, body, { ignoreUnknownFields: true });
  } catch (cause) {
    throw new ControlPlaneError('invalid_argument', 'the body is no message of this handler', { cause });
  }
}

const BY_PATH: ReadonlyMap<string, Reader> = new Map(
  Object.entries(WORKFLOW_HANDLERS).map(([workflow, { service, handler }]) => [
    `${service}/${handler}`,
    READERS[workflow as WorkflowSubmission['workflow']],
  ]),
);

const PATH = /^\/([\w.]+)\/([^/]+)\/(\w+)\/send$/;
const MAX_BODY_BYTES = 64 * 1024;
/** Of the column that jobs keep it in. */
const LONGEST_ID = 48;

/**
 * How a path of the ingress is served; undefined when it is none.
 * @param accept takes the job on and yields its id
 */
export function ingressRoute(
  path: string,
  accept: (submission: WorkflowSubmission) => Promise<string>,
  log: Logger,
): Route | undefined {
  const [, service = '', key = '', handler = ''] = PATH.exec(path) ?? [];
  const reader = BY_PATH.get(`${service}/${handler}`);
  if (reader === undefined) return undefined;
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (request.method !== 'POST') return sendJson(response, 405, { message: 'use POST' });
    const body = await readBody(request);
    if (body === undefined) return sendJson(response, 413, { message: 'the body is too long' });
    try {
      const invocationId = await accept(reader(decoded(key), body));
      log.info({ handler: `${service}/${handler}`, key, invocationId }, 'job accepted');
      sendJson(response, 202, { invocationId, status: 'Accepted' });
    } catch (error) {
      if (!(error instanceof ControlPlaneError)) throw error;
      log.warn(
        { handler: `${service}/${handler}`, key, code: error.code, reason: error.message },
        'job refused',
      );
      sendJson(response, error.code === 'invalid_argument' ? 400 : 500, { message: error.message });
    }
  };
  return {
    template: `/${service}/{key}/${handler}/send`,
    isOpen: false,
    serve: (request, response) => {
      serve(request, response).catch((error: unknown) => {
        log.error({ err: error, path }, 'a job could not be answered');
        response.destroy();
      });
    },
  };
}

/** @throws ControlPlaneError `invalid_argument` when it is no encoded text, or longer than any id */
function decoded(key: string): string {
  let id: string;
  try {
    id = decodeURIComponent(key);
  } catch (cause) {
    throw new ControlPlaneError('invalid_argument', 'the path is not encoded well', { cause });
  }
  requireLength('the id in the path', id, LONGEST_ID);
  return id;
}

/** The body as text; undefined, and the rest is not kept, when it is too long. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  return bytes > MAX_BODY_BYTES ? undefined : Buffer.concat(chunks).toString();
}
