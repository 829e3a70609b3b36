import { describe, expect, it } from 'vitest';
import { NOW, refusal, rewritten } from './sql-options.ts';

const DAY = 86_400_000;
const OLD = NOW - 30 * DAY - 1;

describe('retention', () => {
  it.each([
    'now() - INTERVAL 90 DAY <= time',
    'time >= now() - INTERVAL 31 DAY',
    'time > now64(3) - INTERVAL 60 DAY',
    'time = today() - INTERVAL 5 WEEK',
    'time BETWEEN toStartOfDay(now() - INTERVAL 60 DAY) AND now()',
    'time >= now() - INTERVAL 2 MONTH',
    'time >= now() - INTERVAL 1 YEAR',
    'time >= toUnixTimestamp64Milli(now64(3) - INTERVAL 60 DAY)',
    "time >= date_trunc('month', now() - INTERVAL 60 DAY)",
    'time >= fromUnixTimestamp64Milli(5)',
    `time >= ${OLD}`,
    'time >= 1755691200',
    "time >= '2026-01-01'",
    "time >= '2026-01-01 00:00:00'",
    "time >= '2026-01-01T00:00:00Z'",
    "time >= '2026-01-01T00:00:00.5+02:00'",
    "time >= toDateTime('2026-01-01 00:00:00')",
    '`time` >= 5',
    'TIME >= 5',
    'r.time >= 5',
    'a OR (b AND (time >= 5))',
    'a = (time >= 5)',
    'time >= now() - INTERVAL 1 DAY AND time >= 5',
    'time >= now() - INTERVAL 20 DAY - INTERVAL 20 DAY',
  ])('refuses WHERE %s', async (condition) => {
    const refused = await refusal(`SELECT 1 FROM kv AS r WHERE ${condition}`);
    expect(refused.code).toBe('query_range_exceeds_retention');
    expect(refused.detail).toContain('30 days');
  });

  it.each([
    'time >= now() - INTERVAL 30 DAY',
    `time >= ${OLD + 1}`,
    'time <= now() - INTERVAL 90 DAY',
    'time < 5',
    'time != 5',
    'time == 5',
    '5 == time',
    '5 >= time',
    'time IN (5)',
    'time BETWEEN now() AND 5',
    'time NOT BETWEEN 5 AND 6',
    'NOT (time >= 5)',
    'if(time >= 5, 1, 0)',
    'CASE WHEN time >= 5 THEN 1 END',
    'time >= 1.5',
    "time >= 'last year'",
    "time >= '2026-01-01T00:00:00'",
    "time >= '2026-01-01 00:00:00Z'",
    "time >= now() - INTERVAL '60' DAY",
    'time >= now() - INTERVAL a DAY',
    'time >= now() - INTERVAL 60 QUARTER',
    'time >= now() - toIntervalDay(60)',
    'time >= now() - 5000000',
    'time >= (now() - INTERVAL 60 DAY)',
    'time >= round(5)',
    'time >= now() + INTERVAL 1 DAY',
    'times >= 5',
    'time.x >= 5',
  ])('allows WHERE %s', async (condition) => {
    await expect(rewritten(`SELECT 1 FROM kv AS r WHERE ${condition}`)).resolves.toContain('LIMIT1000');
  });

  it.each(['PREWHERE time >= 5', 'HAVING time >= 5', 'JOIN kvh AS h ON r.time >= 5'])(
    'leaves %s alone',
    async (clause) => {
      await expect(rewritten(`SELECT 1 FROM kv AS r ${clause}`)).resolves.toContain('LIMIT1000');
    },
  );

  it('looks into every WHERE', async () => {
    const inner = await refusal('SELECT 1 FROM kv WHERE a IN (SELECT 1 FROM kvh WHERE time >= 5)');
    expect(inner.code).toBe('query_range_exceeds_retention');
  });

  it('is off for 0 days, and follows the calendar of the workspace', async () => {
    const sql = 'SELECT 1 FROM kv WHERE time >= now() - INTERVAL 60 DAY';
    await expect(rewritten(sql, { retentionDays: 0 })).resolves.toContain('LIMIT1000');
    await expect(rewritten(sql, { retentionDays: 90 })).resolves.toContain('LIMIT1000');
  });
});
