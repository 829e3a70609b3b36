import { type AccessRow, IN_OWN_WORKSPACE, lookedUpFirst, masked } from './row.ts';

export const PROJECT_ACCESS: readonly AccessRow[] = [
  {
    operation: 'projects.createProject',
    permissions: ['project.*.create_project'],
    byResource: true,
    body: () => ({ name: 'Another', slug: 'another' }),
    outcomes: IN_OWN_WORKSPACE,
  },
  {
    operation: 'projects.getProject',
    permissions: ['project.*.read_project'],
    about: 'project',
    body: (project) => ({ project }),
    outcomes: masked('project'),
  },
  {
    operation: 'projects.getProject',
    permissions: ['project.*.read_project'],
    about: 'projectSlug',
    body: (project) => ({ project }),
    outcomes: masked('project'),
  },
  {
    operation: 'projects.listProjects',
    permissions: ['project.*.read_project'],
    body: () => ({}),
    outcomes: IN_OWN_WORKSPACE,
  },
  {
    operation: 'projects.updateProject',
    permissions: ['project.*.update_project'],
    byResource: true,
    about: 'project',
    body: (project) => ({ project, name: 'Renamed' }),
    outcomes: lookedUpFirst('project'),
  },
  {
    operation: 'projects.deleteProject',
    permissions: ['project.*.delete_project'],
    byResource: true,
    about: 'project',
    body: (project) => ({ project }),
    outcomes: lookedUpFirst('project'),
  },
];
