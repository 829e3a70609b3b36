import { expect, test } from 'vitest';
import { ManualClock } from '../../../src/lib/clock.ts';
import { randomIds } from '../../../src/lib/uid.ts';
import { createDefaultProjects } from '../../../src/services/projects/default-project.ts';
import { openMigratedStore } from '../../support/migrated-store.ts';

test('a default project is made once, and taken to be there for a minute', async () => {
  const db = await openMigratedStore('sqlite');
  const clock = new ManualClock(1_800_000_000_000);
  const projects = createDefaultProjects({ db, clock, ids: randomIds });
  const stored = () =>
    db.primary.all<{ id: string; workspaceId: string }>(
      'projects',
      'SELECT id, workspace_id AS workspaceId FROM projects ORDER BY pk',
    );

  const id = await projects.resolve('ws_one');
  const other = await projects.resolve('ws_two');
  expect(await projects.resolve('ws_one')).toBe(id);
  expect(await stored()).toEqual([
    { id, workspaceId: 'ws_one' },
    { id: other, workspaceId: 'ws_two' },
  ]);

  // As when somebody restores the store to an earlier state.
  await db.primary.run('restore', 'DELETE FROM projects');
  clock.advance(60_000);
  expect(await projects.resolve('ws_one')).toBe(id);
  clock.advance(1);
  const again = await projects.resolve('ws_one');
  expect(again).not.toBe(id);
  expect(await stored()).toEqual([{ id: again, workspaceId: 'ws_one' }]);
});
