import { describe, expect, it } from 'vitest';
import { latestDue } from '../../../src/services/jobs/schedule.ts';

describe('the latest due time', () => {
  it.each([
    ['0 0 * * *', '2026-11-22T00:00:00.000Z', '2026-11-22T00:00:00.000Z'],
    ['0 0 * * *', '2026-11-21T23:59:59.999Z', '2026-11-21T00:00:00.000Z'],
    ['0 2 * * *', '2026-03-01T01:00:00.000Z', '2026-02-28T02:00:00.000Z'],
    ['0 * * * *', '2026-11-22T05:00:00.900Z', '2026-11-22T05:00:00.000Z'],
    ['* * * * *', '2026-11-22T05:07:59.999Z', '2026-11-22T05:07:00.000Z'],
  ])('of %s at %s is %s', (schedule, now, due) => {
    expect(new Date(latestDue(schedule, Date.parse(now))).toISOString()).toBe(due);
  });
});
