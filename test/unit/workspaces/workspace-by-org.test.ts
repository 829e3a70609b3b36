import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../../src/lib/clock.ts';
import { silentLogger } from '../../../src/lib/logger.ts';
import { silentMetrics } from '../../../src/lib/metrics.ts';
import {
  createWorkspaceByOrg,
  type WorkspaceByOrg,
} from '../../../src/services/workspaces/workspace-by-org.ts';
import { type Database, DatabaseError } from '../../../src/storage/sql/database.ts';
import { brokenStore, insertWorkspace, migratedStore } from '../support/store.ts';

function lookupOn(db: Database): WorkspaceByOrg {
  return createWorkspaceByOrg({
    db,
    clock: new ManualClock(0),
    log: silentLogger,
    metrics: silentMetrics,
  });
}

describe('the workspace of an organisation', () => {
  it('is found enabled or not', async () => {
    const db = await migratedStore();
    await insertWorkspace(db, { id: 'ws_1', org_id: 'org_1' });
    await insertWorkspace(db, { id: 'ws_2', org_id: 'org_2', enabled: false });
    const workspaces = lookupOn(db);
    expect(await workspaces.find('org_1')).toEqual({ id: 'ws_1', enabled: true });
    expect(await workspaces.find('org_2')).toEqual({ id: 'ws_2', enabled: false });
  });

  it('is absent when deleted, unknown or spelt otherwise', async () => {
    const db = await migratedStore();
    await insertWorkspace(db, { id: 'ws_1', org_id: 'org_1', deleted_at_m: 5 });
    await insertWorkspace(db, { id: 'ws_2', org_id: 'org_2' });
    const workspaces = lookupOn(db);
    expect(await workspaces.find('org_1')).toBeNull();
    expect(await workspaces.find('org_9')).toBeNull();
    expect(await workspaces.find('ORG_2')).toBeNull();
  });

  it('is service_unavailable when the store fails', async () => {
    await expect(lookupOn(brokenStore(new DatabaseError('gone'))).find('org_1')).rejects.toMatchObject({
      code: 'unkey:application:service_unavailable',
    });
  });
});
