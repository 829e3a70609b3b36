import { lifecycleOperation } from './lifecycle-operation.ts';

export const stopDeployment = lifecycleOperation({
  action: 'stop',
  summary: 'Stop a deployment',
  about:
    'Stops a ready deployment of a preview environment. It can be started again. Deployments of production environments cannot be stopped.',
  errors: [
    'unkey:application:deployment_not_running',
    'unkey:application:deployment_is_stopping',
    'unkey:application:deployment_is_production',
  ],
});
