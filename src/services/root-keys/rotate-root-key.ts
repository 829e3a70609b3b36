// Replaces a root key by a new one with the same rights, while the old one stays usable for a while. Source: RK-7 of the
// operations chapter and the rotation rules of the identities chapter.
import { Fault } from '../../lib/fault.ts';
import type { Transaction } from '../../storage/sql/database.ts';
import { toDateTime } from '../../storage/sql/dialect.ts';
import { updateKeyColumns } from '../../storage/sql/queries/keys.ts';
import { copyKey } from '../../storage/sql/queries/root-key-rotation.ts';
import { lockKeys } from '../../storage/sql/queries/root-keys.ts';
import { copyKeyParts } from '../keys/copy-key-parts.ts';
import { generateKey, type KeyMaterial } from '../keys/key-material.ts';
import { writeCliEvents } from './cli-audit.ts';
import type { RootKeyDeps } from './create-root-key.ts';
import { findRootKeys } from './find-root-keys.ts';
import type { GrantDeps } from './grants.ts';
import type { RootKey } from './root-key.ts';
import { findRootSide, type RootSide } from './root-side.ts';

/** How long the old key works after a rotation unless the caller says otherwise, in ms. */
export const DEFAULT_GRACE_MS = 60 * 60_000;

/** The longest such time, in ms. */
const MAX_GRACE_MS = 30 * 24 * 60 * 60_000;

export interface RotateRootKeyRequest {
  readonly keyId: string;
  /** Milliseconds, 0 to `MAX_GRACE_MS`; `DEFAULT_GRACE_MS` unless given. */
  readonly graceMs?: number;
  readonly rootApiId?: string;
}

export interface RotationPlan {
  readonly old: RootKey;
  /** Unix milliseconds at which the old key ends: after the grace, but never later than it would have anyway. */
  readonly oldExpires: number;
}

export interface RotatedRootKey {
  readonly keyId: string;
  /** The secret of the new key, told this once. */
  readonly key: string;
  readonly workspaceId: string;
  readonly oldKeyId: string;
  /** Unix milliseconds. */
  readonly oldExpires: number;
}

/** What `rotateRootKey` would do, read without writing or locking. Throws the same faults. */
export async function planRotation(
  deps: Pick<RootKeyDeps, 'db' | 'clock'>,
  request: RotateRootKeyRequest,
): Promise<RotationPlan> {
  const root = await findRootSide(deps.db.primary, request.rootApiId);
  const [old] = await findRootKeys(deps.db.primary, root, [request.keyId]);
  return planFor(old, request.graceMs, deps.clock.now());
}

/**
 * Makes a new key with name, meta, expiry, state, credits, permissions, roles and limits of the old one, and lets the
 * old one expire, in one transaction.
 * @throws Fault `key_not_found` for an id that names no root key or a revoked one, `precondition_failed` when the key has
 * expired, `invalid_input` for a grace out of range, `api_not_found` without a root API
 */
export async function rotateRootKey(
  deps: RootKeyDeps,
  request: RotateRootKeyRequest,
): Promise<RotatedRootKey> {
  const root = await findRootSide(deps.db.primary, request.rootApiId);
  return deps.db.transaction(async (tx) => {
    await lockKeys(tx, [request.keyId]);
    const [source] = await findRootKeys(tx, root, [request.keyId]);
    const { old, oldExpires } = planFor(source, request.graceMs, deps.clock.now());
    const material = generateKey({ prefix: prefixOf(old.start), byteLength: root.byteLength });
    const keyId = await replaceRootKey(tx, root, { old, oldExpires, material }, deps);
    return { keyId, key: material.key, workspaceId: old.workspaceId, oldKeyId: old.id, oldExpires };
  });
}

/** Copies the key under `material`, ends the old one at `oldExpires` (unix ms), and returns the new id. */
export async function replaceRootKey(
  tx: Transaction,
  root: RootSide,
  { old, oldExpires, material }: RotationPlan & { material: Pick<KeyMaterial, 'hash' | 'start'> },
  deps: GrantDeps,
): Promise<string> {
  const now = deps.clock.now();
  const keyId = deps.ids.next('key');
  await copyKey(tx, old.id, { id: keyId, hash: material.hash, start: material.start }, now);
  await copyKeyParts(tx, { sourceId: old.id, keyId, workspaceId: root.workspaceId, now }, deps.ids);
  await updateKeyColumns(tx, old.id, { expires: toDateTime(oldExpires) }, now);
  writeCliEvents(
    tx,
    [
      {
        workspaceId: old.workspaceId,
        events: [
          {
            event: 'key.reroll',
            description: `Rotated ${old.id} to ${keyId}`,
            targets: [
              { type: 'key', id: keyId, name: old.name },
              { type: 'key', id: old.id, name: old.name },
              { type: 'api', id: root.apiId, name: root.apiName },
            ],
          },
        ],
      },
    ],
    deps,
  );
  return keyId;
}

function planFor(old: RootKey | undefined, graceMs = DEFAULT_GRACE_MS, now: number): RotationPlan {
  if (old === undefined) throw new Error('a looked-up root key is missing from the answer');
  if (!Number.isInteger(graceMs) || graceMs < 0 || graceMs > MAX_GRACE_MS) {
    throw new Fault('unkey:application:invalid_input', {
      public: 'The grace must be between 0 and 30 days.',
    });
  }
  if (old.deletedAt !== null) {
    throw new Fault('unkey:data:key_not_found', { public: `The root key ${old.id} is revoked.` });
  }
  if (old.expires !== null && old.expires <= now) {
    throw new Fault('unkey:application:precondition_failed', {
      public: `The root key ${old.id} has expired; there is nothing to rotate.`,
    });
  }
  return { old, oldExpires: Math.min(old.expires ?? Number.POSITIVE_INFINITY, now + graceMs) };
}

/** The text before the last `_` of a key's start; none, no prefix. */
function prefixOf(start: string): string {
  return start.slice(0, Math.max(0, start.lastIndexOf('_')));
}
