// What is done to a domain that a workspace has.

import { ControlPlaneError, type NamedCustomDomain } from '../../services/control/control-plane.ts';
import type { Transaction } from '../../storage/sql/database.ts';
import {
  type CustomDomainRow,
  deleteCustomDomain as deleteRow,
  findNamedDomain,
  holdCustomDomain,
  resetVerification,
} from '../../storage/sql/queries/control/custom-domains.ts';
import { cancelControlJobs } from '../../storage/sql/queries/control/jobs.ts';
import { deleteRoute } from '../../storage/sql/queries/control/routes.ts';
import type { ControlDeps } from '../control-deps.ts';
import { enqueueJob } from '../jobs/control-job.ts';
import { writeDomainEvent } from './domain-event.ts';

/** Takes a domain away, with where it leads. @throws ControlPlaneError `not_found` when the project has none of this name */
export async function deleteCustomDomain(deps: ControlDeps, request: NamedCustomDomain): Promise<void> {
  const id = await findNamed(deps, request);
  await deps.db.transaction(async (tx) => {
    const row = await hold(tx, id);
    await cancelChecks(tx, deps, row);
    const environmentId = await deleteRoute(tx, { projectId: row.projectId, hostname: row.domain });
    if (environmentId !== undefined) await enqueueJob(tx, 'publish', { environmentId }, deps);
    await deleteRow(tx, row.pk);
    writeDomainEvent(tx, deps, { event: 'domain.delete', domain: row, actor: request.actor });
  });
}

/**
 * Has a domain checked anew, for another day.
 * @throws ControlPlaneError `not_found` when the project has none of this name, `failed_precondition` when it is verified
 */
export async function retryVerification(deps: ControlDeps, request: NamedCustomDomain): Promise<void> {
  const id = await findNamed(deps, request);
  await deps.db.transaction(async (tx) => {
    const row = await hold(tx, id);
    if (row.status === 'verified') {
      throw new ControlPlaneError('failed_precondition', 'The domain is verified already.');
    }
    await cancelChecks(tx, deps, row);
    const now = deps.clock.now();
    // A check that is on its way finds that it is not of this run any more.
    const invocationId = deps.ids.next('invocation');
    await resetVerification(tx, { pk: row.pk, invocationId, now });
    await enqueueJob(tx, 'verify_domain', { domainId: row.id, invocationId, startedAt: now }, deps);
    writeDomainEvent(tx, deps, { event: 'domain.verify', domain: row, actor: request.actor });
  });
}

/** Outside of the transaction, which must not read before it holds the domain. */
async function findNamed(
  { db }: ControlDeps,
  { workspaceId, projectId, domain }: NamedCustomDomain,
): Promise<string> {
  const found = await findNamedDomain(db.primary, workspaceId, domain);
  if (found?.projectId !== projectId) throw notFound();
  return found.id;
}

async function hold(tx: Transaction, id: string): Promise<CustomDomainRow> {
  const row = await holdCustomDomain(tx, id);
  if (row === undefined) throw notFound();
  return row;
}

function notFound(): ControlPlaneError {
  return new ControlPlaneError('not_found', 'The project has no such domain.');
}

async function cancelChecks(tx: Transaction, { clock }: ControlDeps, { id }: CustomDomainRow): Promise<void> {
  await cancelControlJobs(tx, { kind: 'verify_domain', objectKey: id, now: clock.now() });
}
