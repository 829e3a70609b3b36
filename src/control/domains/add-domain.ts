import { randomAlphanumeric } from '../../lib/uid.ts';
import {
  type AddedCustomDomain,
  ControlPlaneError,
  type NewCustomDomain,
} from '../../services/control/control-plane.ts';
import { parseDomainName } from '../../services/domains/domain-name.ts';
import { DuplicateKeyError, type Transaction } from '../../storage/sql/database.ts';
import {
  countCustomDomains,
  findNamedDomain,
  holdsPlace,
  insertCustomDomain,
  lockDomainLimit,
} from '../../storage/sql/queries/control/custom-domains.ts';
import type { ControlDeps } from '../control-deps.ts';
import { enqueueJob } from '../jobs/control-job.ts';
import { writeDomainEvent } from './domain-event.ts';

/** Of the first label of a target, in characters. */
const LABEL_LENGTH = 16;
const TOKEN_LENGTH = 24;

/**
 * Attaches a domain to an environment, and has its verification begun.
 * @throws ControlPlaneError `internal` for missing ids, `not_found` for an environment that does not exist there,
 * `invalid_argument` for what is no name of a domain, `already_exists` when the workspace has it, `failed_precondition` when
 * the workspace has no limits or the control plane no domain of its own, `resource_exhausted` when the workspace may have no
 * more
 */
export async function addCustomDomain(
  deps: ControlDeps,
  { actor, domain: text, ...place }: NewCustomDomain,
): Promise<AddedCustomDomain> {
  if (Object.values(place).includes('')) throw new ControlPlaneError('internal', 'an id is missing');
  const id = deps.ids.next('customDomain');
  const verificationToken = randomAlphanumeric(TOKEN_LENGTH);
  try {
    return await deps.db.transaction(async (tx) => {
      // First, so that what is read from here on is what the one before has left.
      const limit = await lockDomainLimit(tx, place.workspaceId);
      if (!(await holdsPlace(tx, place))) {
        throw new ControlPlaneError('not_found', 'the environment does not exist');
      }
      const domain = parseDomainName(text);
      if (domain === undefined) {
        throw new ControlPlaneError('invalid_argument', `'${text}' is not the name of a domain`);
      }
      await requireRoom(tx, place.workspaceId, { domain, limit });
      const targetCname = newTarget(deps.settings.domain);
      const createdAt = deps.clock.now();
      const invocationId = deps.ids.next('invocation');
      const row = { ...place, id, domain, verificationToken, targetCname, invocationId, createdAt };
      await insertCustomDomain(tx, row);
      await enqueueJob(tx, 'verify_domain', { domainId: id, invocationId, startedAt: createdAt }, deps);
      writeDomainEvent(tx, deps, { event: 'domain.create', domain: row, actor });
      return { domainId: id, targetCname, verificationToken, domainConnect: undefined };
    });
  } catch (error) {
    if (!(error instanceof DuplicateKeyError)) throw error;
    throw alreadyExists(error);
  }
}

async function requireRoom(
  tx: Transaction,
  workspaceId: string,
  { domain, limit }: { readonly domain: string; readonly limit: number | undefined },
): Promise<void> {
  if ((await findNamedDomain(tx, workspaceId, domain)) !== undefined) throw alreadyExists();
  if (limit === undefined) {
    throw new ControlPlaneError(
      'failed_precondition',
      'The workspace has no limits. Please contact support.',
    );
  }
  if ((await countCustomDomains(tx, workspaceId)) >= limit) {
    throw new ControlPlaneError(
      'resource_exhausted',
      'The workspace has as many custom domains as it may have.',
    );
  }
}

function alreadyExists(cause?: unknown): ControlPlaneError {
  return new ControlPlaneError('already_exists', 'The workspace has this domain already.', { cause });
}

/** A name of this control plane that is nobody else's, for the domain to lead to. */
function newTarget(base: string | undefined): string {
  if (base === undefined) {
    throw new ControlPlaneError(
      'failed_precondition',
      'The control plane has no domain that custom domains could lead to.',
    );
  }
  return `${randomAlphanumeric(LABEL_LENGTH).toLowerCase()}.${base}`;
}
