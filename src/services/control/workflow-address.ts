import type { WorkflowSubmission } from './workflows.ts';

/** Where a job goes: a handler of an object. Jobs of one object run one after another. */
export interface WorkflowAddress {
  readonly service: string;
  readonly key: string;
  readonly handler: string;
}

const PROJECTS = 'hydra.v1.ProjectService';
const APPS = 'hydra.v1.AppService';
const DEPLOYMENTS = 'hydra.v1.DeployService';

/** Service and handler of each workflow. */
export const WORKFLOW_HANDLERS: Readonly<
  Record<WorkflowSubmission['workflow'], Pick<WorkflowAddress, 'service' | 'handler'>>
> = {
  deleteProject: { service: PROJECTS, handler: 'Delete' },
  deleteApp: { service: APPS, handler: 'Delete' },
  stopDeployment: { service: DEPLOYMENTS, handler: 'StopDeployment' },
  wakeDeployment: { service: DEPLOYMENTS, handler: 'WakeDeployment' },
  promote: { service: DEPLOYMENTS, handler: 'Promote' },
  rollback: { service: DEPLOYMENTS, handler: 'Rollback' },
};

export function workflowAddress(submission: WorkflowSubmission): WorkflowAddress {
  return { ...WORKFLOW_HANDLERS[submission.workflow], key: objectKey(submission) };
}

/** The object that a job is about; of a rollback the deployment that is left. */
function objectKey(submission: WorkflowSubmission): string {
  switch (submission.workflow) {
    case 'deleteProject':
      return submission.projectId;
    case 'deleteApp':
      return submission.appId;
    case 'stopDeployment':
    case 'wakeDeployment':
      return submission.deploymentId;
    case 'promote':
      return submission.targetDeploymentId;
    case 'rollback':
      return submission.sourceDeploymentId;
  }
}
