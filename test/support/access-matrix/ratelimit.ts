import { type AccessRow, lookedUpFirst, MADE_ON_DEMAND, masked, missing, permissionFirst } from './row.ts';

const CHECK = { identifier: 'someone', limit: 10, duration: 60_000 } as const;
const WINDOW = { limit: 5, duration: 60_000 } as const;

// An operation on an override has two rows: one about the namespace, one about the override in a namespace that exists.
export const RATELIMIT_ACCESS: readonly AccessRow[] = [
  {
    operation: 'ratelimit.limit',
    permissions: ['ratelimit.*.limit'],
    about: 'namespaceName',
    body: (namespace) => ({ namespace, ...CHECK }),
    outcomes: MADE_ON_DEMAND,
  },
  {
    operation: 'ratelimit.multiLimit',
    permissions: ['ratelimit.*.limit'],
    about: 'namespaceName',
    body: (namespace) => [{ namespace, ...CHECK }],
    outcomes: MADE_ON_DEMAND,
  },
  {
    operation: 'ratelimit.setOverride',
    permissions: ['ratelimit.*.set_override'],
    about: 'namespace',
    body: (namespace, { override }) => ({ namespace, identifier: override, ...WINDOW }),
    outcomes: lookedUpFirst('ratelimit_namespace'),
  },
  {
    operation: 'ratelimit.getOverride',
    permissions: ['ratelimit.*.read_override'],
    byResource: true,
    about: 'namespace',
    body: (namespace, { override }) => ({ namespace, identifier: override }),
    outcomes: { ...masked('ratelimit_namespace'), denied: missing('ratelimit_override') },
  },
  {
    operation: 'ratelimit.getOverride',
    permissions: ['ratelimit.*.read_override'],
    byResource: true,
    about: 'override',
    body: (identifier, { namespace }) => ({ namespace, identifier }),
    outcomes: { ...masked('ratelimit_override'), foreign: missing('ratelimit_namespace') },
  },
  {
    operation: 'ratelimit.listOverrides',
    permissions: ['ratelimit.*.read_override'],
    about: 'namespace',
    body: (namespace) => ({ namespace }),
    outcomes: lookedUpFirst('ratelimit_namespace'),
  },
  {
    operation: 'ratelimit.deleteOverride',
    permissions: ['ratelimit.*.delete_override'],
    about: 'namespace',
    body: (namespace, { override }) => ({ namespace, identifier: override }),
    outcomes: lookedUpFirst('ratelimit_namespace'),
  },
  {
    operation: 'ratelimit.deleteOverride',
    permissions: ['ratelimit.*.delete_override'],
    about: 'override',
    body: (identifier, { namespace }) => ({ namespace, identifier }),
    outcomes: { ...permissionFirst('ratelimit_override'), foreign: missing('ratelimit_namespace') },
  },
];
