// A control plane and its workflows for tests: they record what they are asked, and answer what they are told to.

import { randomAlphanumeric } from '../../src/lib/uid.ts';
import type {
  AddedCustomDomain,
  ControlCode,
  ControlPlane,
  NamedCustomDomain,
  NewApp,
  NewCustomDomain,
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
  readonly addedDomains: NewCustomDomain[] = [];
  /** What is told of where a domain's owner can have the records made. */
  domainConnect: AddedCustomDomain['domainConnect'];
  readonly deletedDomains: NamedCustomDomain[] = [];
  readonly retriedDomains: NamedCustomDomain[] = [];
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

  async addCustomDomain(request: NewCustomDomain): Promise<AddedCustomDomain> {
    this.addedDomains.push(request);
    return {
      domainId: this.#fresh('dom'),
      targetCname: 'k3n9zq0w8c2m5x7b.cname.test',
      verificationToken: 'a-token-of-a-domain-here',
      domainConnect: this.domainConnect,
    };
  }

  async deleteCustomDomain(request: NamedCustomDomain): Promise<void> {
    this.deletedDomains.push(request);
    this.#fresh('dom');
  }

  async retryVerification(request: NamedCustomDomain): Promise<void> {
    this.retriedDomains.push(request);
    this.#fresh('dom');
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
