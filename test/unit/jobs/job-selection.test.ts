import { describe, expect, it } from 'vitest';
import { CliError } from '../../../src/commands/cli/cli-error.ts';
import { selectRun } from '../../../src/commands/jobs/selection.ts';
import { jobs } from '../../../src/services/jobs/jobs.ts';

const NOW = Date.parse('2026-11-22T13:37:00Z');
const dueAt = (name: string, date?: string): string =>
  new Date(selectRun(jobs, { name, date, now: NOW }).dueAt).toISOString();

function mistake(name: string, date?: string): string {
  try {
    dueAt(name, date);
  } catch (error) {
    if (error instanceof CliError) return `${error.exitCode} ${error.message}`;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('the run meant by the words after jobs run', () => {
  it('is the latest that was due', () => {
    expect(dueAt('key-refill')).toBe('2026-11-22T00:00:00.000Z');
    expect(dueAt('audit-cleanup')).toBe('2026-11-22T02:00:00.000Z');
    expect(dueAt('global-counters-cleanup')).toBe('2026-11-22T13:00:00.000Z');
  });

  it('is that of the day given', () => {
    expect(dueAt('key-refill', '2026-02-28')).toBe('2026-02-28T00:00:00.000Z');
    expect(dueAt('key-refill', '2026-11-22')).toBe('2026-11-22T00:00:00.000Z');
  });

  it.each(['2026-02-29', '2026-2-28', '22.11.2026', '', 'today', '2026-11-21T05:00', '20261-01-01'])(
    'is none for the day %j',
    (date) => expect(mistake('key-refill', date)).toBe(`2 --date takes a day as YYYY-MM-DD, got '${date}'`),
  );

  it('is none for a day to come, or where days mean nothing', () => {
    expect(mistake('key-refill', '2026-11-23')).toBe('2 --date 2026-11-23 is still to come');
    expect(mistake('audit-cleanup', '2026-11-21')).toContain('2 --date means nothing to audit-cleanup');
  });

  it('offers the job that was probably meant', () => {
    expect(mistake('key-refil')).toBe("2 unknown job 'key-refil'; did you mean 'key-refill'?");
    expect(mistake('nonsense')).toBe("2 unknown job 'nonsense'");
  });
});
