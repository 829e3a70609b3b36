import { functionFault } from './faults.ts';
import type { Expression, Query } from './tree.ts';
import { walk } from './walk.ts';

/** ClickHouse spells these in one way only; the emitted name takes that spelling. */
const EXACT_NAMES = `groupArray groupUniqArray uniq uniqExact quantile countIf sumIf
  toDate toDateTime toDateTime64 toStartOfDay toStartOfWeek toStartOfMonth toStartOfQuarter toStartOfYear
  toStartOfHour toStartOfMinute formatDateTime fromUnixTimestamp64Milli toUnixTimestamp64Milli
  toIntervalDay toIntervalWeek toIntervalMonth toIntervalQuarter toIntervalYear toIntervalHour toIntervalMinute
  toIntervalSecond toIntervalMillisecond toIntervalMicrosecond toIntervalNanosecond
  startsWith endsWith JSONExtractString toString toInt32 toInt64 toFloat64 has hasAny hasAll arrayJoin arrayFilter`;

/** ClickHouse ignores the case of these; the caller's spelling stays, as it shows in the result's column names. */
const CASELESS_NAMES = `count sum avg min max any now now64 today date_trunc lower upper substring concat length trim
  round floor ceil abs if case coalesce`;

const SPELLINGS: ReadonlyMap<string, string | undefined> = new Map([
  ...words(EXACT_NAMES).map((name): [string, string] => [name.toLowerCase(), name]),
  ...words(CASELESS_NAMES).map((name): [string, undefined] => [name, undefined]),
]);

function words(list: string): string[] {
  return list.split(/\s+/);
}

/** Functions whose first argument is a function. */
const HIGHER_ORDER = new Set(['arrayfilter']);

/** ClickHouse takes the bare name of a function for a lambda: `arrayFilter(sleep, x)` would call sleep. */
function assertLambda(argument: Expression | undefined): void {
  let current = argument;
  while (current?.kind === 'paren' || current?.kind === 'alias') current = current.value;
  if (current?.kind === 'column') throw functionFault(current.parts.map((part) => part.text).join('.'));
}

/** Whether a query may call the function `name`, in any spelling (spec 07 §2.5). */
export function isAllowedFunction(name: string): boolean {
  return SPELLINGS.has(name.toLowerCase());
}

/**
 * Holds every call of `query` against the allow-list and gives it ClickHouse's spelling. No function is allowed in the
 * place of a table.
 *
 * @throws Fault invalid_analytics_function naming the first other one.
 */
export function applyFunctionRules(query: Query): void {
  walk(query, (node) => {
    if (node.kind === 'table-function') throw functionFault(node.name);
    if (node.kind !== 'call') return;
    const { text } = node.name;
    if (node.invented || !isAllowedFunction(text)) throw functionFault(text);
    if (HIGHER_ORDER.has(text.toLowerCase())) assertLambda(node.args[0]);
    node.name = { text: SPELLINGS.get(text.toLowerCase()) ?? text, quoted: false };
  });
}
