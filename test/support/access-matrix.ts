// Who may learn what from whom, for every operation.

import { ANALYTICS_ACCESS } from './access-matrix/analytics.ts';
import { API_ACCESS } from './access-matrix/apis.ts';
import { APP_ACCESS } from './access-matrix/apps.ts';
import { DEPLOYMENT_ACCESS } from './access-matrix/deployments.ts';
import { ENVIRONMENT_ACCESS } from './access-matrix/environments.ts';
import { IDENTITY_ACCESS } from './access-matrix/identities.ts';
import { KEY_ACCESS } from './access-matrix/keys.ts';
import { PERMISSION_ACCESS } from './access-matrix/permissions.ts';
import { PROJECT_ACCESS } from './access-matrix/projects.ts';
import { RATELIMIT_ACCESS } from './access-matrix/ratelimit.ts';
import type { AccessRow } from './access-matrix/row.ts';

export const ACCESS_MATRIX: readonly AccessRow[] = [
  ...API_ACCESS,
  ...IDENTITY_ACCESS,
  ...KEY_ACCESS,
  ...PERMISSION_ACCESS,
  ...RATELIMIT_ACCESS,
  ...ANALYTICS_ACCESS,
  ...PROJECT_ACCESS,
  ...APP_ACCESS,
  ...ENVIRONMENT_ACCESS,
  ...DEPLOYMENT_ACCESS,
];

/** Operations that ask for no credential. */
export const PUBLIC_OPERATIONS: readonly string[] = ['liveness'];
