import { lifecycleOperation } from './lifecycle-operation.ts';

export const promoteDeployment = lifecycleOperation({
  action: 'promote',
  summary: 'Promote a deployment',
  about:
    'Makes a ready deployment of a production environment the current one: it takes over the traffic of the app. After a rollback, promoting the current deployment confirms it, so that later deployments take over again.',
  errors: [
    'unkey:application:deployment_not_ready',
    'unkey:application:deployment_not_production',
    'unkey:application:deployment_no_current',
    'unkey:application:deployment_is_current',
    'unkey:application:precondition_failed',
  ],
});
