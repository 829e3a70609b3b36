// The hostnames under which a deployment is reached. The digits at the end keep those of two apps apart, whatever their
// projects and slugs are.

import { createHash } from 'node:crypto';
import type { Stickiness } from '../../storage/sql/queries/control/routes.ts';

export interface Hostname {
  readonly hostname: string;
  readonly sticky: Stickiness;
}

export interface Named {
  readonly id: string;
  readonly projectSlug: string;
  readonly appId: string;
  readonly appSlug: string;
  readonly environmentSlug: string;
  readonly environmentKind: string;
  readonly gitBranch: string | null;
}

/** Of one label of a DNS name. */
const LONGEST_LABEL = 63;
const HASH_DIGITS = 8;

/** What leads to this deployment as long as it exists, and what leads to the newest of its branch. */
export function ownHostnames(deployment: Named, domain: string | undefined): Hostname[] {
  if (domain === undefined) return [];
  const { id, appId, gitBranch } = deployment;
  return [
    { hostname: hostname([...appOf(deployment)], `${appId}/${id}`, domain), sticky: 'deployment' },
    ...(gitBranch === null
      ? []
      : [
          {
            hostname: hostname(
              [...appOf(deployment), 'git', gitBranch],
              // Branches that look alike in a label are apart in its digits.
              `${appId}/${deployment.environmentSlug}/${gitBranch}`,
              domain,
            ),
            sticky: 'branch' as const,
          },
        ]),
  ];
}

/** What leads to whichever deployment of the environment serves; in production also the name of the app itself. */
export function sharedHostnames(deployment: Named, domain: string | undefined): Hostname[] {
  if (domain === undefined) return [];
  const { appId, environmentSlug, environmentKind } = deployment;
  const environment = hostname(
    [...appOf(deployment), environmentSlug],
    `${appId}/${environmentSlug}`,
    domain,
  );
  return [
    { hostname: environment, sticky: 'environment' },
    ...(environmentKind === 'production'
      ? [{ hostname: hostname([...appOf(deployment)], appId, domain), sticky: 'live' as const }]
      : []),
  ];
}

function appOf({ projectSlug, appSlug }: Named): readonly [string, string] {
  return [projectSlug, appSlug];
}

function hostname(parts: readonly string[], identity: string, domain: string): string {
  const digits = createHash('sha256').update(identity).digest('hex').slice(0, HASH_DIGITS);
  const words = parts
    .join('-')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, LONGEST_LABEL - HASH_DIGITS - 1)
    .replace(/^-+|-+$/g, '');
  return `${words === '' ? 'app' : words}-${digits}.${domain}`;
}
