/** Why a deployment cannot be run. Its message is recorded with the step, and shown to the callers of the API. */
export class DeploymentProblem extends Error {
  override readonly name = 'DeploymentProblem';
}
