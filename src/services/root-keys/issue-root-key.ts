// The rows of one new root key: what `root-key create` and `bootstrap` have in common.
import type { Transaction } from '../../storage/sql/database.ts';
import { toDateTime } from '../../storage/sql/dialect.ts';
import { insertKeys } from '../../storage/sql/queries/keys.ts';
import type { KeyMaterial } from '../keys/key-material.ts';
import { type CliEvents, writeCliEvents } from './cli-audit.ts';
import {
  connectEvents,
  connectGrants,
  createEvents,
  type EnsuredGrants,
  ensureGrants,
  type GrantDeps,
} from './grants.ts';
import type { RootSide } from './root-side.ts';

export interface NewRootKey {
  /** The workspace that the key acts for. */
  readonly workspaceId: string;
  readonly name: string | null;
  /** Unix milliseconds; null = never. */
  readonly expires: number | null;
  readonly material: Pick<KeyMaterial, 'hash' | 'start'>;
  /** As `distinctGrants` yields them. */
  readonly grants: readonly string[];
}

export interface IssuedRootKey {
  readonly id: string;
  readonly grants: EnsuredGrants;
}

/**
 * Inserts the grants now and the key at the latest with the commit, which throws a DuplicateKeyError when its id or hash is
 * taken. Tells no audit log.
 */
export async function insertRootKeyWithGrants(
  tx: Transaction,
  root: RootSide,
  key: NewRootKey,
  deps: GrantDeps,
): Promise<IssuedRootKey> {
  const id = deps.ids.next('key');
  insertKeys(tx, [
    {
      id,
      keyspaceId: root.keyspaceId,
      workspaceId: root.workspaceId,
      forWorkspaceId: key.workspaceId,
      hash: key.material.hash,
      start: key.material.start,
      name: key.name,
      identityId: null,
      meta: null,
      expires: key.expires === null ? null : toDateTime(key.expires),
      createdAt: deps.clock.now(),
      enabled: true,
      remaining: null,
      refillAmount: null,
      refillDay: null,
    },
  ]);
  const grants = await ensureGrants(tx, root, key.grants, deps);
  await connectGrants(tx, root, id, grants.all, deps);
  return { id, grants };
}

/** The same with its audit events: `key.create` and a connect event per grant for the workspace that it acts for. */
export async function issueRootKey(
  tx: Transaction,
  root: RootSide,
  key: NewRootKey,
  deps: GrantDeps,
): Promise<IssuedRootKey> {
  const issued = await insertRootKeyWithGrants(tx, root, key, deps);
  writeCliEvents(tx, issueEvents(root, key, issued), deps);
  return issued;
}

function issueEvents(root: RootSide, key: NewRootKey, issued: IssuedRootKey): CliEvents[] {
  const named = { id: issued.id, name: key.name };
  return [
    {
      workspaceId: key.workspaceId,
      events: [
        {
          event: 'key.create',
          description: `Created ${issued.id}`,
          targets: [
            { type: 'key', ...named },
            { type: 'api', id: root.apiId, name: root.apiName },
          ],
        },
        ...connectEvents(named, issued.grants.all),
      ],
    },
    { workspaceId: root.workspaceId, events: createEvents(issued.grants.created) },
  ];
}
