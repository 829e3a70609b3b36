import { expect, test } from 'vitest';
import { ManualClock } from '../../../src/lib/clock.ts';
import { faultCode } from '../../../src/lib/fault.ts';
import { createQueryQuota, type QuotaBounds } from '../../../src/services/analytics/reading/query-quota.ts';

const BOUNDS: QuotaBounds = {
  quotaDurationSeconds: 3600,
  maxQueriesPerWindow: 2,
  maxExecutionTimePerWindow: 1800,
};
const EXCEEDED = 'user:too_many_requests:query_quota_exceeded';

const codeOf = (run: Promise<unknown>) => run.then(() => 'ran', faultCode);

test('counts queries by workspace and window, also those that fail', async () => {
  const clock = new ManualClock(3_600_000 * 100 + 5);
  const quota = createQueryQuota({ clock });
  const run = (workspaceId: string, query = async (): Promise<string> => 'rows') =>
    codeOf(quota.run(workspaceId, BOUNDS, query));

  expect(await run('ws_a')).toBe('ran');
  expect(await run('ws_a', () => Promise.reject(new Error('the query is wrong')))).toBeUndefined();
  expect(await run('ws_a')).toBe(EXCEEDED);
  expect(await run('ws_b')).toBe('ran');

  clock.set(3_600_000 * 101);
  expect(await run('ws_a')).toBe('ran');
});

test('a query that is refused does not run', async () => {
  const quota = createQueryQuota({ clock: new ManualClock(0) });
  let runs = 0;
  const query = async () => {
    runs++;
  };
  const bounds = { ...BOUNDS, maxQueriesPerWindow: 1 };
  await quota.run('ws_a', bounds, query);
  expect(await codeOf(quota.run('ws_a', bounds, query))).toBe(EXCEEDED);
  expect(runs).toBe(1);
});

test('counts the time of execution that it is told, not that of waiting', async () => {
  const quota = createQueryQuota({ clock: new ManualClock(0) });
  const bounds = { ...BOUNDS, maxQueriesPerWindow: 1000, maxExecutionTimePerWindow: 1 };
  const taking = (milliseconds: number) =>
    codeOf(quota.run('ws_a', bounds, async (onExecuted) => onExecuted(milliseconds)));
  expect(await taking(600)).toBe('ran');
  expect(await taking(400)).toBe('ran');
  expect(await taking(1)).toBe('ran');
  expect(await taking(0)).toBe(EXCEEDED);
});

test('other bounds begin another window', async () => {
  const quota = createQueryQuota({ clock: new ManualClock(0) });
  const hour = { ...BOUNDS, maxQueriesPerWindow: 1 };
  expect(await codeOf(quota.run('ws_a', hour, async () => undefined))).toBe('ran');
  expect(await codeOf(quota.run('ws_a', { ...hour, quotaDurationSeconds: 60 }, async () => undefined))).toBe(
    'ran',
  );
});
