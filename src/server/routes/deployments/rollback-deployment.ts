import { lifecycleOperation } from './lifecycle-operation.ts';

export const rollbackDeployment = lifecycleOperation({
  action: 'rollback',
  summary: 'Roll back to a deployment',
  about:
    'Puts a ready deployment of a production environment in the place of the current one. Deployments made later do not take over until one is promoted.',
  errors: [
    'unkey:application:deployment_not_ready',
    'unkey:application:deployment_not_production',
    'unkey:application:deployment_no_current',
    'unkey:application:deployment_is_current',
    'unkey:application:precondition_failed',
  ],
});
