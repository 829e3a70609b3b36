// The workflow ingress: a job is posted to the path of its object and handler, and is accepted or not. Source: the
// control-plane section of the analytics chapter, durable workflow ingress.

import { create, toJson } from '@bufbuild/protobuf';
import { currentRequestScope } from '../../lib/request-scope.ts';
import {
  DeleteRequestSchema,
  PromoteRequestSchema,
  RollbackRequestSchema,
  StopDeploymentRequestSchema,
  WakeDeploymentRequestSchema,
} from '../../proto/hydra/v1/workflows_pb.ts';
import { ControlPlaneError } from './control-plane.ts';
import { actorMessage } from './messages.ts';
import { type WorkflowAddress, workflowAddress } from './workflow-address.ts';
import type { WorkflowSubmission, Workflows } from './workflows.ts';

/** Milliseconds; less when the request that submits has less left. */
const TIMEOUT_MS = 30_000;

/** The ingress behind an http or https URL, whose path stays in front of every job's. Nothing is connected yet. */
export function createRestateWorkflows({
  url,
  apiKey,
}: {
  readonly url: string;
  readonly apiKey: string;
}): Workflows {
  return {
    async submit(submission) {
      const scope = currentRequestScope();
      const deadline = AbortSignal.timeout(TIMEOUT_MS);
      const signal = scope === undefined ? deadline : AbortSignal.any([deadline, scope.signal]);
      const target = `${url.replace(/\/+$/, '')}${pathOf(workflowAddress(submission))}`;
      let accepted: boolean;
      try {
        const response = await fetch(target, {
          method: 'POST',
          headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${apiKey}` },
          body: JSON.stringify(bodyOf(submission)),
          redirect: 'manual',
          signal,
        });
        const answer = await response.text();
        accepted = response.ok && isInvocation(JSON.parse(answer));
      } catch (cause) {
        throw new ControlPlaneError('unavailable', 'the workflow ingress could not be asked', { cause });
      }
      if (!accepted) throw new ControlPlaneError('unavailable', 'the workflow ingress did not take the job');
    },
  };
}

function pathOf({ service, key, handler }: WorkflowAddress): string {
  return `/${service}/${encodeURIComponent(key)}/${handler}/send`;
}

function isInvocation(answer: unknown): boolean {
  return (
    typeof answer === 'object' &&
    answer !== null &&
    'invocationId' in answer &&
    typeof answer.invocationId === 'string'
  );
}

function bodyOf(submission: WorkflowSubmission): unknown {
  const shared = { actor: actorMessage(submission.actor), correlationId: submission.correlationId };
  switch (submission.workflow) {
    case 'deleteProject':
    case 'deleteApp':
      return toJson(DeleteRequestSchema, create(DeleteRequestSchema, shared));
    case 'stopDeployment': {
      const { deploymentId } = submission;
      const message = create(StopDeploymentRequestSchema, { ...shared, deploymentId });
      return toJson(StopDeploymentRequestSchema, message);
    }
    case 'wakeDeployment': {
      const { deploymentId } = submission;
      const message = create(WakeDeploymentRequestSchema, { ...shared, deploymentId });
      return toJson(WakeDeploymentRequestSchema, message);
    }
    case 'promote': {
      const { targetDeploymentId } = submission;
      return toJson(PromoteRequestSchema, create(PromoteRequestSchema, { ...shared, targetDeploymentId }));
    }
    case 'rollback': {
      const { sourceDeploymentId, targetDeploymentId } = submission;
      const message = create(RollbackRequestSchema, { ...shared, sourceDeploymentId, targetDeploymentId });
      return toJson(RollbackRequestSchema, message);
    }
  }
}
