// ClickHouse's texts of dates and times as RFC 3339.

const DATE_TIME = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(?:\.(\d+))?Z?$/;
const MINUTE_MS = 60_000;

/** `2026-08-20` → `2026-08-20T00:00:00Z`. */
export function dateToRfc3339(text: string): string {
  return `${text}T00:00:00Z`;
}

/**
 * `2026-08-20 12:00:00.120` → `2026-08-20T12:00:00.12Z`: the fraction only as long as it says something.
 *
 * @param zone IANA name of the zone that the text is written in; other than UTC it gives the offset, e.g. `+02:00`. In
 * the hour that a clock change repeats, the text does not say which of the two is meant: the later one is taken.
 * @throws RangeError for a text that is no date with time, or an unknown zone.
 */
export function dateTimeToRfc3339(text: string, zone: string): string {
  const [, date, time, digits = ''] = DATE_TIME.exec(text) ?? [];
  if (date === undefined || time === undefined) throw new RangeError('not a date with time');
  const fraction = digits.replace(/(?<!0)0+$/, '');
  // ClickHouse ends a text with Z only for an instant in UTC (date_time_output_format = 'iso').
  const offset =
    isUtc(zone) || text.endsWith('Z') ? 'Z' : offsetText(offsetMinutes(`${date}T${time}Z`, zone));
  return `${date}T${time}${fraction === '' ? '' : `.${fraction}`}${offset}`;
}

function isUtc(zone: string): boolean {
  return zone === 'UTC' || zone === 'Etc/UTC';
}

function offsetText(minutes: number): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const size = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}

/** Minutes that the zone's clock is ahead of UTC when it shows that time. */
function offsetMinutes(shown: string, zone: string): number {
  const local = Date.parse(shown);
  // The offset before the change is looked up with a time too late by up to a day; the second look corrects it.
  const guess = offsetAt(local, zone);
  return offsetAt(local - guess * MINUTE_MS, zone);
}

const clocks = new Map<string, Intl.DateTimeFormat>();

function offsetAt(instant: number, zone: string): number {
  let clock = clocks.get(zone);
  if (clock === undefined) {
    clock = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' });
    clocks.set(zone, clock);
  }
  const name = clock.formatToParts(instant).find(({ type }) => type === 'timeZoneName')?.value ?? '';
  const [, sign, hours, minutes] = /GMT([+-])(\d\d):(\d\d)/.exec(name) ?? [];
  if (sign === undefined) return 0;
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
}
