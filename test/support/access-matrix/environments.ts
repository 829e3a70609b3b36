import { type AccessRow, lookedUpFirst, masked } from './row.ts';
import type { Scene } from './scene.ts';

/** Operations on an environment that tell a caller without permission whether it exists. */
const onEnvironment = (operation: string, action: string, more: object): AccessRow => ({
  operation: `environments.${operation}`,
  permissions: [`environment.*.${action}`],
  byResource: true,
  about: 'environment',
  body: (environment, scene) => ({ ...pathOf(scene), environment, ...more }),
  outcomes: lookedUpFirst('environment'),
});

const pathOf = ({ project, app }: Scene): object => ({ project, app });

export const ENVIRONMENT_ACCESS: readonly AccessRow[] = [
  {
    operation: 'environments.getEnvironment',
    permissions: ['environment.*.read_environment'],
    byResource: true,
    about: 'environment',
    body: (environment, scene) => ({ ...pathOf(scene), environment }),
    outcomes: masked('environment'),
  },
  {
    operation: 'environments.getEnvironment',
    permissions: ['environment.*.read_environment'],
    byResource: true,
    about: 'app',
    body: (app, { project, environment }) => ({ project, app, environment }),
    outcomes: masked('environment'),
  },
  {
    operation: 'environments.listEnvironments',
    permissions: ['environment.*.read_environment'],
    byResource: true,
    about: 'app',
    body: (app, { project }) => ({ project, app }),
    outcomes: masked('app'),
  },
  onEnvironment('listEnvironmentVariables', 'read_environment_variables', {}),
  onEnvironment('setEnvironmentVariables', 'set_environment_variables', { variables: [], prune: true }),
  onEnvironment('removeEnvironmentVariables', 'remove_environment_variables', { variables: ['SCENE'] }),
  onEnvironment('updateSettings', 'update_environment', { port: 9090 }),
];
