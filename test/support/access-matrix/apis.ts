import { type AccessRow, IN_OWN_WORKSPACE, masked, permissionFirst } from './row.ts';

export const API_ACCESS: readonly AccessRow[] = [
  {
    operation: 'apis.createApi',
    permissions: ['api.*.create_api'],
    body: () => ({ name: 'another api' }),
    outcomes: IN_OWN_WORKSPACE,
  },
  {
    operation: 'apis.deleteApi',
    permissions: ['api.*.delete_api'],
    about: 'api',
    body: (apiId) => ({ apiId }),
    outcomes: permissionFirst('api'),
  },
  {
    operation: 'apis.getApi',
    permissions: ['api.*.read_api'],
    about: 'api',
    body: (apiId) => ({ apiId }),
    outcomes: permissionFirst('api'),
  },
  {
    operation: 'apis.listKeys',
    permissions: ['api.*.read_key', 'api.*.read_api'],
    byResource: true,
    about: 'api',
    body: (apiId) => ({ apiId }),
    outcomes: masked('api'),
  },
];
