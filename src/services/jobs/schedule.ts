import { Cron } from 'croner';

/**
 * The latest time at or before `now` (unix ms) at which a schedule was due, as unix ms. The schedule is in UTC.
 * @throws Error for a schedule that was never due
 */
export function latestDue(schedule: string, now: number): number {
  // The library looks for a time strictly before the one given.
  const [due] = new Cron(schedule, { timezone: 'UTC', paused: true }).previousRuns(1, new Date(now + 1));
  if (due === undefined) throw new Error(`the schedule '${schedule}' was never due`);
  return due.getTime();
}

/** The calendar day (UTC) of a unix time in ms, as `YYYY-MM-DD`. */
export function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}
