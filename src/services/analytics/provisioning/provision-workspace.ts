// Gives a workspace its analytics: a settings row with a password that only the Vault can read and, on a ClickHouse
// server, a user that sees no other workspace's rows. Everything here can be run again. Source: provisioning in the
// analytics chapter.

import type { Clock } from '../../../lib/clock.ts';
import { Fault } from '../../../lib/fault.ts';
import type { Logger } from '../../../lib/logger.ts';
import type { AnalyticsStore } from '../../../storage/analytics/analytics-store.ts';
import { isIdentifier } from '../../../storage/analytics/identifiers.ts';
import { applyWorkspaceUser } from '../../../storage/analytics/provisioning.ts';
import { type Database, DuplicateKeyError, type Queryable } from '../../../storage/sql/database.ts';
import {
  type AnalyticsBounds,
  type AnalyticsSettingsRow,
  findAnalyticsSettings,
  insertAnalyticsSettings,
  lockAnalyticsSettings,
  updateAnalyticsBounds,
  updateAnalyticsPassword,
} from '../../../storage/sql/queries/analytics-settings.ts';
import { findWorkspaceLimits } from '../../../storage/sql/queries/workspaces.ts';
import type { Vault } from '../../vault/vault.ts';
import { TABLE_GRANTS } from '../public-tables.ts';
import { generatePassword } from './password.ts';
import { provisioningFailure } from './provisioning-faults.ts';
import { boundsOf, completeBounds } from './workspace-bounds.ts';

export interface ProvisioningDeps {
  readonly db: Database;
  readonly vault: Vault;
  /** The ClickHouse server, with the right to make users; undefined with the embedded engine, which has none. */
  readonly server: AnalyticsStore | undefined;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface ProvisionRequest {
  readonly workspaceId: string;
  /** What is left out, or not above 0, gets its default. */
  readonly bounds?: Partial<AnalyticsBounds>;
}

export interface ProvisionedWorkspace {
  readonly workspaceId: string;
  readonly username: string;
  /** False when the workspace had its settings before. */
  readonly created: boolean;
  readonly bounds: AnalyticsBounds;
  /** Days; 0 = unbounded. */
  readonly retentionDays: number;
}

/**
 * What {@link provisionWorkspace} would leave behind, read without writing. Throws the same faults as far as the relational
 * store can tell.
 */
export async function planProvisioning(
  { db }: Pick<ProvisioningDeps, 'db'>,
  request: ProvisionRequest,
): Promise<ProvisionedWorkspace> {
  const { workspaceId } = request;
  assertProvisionable(workspaceId);
  const retentionDays = await findRetention(db.primary, workspaceId);
  const existing = await findAnalyticsSettings(db.primary, workspaceId);
  return {
    workspaceId,
    username: existing?.username ?? workspaceId,
    created: existing === undefined,
    bounds: completeBounds(request.bounds ?? {}),
    retentionDays,
  };
}

/**
 * Provisions a workspace, or brings what it has up to date with these bounds and its retention; its password stays.
 * Throws a Fault: `precondition_failed` for an id that no user can have and for a workspace without limits, or when the
 * server refuses; `service_unavailable` when the Vault or the server does not answer.
 */
export async function provisionWorkspace(
  deps: ProvisioningDeps,
  request: ProvisionRequest,
): Promise<ProvisionedWorkspace> {
  const { workspaceId } = request;
  assertProvisionable(workspaceId);
  const bounds = completeBounds(request.bounds ?? {});
  const created = await storeSettings(deps, workspaceId, bounds);
  const settings = await applySettings(deps, workspaceId);
  return {
    workspaceId,
    username: settings.username,
    created,
    bounds,
    retentionDays: settings.retentionDays,
  };
}

/**
 * Gives the workspace's user a new password. Queries go on: every node reads the new one when the old is refused. Throws
 * the faults of `provisionWorkspace`, and `precondition_failed` for a workspace that is not provisioned.
 */
export async function rotatePassword(deps: ProvisioningDeps, workspaceId: string): Promise<void> {
  await assertProvisioned(deps, workspaceId);
  const encrypted = await encryptPassword(deps.vault, workspaceId);
  await updateAnalyticsPassword(deps.db.primary, workspaceId, encrypted, deps.clock.now());
  await applySettings(deps, workspaceId);
}

/** Throws a Fault `precondition_failed` for a workspace that {@link rotatePassword} has nothing to do for. */
export async function assertProvisioned(
  { db }: Pick<ProvisioningDeps, 'db'>,
  workspaceId: string,
): Promise<void> {
  assertProvisionable(workspaceId);
  if ((await findAnalyticsSettings(db.primary, workspaceId)) === undefined) throw notProvisioned(workspaceId);
}

/** True when the settings were made, false when those of before got these bounds. */
async function storeSettings(
  { db, vault, clock }: ProvisioningDeps,
  workspaceId: string,
  bounds: AnalyticsBounds,
): Promise<boolean> {
  await findRetention(db.primary, workspaceId);
  if (await updateAnalyticsBounds(db.primary, workspaceId, bounds, clock.now())) return false;
  const passwordEncrypted = await encryptPassword(vault, workspaceId);
  try {
    await insertAnalyticsSettings(db.primary, {
      workspaceId,
      username: workspaceId,
      passwordEncrypted,
      bounds,
      now: clock.now(),
    });
    return true;
  } catch (error) {
    if (!(error instanceof DuplicateKeyError)) throw error;
    // Somebody else was first: that password may be in use.
    await updateAnalyticsBounds(db.primary, workspaceId, bounds, clock.now());
    return false;
  }
}

/** Days; 0 = unbounded. */
async function findRetention(q: Queryable, workspaceId: string): Promise<number> {
  const limits = await findWorkspaceLimits(q, workspaceId);
  if (limits !== undefined) return limits.logsRetentionDays;
  throw new Fault('unkey:application:precondition_failed', {
    public: `The workspace ${workspaceId} has no limits, so that its retention is not known.`,
  });
}

/** Makes the server agree with the settings as they are stored, one caller at a time. */
function applySettings(deps: ProvisioningDeps, workspaceId: string): Promise<AnalyticsSettingsRow> {
  const { db, server, vault, log } = deps;
  return db.transaction(async (tx) => {
    const settings = await lockAnalyticsSettings(tx, workspaceId);
    if (settings === undefined) throw notProvisioned(workspaceId);
    if (server === undefined) return settings;
    const password = await decryptPassword(vault, settings);
    const user = {
      workspaceId,
      username: settings.username,
      password,
      retentionDays: settings.retentionDays,
      quota: boundsOf(settings),
    };
    try {
      await applyWorkspaceUser(server, user, TABLE_GRANTS, (error) =>
        log.warn({ err: error, workspaceId }, 'the rights of before could not be revoked'),
      );
    } catch (error) {
      throw provisioningFailure(error);
    }
    return settings;
  });
}

/** The id names the user and stands in statements that cannot bind it. */
function assertProvisionable(workspaceId: string): void {
  if (isIdentifier(workspaceId)) return;
  throw new Fault('unkey:application:precondition_failed', {
    public: `The workspace id '${workspaceId}' cannot name a ClickHouse user: it may hold letters, digits and _ only.`,
  });
}

function notProvisioned(workspaceId: string): Fault {
  return new Fault('unkey:application:precondition_failed', {
    public: `The workspace ${workspaceId} is not provisioned for analytics, or has no limits.`,
  });
}

async function encryptPassword(vault: Vault, workspaceId: string): Promise<string> {
  try {
    return (await vault.encrypt(workspaceId, generatePassword())).encrypted;
  } catch (error) {
    throw vaultFault('encrypt', error);
  }
}

async function decryptPassword(vault: Vault, settings: AnalyticsSettingsRow): Promise<string> {
  try {
    return await vault.decrypt(settings.workspaceId, settings.passwordEncrypted);
  } catch (error) {
    throw vaultFault('decrypt', error);
  }
}

function vaultFault(call: string, cause: unknown): Fault {
  return new Fault('unkey:application:service_unavailable', {
    public: `The Vault did not ${call} the password of the workspace's ClickHouse user.`,
    cause,
  });
}
