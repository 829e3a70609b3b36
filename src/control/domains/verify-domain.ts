// The checks of one domain: about one a minute, for a day. Source: the verification loop of the platform chapter.

import type { Transaction } from '../../storage/sql/database.ts';
import {
  type CustomDomainRow,
  failCustomDomain,
  findCustomDomain,
  holdCustomDomain,
  listOtherHolders,
  recordCheck,
} from '../../storage/sql/queries/control/custom-domains.ts';
import {
  findCurrentDeploymentId,
  findRunnableDeployment,
  holdApp,
} from '../../storage/sql/queries/control/deployments.ts';
import { deleteControlJob } from '../../storage/sql/queries/control/jobs.ts';
import { deleteRoute, pointRoutes } from '../../storage/sql/queries/control/routes.ts';
import type { ControlDeps } from '../control-deps.ts';
import { publish } from '../deployments/take-over.ts';
import { enqueueJob, type JobPayloads } from '../jobs/control-job.ts';
import { DnsError } from './dns.ts';
import { type CheckOutcome, checkDomain } from './verification-check.ts';

const INTERVAL_MS = 60_000;
const GIVEN_UP_AFTER_MS = 24 * 60 * 60_000;
/** Of the column, in characters. */
const LONGEST_ERROR = 512;

/** Checks a domain once, and has it checked again unless that settles it. `pk` is the job's own row. */
export async function verifyDomain(
  deps: ControlDeps,
  payload: JobPayloads['verify_domain'],
  pk: number,
): Promise<void> {
  const { domainId, invocationId, startedAt } = payload;
  const known = await findCustomDomain(deps.db.primary, domainId);
  if (known?.invocationId !== invocationId) return;
  const others = await listOtherHolders(deps.db.primary, known);
  const { missing, ...proven } = await ask(deps, known, others.length > 0);
  await deps.db.transaction(async (tx) => {
    await holdApp(tx, known.appId);
    const row = await holdCustomDomain(tx, domainId);
    // Deleted or begun anew meanwhile.
    if (row?.invocationId !== invocationId) return;
    const now = deps.clock.now();
    const check = { pk: row.pk, now, ...proven, error: missing?.slice(0, LONGEST_ERROR) ?? null };
    if (missing === null) {
      await recordCheck(tx, { ...check, status: 'verified' });
      await takeFromOthers(tx, deps, row);
      await leadToCurrent(tx, deps, row);
    } else if (now - startedAt >= GIVEN_UP_AFTER_MS) {
      await recordCheck(tx, { ...check, status: 'failed' });
    } else {
      await recordCheck(tx, { ...check, status: 'verifying' });
      await enqueueJob(tx, 'verify_domain', payload, { ...deps, delayMs: INTERVAL_MS });
    }
    await deleteControlJob(tx, pk);
  });
}

/** Without an answer of the DNS nothing is proven, nor is what was proven before taken back. */
async function ask(
  { dns, log }: ControlDeps,
  row: CustomDomainRow,
  isHeldElsewhere: boolean,
): Promise<CheckOutcome> {
  try {
    return await checkDomain(dns, { ...row, isHeldElsewhere });
  } catch (error) {
    if (!(error instanceof DnsError)) throw error;
    log.warn({ err: error, domain: row.domain }, 'a domain could not be checked');
    return {
      cnameVerified: Boolean(row.cnameVerified),
      ownershipVerified: Boolean(row.ownershipVerified),
      missing: `not checked: ${error.message}`,
    };
  }
}

/** Of several workspaces that claim a name, the one that proved last that it is theirs has it. */
async function takeFromOthers(tx: Transaction, deps: ControlDeps, row: CustomDomainRow): Promise<void> {
  for (const { pk, projectId, domain } of await listOtherHolders(tx, row)) {
    const error = 'another workspace has proven that this domain is theirs';
    await failCustomDomain(tx, { pk, error, now: deps.clock.now() });
    const environmentId = await deleteRoute(tx, { projectId, hostname: domain });
    if (environmentId !== undefined) await publish(tx, deps, { environmentId });
  }
}

/** An app that was never deployed gets the name with its first deployment. */
async function leadToCurrent(tx: Transaction, deps: ControlDeps, row: CustomDomainRow): Promise<void> {
  const currentId = await findCurrentDeploymentId(tx, row.appId);
  const current = currentId === undefined ? undefined : await findRunnableDeployment(tx, currentId);
  if (current === undefined) return;
  const route = { id: deps.ids.next('frontlineRoute'), hostname: row.domain, sticky: 'live' as const };
  await pointRoutes(tx, current, [route], deps.clock.now());
  await publish(tx, deps, current);
}
