import { describe, expect, test } from 'vitest';
import { checkAnalyticsRows } from '../../../soak/invariants/analytics-rows.ts';
import { AnswerCounts } from '../../../soak/ledger/answer-counts.ts';
import { readBufferCounts } from '../../../soak/measure/buffer-counts.ts';
import { Violations } from '../../../soak/violations.ts';

type Lives = Parameters<typeof checkAnalyticsRows>[0];

/** Whether `rows` of verifications are explained. */
function holds(lives: Lives, answers: AnswerCounts, rows: number): boolean {
  const violations = new Violations(
    () => 0,
    () => undefined,
  );
  checkAnalyticsRows(lives, answers, { key_verifications: rows, ratelimits: 0 }, violations);
  return violations.verdicts().every(({ broken }) => broken === 0);
}

const counts = (processed: number, dropped = 0, failed = 0) => ({
  key_verifications: { buffered: processed + failed, processed, dropped, failed },
});

describe('analytics rows', () => {
  test('equal the answers, and what is in doubt on top', () => {
    const answers = new AnswerCounts();
    answers.answered('key_verifications', 'api-1#1', 10);
    answers.inDoubt('key_verifications', 'api-1#1', 2);
    const lives: Lives = [{ id: 'api-1#1', ending: 'stopped', buffers: counts(10), lostRows: {} }];
    expect([9, 10, 12, 13].map((rows) => holds(lives, answers, rows))).toEqual([false, true, true, false]);
  });

  test('may lack what was dropped or given up, and was counted', () => {
    const answers = new AnswerCounts();
    answers.answered('key_verifications', 'api-1#1', 10);
    const lives: Lives = [{ id: 'api-1#1', ending: 'stopped', buffers: counts(4, 3, 3), lostRows: {} }];
    expect([3, 4].map((rows) => holds(lives, answers, rows))).toEqual([false, true]);
  });

  test('may lack what a process that was killed had not written', () => {
    const answers = new AnswerCounts();
    answers.answered('key_verifications', 'api-1#1', 10);
    answers.answered('key_verifications', 'api-2#1', 10);
    const lives: Lives = [
      { id: 'api-1#1', ending: 'killed', buffers: counts(6), lostRows: {} },
      { id: 'api-2#1', ending: 'stopped', buffers: counts(5), lostRows: { key_verifications: 1 } },
    ];
    expect([14, 15].map((rows) => holds(lives, answers, rows))).toEqual([false, true]);
  });
});

test('the counts of buffers are read off the metrics, several series of a name added up', () => {
  const text = [
    '# HELP unkey_buffer_state_total Items offered to a buffer',
    'unkey_buffer_state_total{name="ratelimits",state="buffered"} 7',
    'unkey_buffer_state_total{state="buffered",name="ratelimits"} 1',
    'unkey_buffer_state_total{name="ratelimits",state="dropped"} 2',
    'unkey_buffer_state_total{name="ratelimits",state="closed"} 9',
    'unkey_batch_items_processed_total{name="ratelimits"} 5',
    'unkey_batch_items_processed_errors_total{name="ratelimits"} 3',
    'unkey_buffer_size_percentage{name="ratelimits"} 0.5',
  ].join('\n');
  expect(readBufferCounts(text)).toEqual({
    ratelimits: { buffered: 8, dropped: 2, processed: 5, failed: 3 },
  });
});
