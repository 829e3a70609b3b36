import assert from 'node:assert/strict';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../../src/lib/clock.ts';
import { silentMetrics } from '../../../src/lib/metrics.ts';
import { createRateLimiter } from '../../../src/services/ratelimit/engine.ts';
import type { RateLimiter } from '../../../src/services/ratelimit/limiter.ts';
import { createThrottle } from '../../../src/services/workspaces/create-throttle.ts';
import type { WorkspaceThrottle } from '../../../src/services/workspaces/throttle.ts';
import { type Database, DatabaseError } from '../../../src/storage/sql/database.ts';
import { recordingLogger } from '../support/recorders.ts';
import { brokenStore, insertLimits, migratedStore } from '../support/store.ts';

const W = 1_700_000_040_000;

function throttleOn(db: Database, over: { limiter?: RateLimiter } = {}) {
  const clock = new ManualClock(W + 500);
  const log = recordingLogger();
  const limiter =
    over.limiter ?? createRateLimiter({ origin: undefined, clock, metrics: silentMetrics, log });
  const throttle: WorkspaceThrottle = createThrottle({ db, limiter, clock, log, metrics: silentMetrics });
  return { clock, log, throttle };
}

async function storeWithLimit(requestsPerMinute: number | null): Promise<Database> {
  const db = await migratedStore();
  await insertLimits(db, 'ws_1', requestsPerMinute);
  return db;
}

describe('the workspace throttle', () => {
  it('counts requests of a minute and says when it ends, on success and failure alike', async () => {
    const { throttle } = throttleOn(await storeWithLimit(2));
    expect(await throttle.check('ws_1')).toEqual({
      denied: false,
      window: { limit: 2, remaining: 1, resetSeconds: 59 },
    });
    expect(await throttle.check('ws_1')).toMatchObject({ denied: false, window: { remaining: 0 } });
    expect(await throttle.check('ws_1')).toEqual({
      denied: true,
      window: { limit: 2, remaining: 0, resetSeconds: 59 },
    });
  });

  it('rounds the seconds down, to 0 at the very end', async () => {
    const { clock, throttle } = throttleOn(await storeWithLimit(2));
    clock.set(W + 59_999);
    expect(await throttle.check('ws_1')).toMatchObject({ window: { resetSeconds: 0 } });
  });

  it('a limit of 0 denies without a window', async () => {
    const { throttle } = throttleOn(await storeWithLimit(0));
    expect(await throttle.check('ws_1')).toEqual({ denied: true });
  });

  it.each([
    ['NULL limit', 'ws_1'],
    ['no limits row', 'ws_2'],
  ])('%s lets everything pass silently', async (_case, workspaceId) => {
    const { throttle, log } = throttleOn(await storeWithLimit(null));
    expect(await throttle.check(workspaceId)).toEqual({ denied: false });
    expect(log.lines).toEqual([]);
  });

  it('lets requests pass while the store fails, and says so in the log', async () => {
    const { throttle, log } = throttleOn(brokenStore(new DatabaseError('gone')));
    expect(await throttle.check('ws_1')).toEqual({ denied: false });
    expect(log.lines.map(({ level }) => level)).toEqual(['error']);
  });

  it.each([
    ['at once', () => assert.fail('limiter down')],
    ['later', () => Promise.reject(new Error('limiter down'))],
  ])('lets requests pass while the limiter fails %s', async (_, fail: () => never | Promise<never>) => {
    const limiter: RateLimiter = { limit: fail, limitMany: fail, close: () => Promise.resolve() };
    const { throttle, log } = throttleOn(await storeWithLimit(2), { limiter });
    expect(await throttle.check('ws_1')).toEqual({ denied: false });
    expect(log.lines).toHaveLength(1);
  });

  it('takes a changed limit from the store after a minute, one stale answer later', async () => {
    const db = await storeWithLimit(0);
    const { clock, throttle } = throttleOn(db);
    expect((await throttle.check('ws_1')).denied).toBe(true);
    await db.primary.run('arrange', 'UPDATE limits SET api_requests_count_max_per_minute = NULL');
    clock.advance(59_999);
    expect((await throttle.check('ws_1')).denied).toBe(true);
    clock.advance(1);
    expect((await throttle.check('ws_1')).denied).toBe(true);
    await expect.poll(async () => (await throttle.check('ws_1')).denied).toBe(false);
  });
});
