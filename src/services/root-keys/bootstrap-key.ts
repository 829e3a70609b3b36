// The root key of a bootstrap: whether one has to be made, and making it.
import type { Clock } from '../../lib/clock.ts';
import { Fault } from '../../lib/fault.ts';
import { sha256Base64 } from '../../lib/hash.ts';
import type { Queryable, Transaction } from '../../storage/sql/database.ts';
import { findKeyIdByHash, listRootKeyRows } from '../../storage/sql/queries/root-keys.ts';
import { generateKey, type KeyMaterial } from '../keys/key-material.ts';
import { writeCliEvents } from './cli-audit.ts';
import {
  compareGrants,
  connectEvents,
  connectGrants,
  createEvents,
  ensureGrants,
  type GrantDeps,
} from './grants.ts';
import { insertRootKeyWithGrants, issueRootKey } from './issue-root-key.ts';
import { isUsable, type RootKey, toRootKey } from './root-key.ts';
import { ROOT_KEY_PREFIX, type RootSide } from './root-side.ts';
import { DEFAULT_GRACE_MS, replaceRootKey } from './rotate-root-key.ts';

/** The name of the key that a bootstrap makes, by which `rotateRootKey` finds it again. */
const BOOTSTRAP_KEY_NAME = 'bootstrap';

/** Printable, no blanks: it has to travel in an Authorization header. Length: BOOT-3, and what keys.verifyKey takes. */
const SUPPLIED_KEY = /^[\x21-\x7e]{32,512}$/;

const START_LENGTH = 4;

export interface BootstrapKeyRequest {
  /** The secret, when the caller brings it along. */
  readonly rootKey?: string;
  readonly rotateRootKey?: boolean;
}

export type BootstrapKeyPlan =
  | { readonly action: 'keep'; readonly keyId: string }
  /** `replaces` is the bootstrap's earlier key, which ends. */
  | { readonly action: 'make'; readonly replaces: RootKey | undefined };

/** @throws Fault `invalid_input` for a secret that is too short or cannot be sent. The message does not quote it. */
export function checkSuppliedKey(secret: string | undefined): void {
  if (secret === undefined || SUPPLIED_KEY.test(secret)) return;
  throw new Fault('unkey:application:invalid_input', {
    public: 'A supplied root key must have 32 to 512 printable ASCII characters without blanks.',
  });
}

/**
 * Whether the workspace needs a root key. Any usable one will do, whoever made it, unless a secret is supplied or a new
 * key is asked for.
 * @throws Fault `precondition_failed` when the supplied secret is not the existing key's, or was used up
 */
export async function planBootstrapKey(
  q: Queryable,
  root: Pick<RootSide, 'workspaceId'>,
  workspaceId: string,
  request: BootstrapKeyRequest,
  clock: Clock,
): Promise<BootstrapKeyPlan> {
  const now = clock.now();
  const rows = await listRootKeyRows(q, root.workspaceId, [workspaceId]);
  const usable = rows.map(toRootKey).filter((key) => isUsable(key, now));
  if (request.rootKey !== undefined) {
    const holder = await findKeyIdByHash(q, sha256Base64(request.rootKey));
    if (holder !== undefined) return keepSupplied(holder, usable);
  }
  if (request.rotateRootKey) {
    return { action: 'make', replaces: usable.findLast((key) => key.name === BOOTSTRAP_KEY_NAME) };
  }
  const [existing] = usable;
  if (existing === undefined) return { action: 'make', replaces: undefined };
  if (request.rootKey !== undefined) {
    throw new Fault('unkey:application:precondition_failed', {
      public: `The workspace has another root key already (${existing.id}). --rotate-root-key replaces it.`,
    });
  }
  return { action: 'keep', keyId: existing.id };
}

function keepSupplied(holder: string, usable: readonly RootKey[]): BootstrapKeyPlan {
  if (usable.some((key) => key.id === holder)) return { action: 'keep', keyId: holder };
  throw new Fault('unkey:application:precondition_failed', {
    public: `The supplied root key cannot be used: its value belongs to ${holder}, which is revoked, expired or of another workspace.`,
  });
}

export interface MadeBootstrapKey {
  readonly keyId: string;
  /** The secret, unless the caller brought it along. */
  readonly rootKey: string | undefined;
}

export interface BootstrapKeyOwner {
  readonly workspaceId: string;
  /** True when this run made the workspace: setting it up is no event in the life of anybody's workspace. */
  readonly newborn: boolean;
}

/** Makes the key with these grants. */
export async function makeBootstrapKey(
  tx: Transaction,
  root: RootSide,
  owner: BootstrapKeyOwner,
  make: {
    readonly replaces: RootKey | undefined;
    readonly secret: string | undefined;
    readonly grants: readonly string[];
  },
  deps: GrantDeps,
): Promise<MadeBootstrapKey> {
  const { replaces, secret, grants } = make;
  const material =
    secret === undefined
      ? generateKey({ prefix: ROOT_KEY_PREFIX, byteLength: root.byteLength })
      : suppliedMaterial(secret);
  const rootKey = secret === undefined ? material.key : undefined;
  if (replaces !== undefined) {
    const oldExpires = Math.min(
      replaces.expires ?? Number.POSITIVE_INFINITY,
      deps.clock.now() + DEFAULT_GRACE_MS,
    );
    const keyId = await replaceRootKey(tx, root, { old: replaces, oldExpires, material }, deps);
    await grantMissing(tx, root, { ...replaces, id: keyId }, grants, deps);
    return { keyId, rootKey };
  }
  const issue = owner.newborn ? insertRootKeyWithGrants : issueRootKey;
  const { id } = await issue(
    tx,
    root,
    { workspaceId: owner.workspaceId, name: BOOTSTRAP_KEY_NAME, expires: null, material, grants },
    deps,
  );
  return { keyId: id, rootKey };
}

/** Of a supplied secret nothing is shown but its first characters: who knows where its underscores stand. */
function suppliedMaterial(key: string): KeyMaterial {
  const lead = key.startsWith(`${ROOT_KEY_PREFIX}_`) ? ROOT_KEY_PREFIX.length + 1 : 0;
  return { key, start: key.slice(0, lead + START_LENGTH), hash: sha256Base64(key) };
}

/** An older bootstrap may have known fewer permissions. */
async function grantMissing(
  tx: Transaction,
  root: RootSide,
  key: RootKey,
  grants: readonly string[],
  deps: GrantDeps,
): Promise<void> {
  const { add } = await compareGrants(tx, key.id, grants);
  if (add.length === 0) return;
  const added = await ensureGrants(tx, root, add, deps);
  await connectGrants(tx, root, key.id, added.all, deps);
  writeCliEvents(
    tx,
    [
      { workspaceId: key.workspaceId, events: connectEvents(key, added.all) },
      { workspaceId: root.workspaceId, events: createEvents(added.created) },
    ],
    deps,
  );
}
