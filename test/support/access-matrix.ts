// Who may learn what from whom, for every operation.

import { ANALYTICS_ACCESS } from './access-matrix/analytics.ts';
import { API_ACCESS } from './access-matrix/apis.ts';
import { IDENTITY_ACCESS } from './access-matrix/identities.ts';
import { KEY_ACCESS } from './access-matrix/keys.ts';
import { PERMISSION_ACCESS } from './access-matrix/permissions.ts';
import { RATELIMIT_ACCESS } from './access-matrix/ratelimit.ts';
import type { AccessRow } from './access-matrix/row.ts';

export const ACCESS_MATRIX: readonly AccessRow[] = [
  ...API_ACCESS,
  ...IDENTITY_ACCESS,
  ...KEY_ACCESS,
  ...PERMISSION_ACCESS,
  ...RATELIMIT_ACCESS,
  ...ANALYTICS_ACCESS,
];

/** Operations that ask for no credential. */
export const PUBLIC_OPERATIONS: readonly string[] = ['liveness'];
