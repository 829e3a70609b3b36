import { type AccessRow, IN_OWN_WORKSPACE, permissionFirst } from './row.ts';

export const PERMISSION_ACCESS: readonly AccessRow[] = [
  {
    operation: 'permissions.createPermission',
    permissions: ['rbac.*.create_permission'],
    body: (_, { slug }) => ({ name: 'new', slug: `new.${slug}` }),
    outcomes: IN_OWN_WORKSPACE,
  },
  {
    operation: 'permissions.getPermission',
    permissions: ['rbac.*.read_permission'],
    about: 'permission',
    body: (permission) => ({ permission }),
    outcomes: permissionFirst('permission'),
  },
  {
    operation: 'permissions.listPermissions',
    permissions: ['rbac.*.read_permission'],
    body: () => ({}),
    outcomes: IN_OWN_WORKSPACE,
  },
  {
    operation: 'permissions.deletePermission',
    permissions: ['rbac.*.delete_permission'],
    about: 'permission',
    body: (permission) => ({ permission }),
    outcomes: permissionFirst('permission'),
  },
  {
    operation: 'permissions.createRole',
    permissions: ['rbac.*.create_role', 'rbac.*.add_permission_to_role'],
    body: (_, { slug }) => ({ name: `new ${slug}`, permissions: [slug] }),
    outcomes: IN_OWN_WORKSPACE,
  },
  {
    operation: 'permissions.getRole',
    permissions: ['rbac.*.read_role'],
    about: 'role',
    body: (role) => ({ role }),
    outcomes: permissionFirst('role'),
  },
  {
    operation: 'permissions.listRoles',
    permissions: ['rbac.*.read_role'],
    body: () => ({}),
    outcomes: IN_OWN_WORKSPACE,
  },
  {
    operation: 'permissions.deleteRole',
    permissions: ['rbac.*.delete_role'],
    about: 'role',
    body: (role) => ({ role }),
    outcomes: permissionFirst('role'),
  },
  {
    operation: 'permissions.setRolePermissions',
    permissions: ['rbac.*.add_permission_to_role', 'rbac.*.remove_permission_from_role'],
    about: 'role',
    body: (roleId, { slug }) => ({ roleId, permissions: [slug] }),
    outcomes: permissionFirst('role'),
  },
];
