import type { Call, Expression, Interval } from './tree.ts';

/** Functions whose value is that of their first argument; rounding is left out, in the caller's favour. */
const TRANSPARENT = new Set(
  `tostartofminute tostartofhour tostartofday tostartofweek tostartofmonth tostartofquarter tostartofyear
   todate todatetime todatetime64 formatdatetime tounixtimestamp64milli fromunixtimestamp64milli`.split(
    /\s+/,
  ),
);

const SECOND = 1_000;
const DAY = 86_400 * SECOND;

/** Milliseconds of the units that are evaluated; a month counts 30 days and a year 365. */
const UNITS: Readonly<Record<string, number>> = {
  SECOND,
  MINUTE: 60 * SECOND,
  HOUR: 3_600 * SECOND,
  DAY,
  WEEK: 7 * DAY,
  MONTH: 30 * DAY,
  YEAR: 365 * DAY,
};

/**
 * The moment that `expression` stands for, as far as it can be told without running it (spec 07 §2.6).
 *
 * @param now milliseconds since the epoch.
 * @returns milliseconds since the epoch; `now` for expressions that are not looked into; undefined when not evaluable.
 */
export function momentOf(expression: Expression, now: number): number | undefined {
  switch (expression.kind) {
    case 'number':
      return /^(\d+|0x[0-9a-f]+)$/i.test(expression.text) ? Number(expression.text) : undefined;
    case 'string':
      return parseTime(expression.value);
    case 'call':
      return callValue(expression, now);
    case 'binary':
      if (expression.operator !== '+' && expression.operator !== '-') return now;
      return shifted(expression.left, expression.operator, expression.right, now);
    default:
      return now;
  }
}

function callValue(call: Call, now: number): number | undefined {
  const name = call.name.text.toLowerCase();
  const argument = name === 'date_trunc' ? call.args[1] : TRANSPARENT.has(name) ? call.args[0] : undefined;
  return argument === undefined ? now : momentOf(argument, now);
}

function shifted(base: Expression, operator: '+' | '-', by: Expression, now: number): number | undefined {
  const value = momentOf(base, now);
  const distance = by.kind === 'interval' ? lengthOf(by) : undefined;
  if (value === undefined || distance === undefined) return undefined;
  return operator === '+' ? value + distance : value - distance;
}

function lengthOf({ amount, unit }: Interval): number | undefined {
  const milliseconds = UNITS[unit];
  if (milliseconds === undefined || amount.kind !== 'number' || !/^\d+$/.test(amount.text)) return undefined;
  return Number(amount.text) * milliseconds;
}

const DATE = /^\d{4}-\d{2}-\d{2}$/;
const DATE_TIME = /^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}(?:\.\d+)?$/;
const RFC_3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})$/i;

/** RFC 3339, `YYYY-MM-DD HH:MM:SS` and `YYYY-MM-DD`, the latter two in UTC. */
function parseTime(text: string): number | undefined {
  const rfc3339 = DATE.test(text)
    ? `${text}T00:00:00Z`
    : DATE_TIME.test(text)
      ? `${text.replace(' ', 'T')}Z`
      : RFC_3339.test(text)
        ? text.toUpperCase()
        : undefined;
  const value = rfc3339 === undefined ? Number.NaN : Date.parse(rfc3339);
  return Number.isNaN(value) ? undefined : value;
}
