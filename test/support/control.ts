// A control plane and its workflows for tests: they record what they are asked, and answer what they are told to.

import { randomAlphanumeric } from '../../src/lib/uid.ts';
import type {
  ControlCode,
  ControlPlane,
  NewApp,
  NewDeployment,
  NewProject,
} from '../../src/services/control/control-plane.ts';
import { ControlPlaneError } from '../../src/services/control/control-plane.ts';
import type { WorkflowSubmission, Workflows } from '../../src/services/control/workflows.ts';

/** A refusal that a control plane answers: its code, and the words that must stay inside. */
export interface Refusal {
  readonly code: ControlCode;
  readonly message: string;
}

export class RecordingControlPlane implements ControlPlane {
  readonly projects: NewProject[] = [];
  readonly apps: NewApp[] = [];
  readonly deployments: NewDeployment[] = [];
  /** While set, every call is refused so. */
  refusal: Refusal | undefined;

  async createProject(request: NewProject): Promise<{ id: string }> {
    this.projects.push(request);
    return { id: this.#fresh('proj') };
  }

  async createApp(request: NewApp): Promise<{ id: string }> {
    this.apps.push(request);
    return { id: this.#fresh('app') };
  }

  async createDeployment(request: NewDeployment): Promise<{ deploymentId: string }> {
    this.deployments.push(request);
    return { deploymentId: this.#fresh('d') };
  }

  async ping(): Promise<void> {
    this.#fresh('ping');
  }

  /** A new id, unless calls are refused. */
  #fresh(prefix: string): string {
    if (this.refusal !== undefined) throw new ControlPlaneError(this.refusal.code, this.refusal.message);
    return `${prefix}_${randomAlphanumeric(9)}`;
  }
}

export class RecordingWorkflows implements Workflows {
  readonly submissions: WorkflowSubmission[] = [];
  /** While true, nothing is accepted. */
  down = false;

  async submit(submission: WorkflowSubmission): Promise<void> {
    if (this.down) throw new ControlPlaneError('unavailable', 'the ingress answered 503');
    this.submissions.push(submission);
  }
}
