import { type AccessRow, IN_OWN_WORKSPACE, lookedUpFirst, permissionFirst } from './row.ts';

export const IDENTITY_ACCESS: readonly AccessRow[] = [
  {
    operation: 'identities.createIdentity',
    permissions: ['identity.*.create_identity'],
    byResource: true,
    body: (_, { slug }) => ({ externalId: `new.${slug}` }),
    outcomes: IN_OWN_WORKSPACE,
  },
  {
    operation: 'identities.deleteIdentity',
    permissions: ['identity.*.delete_identity'],
    byResource: true,
    about: 'identity',
    body: (identity) => ({ identity }),
    outcomes: permissionFirst('identity'),
  },
  {
    operation: 'identities.getIdentity',
    permissions: ['identity.*.read_identity'],
    byResource: true,
    about: 'identity',
    body: (identity) => ({ identity }),
    outcomes: lookedUpFirst('identity'),
  },
  {
    // Permissions are asked for row by row, so the refusal needs a row: the identity of the scene.
    operation: 'identities.listIdentities',
    permissions: ['identity.*.read_identity'],
    byResource: true,
    body: () => ({}),
    outcomes: IN_OWN_WORKSPACE,
  },
  {
    operation: 'identities.updateIdentity',
    permissions: ['identity.*.update_identity'],
    byResource: true,
    about: 'identity',
    body: (identity) => ({ identity, meta: { plan: 'pro' } }),
    outcomes: permissionFirst('identity'),
  },
];
