import { type AccessRow, lookedUpFirst, masked } from './row.ts';

export const APP_ACCESS: readonly AccessRow[] = [
  {
    operation: 'apps.createApp',
    permissions: ['project.*.create_app'],
    byResource: true,
    about: 'project',
    body: (project) => ({ project, name: 'Another', slug: 'another' }),
    outcomes: lookedUpFirst('project'),
  },
  {
    operation: 'apps.getApp',
    permissions: ['app.*.read_app'],
    about: 'app',
    body: (app, { project }) => ({ project, app }),
    outcomes: masked('app'),
  },
  {
    operation: 'apps.getApp',
    permissions: ['app.*.read_app'],
    about: 'project',
    body: (project, { app }) => ({ project, app }),
    outcomes: masked('app'),
  },
  {
    operation: 'apps.listApps',
    permissions: ['app.*.read_app'],
    about: 'project',
    body: (project) => ({ project }),
    outcomes: masked('project'),
  },
  {
    operation: 'apps.updateApp',
    permissions: ['app.*.update_app'],
    about: 'app',
    body: (app, { project }) => ({ project, app, name: 'Renamed' }),
    outcomes: lookedUpFirst('app'),
  },
  {
    operation: 'apps.deleteApp',
    permissions: ['app.*.delete_app'],
    byResource: true,
    about: 'app',
    body: (app, { project }) => ({ project, app }),
    outcomes: lookedUpFirst('app'),
  },
];
