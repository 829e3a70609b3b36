import type { ControlActor } from './control-plane.ts';

/** A job for the control plane that outlives the request; handed over, not waited for. */
export type WorkflowJob =
  | { readonly workflow: 'deleteProject'; readonly projectId: string }
  | { readonly workflow: 'deleteApp'; readonly appId: string }
  | { readonly workflow: 'stopDeployment' | 'wakeDeployment'; readonly deploymentId: string }
  | { readonly workflow: 'promote'; readonly targetDeploymentId: string }
  | {
      readonly workflow: 'rollback';
      readonly sourceDeploymentId: string;
      readonly targetDeploymentId: string;
    };

export type WorkflowSubmission = WorkflowJob & {
  readonly actor: ControlActor;
  /** A fresh `cor_…`. */
  readonly correlationId: string;
};

export interface Workflows {
  /** Resolves once the job is accepted. Throws a ControlPlaneError, `unavailable`, when it was not. */
  submit(submission: WorkflowSubmission): Promise<void>;
}
