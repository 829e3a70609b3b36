import { lifecycleOperation } from './lifecycle-operation.ts';

export const startDeployment = lifecycleOperation({
  action: 'start',
  summary: 'Start a deployment',
  about:
    'Starts a deployment of a preview environment that was stopped, or that is still being stopped. Deployments of production environments are promoted instead.',
  errors: [
    'unkey:application:deployment_not_stopped',
    'unkey:application:deployment_is_production',
    'unkey:application:precondition_failed',
  ],
});
