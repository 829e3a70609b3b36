import { isDeepStrictEqual } from 'node:util';
import type { JsonObject } from '../../lib/json.ts';
import type { ChangeClass, ChangeLog } from './change.ts';
import type { DocumentPath } from './contract-file.ts';

// Differences between two versions of one schema that can be told without looking at the schemas inside it.

/** Which side of the wire a schema describes: what may be sent, or what may come back. */
export type Side = 'request' | 'response';

/** A schema in its document, not a reference. */
export interface Place {
  readonly document: unknown;
  readonly schema: JsonObject;
  readonly path: DocumentPath;
}

/** What it allows became less, more, or something else. */
export type Shift = 'narrowed' | 'widened' | 'changed';

const LOWER_BOUNDS = ['minLength', 'minItems', 'minProperties', 'minimum', 'exclusiveMinimum'];
const UPPER_BOUNDS = ['maxLength', 'maxItems', 'maxProperties', 'maximum', 'exclusiveMaximum'];
/** Constraints of which it can only be said whether they are there and the same. */
const OTHER_CONSTRAINTS = [
  'pattern',
  'multipleOf',
  'uniqueItems',
  'const',
  'not',
  'patternProperties',
  'propertyNames',
];
/** Keywords that the walk over the schemas inside compares. */
const NESTING = ['properties', 'required', 'additionalProperties', 'items', 'anyOf', 'oneOf', 'allOf'];
/** What is not in here says nothing about values. */
const COMPARED: ReadonlySet<string> = new Set([
  ...LOWER_BOUNDS,
  ...UPPER_BOUNDS,
  ...OTHER_CONSTRAINTS,
  ...NESTING,
  'type',
  'enum',
  'default',
]);

/**
 * What a shift means. A request may come to allow more. An answer may not change what it allows: callers were told both
 * what may come and what may not.
 */
export function classOf(shift: Shift, side: Side): ChangeClass {
  return side === 'request' && shift === 'widened' ? 'compatible' : 'breaking';
}

/** Logs how the keywords of a schema changed, those aside that hold other schemas. */
export function diffKeywords(before: Place, after: Place, side: Side, log: ChangeLog): void {
  const report: Report = (keyword, kind, message) => {
    const place = keyword in after.schema ? after : before;
    log.add(kind, [...place.path, keyword], `${side}: ${message}`);
  };
  const [old, now] = [before.schema, after.schema];
  diffTypes(old, now, side, report);
  diffValues(old, now, side, report);
  diffBounds(old, now, side, report);
  diffOthers(old, now, side, report);
}

type Report = (keyword: string, kind: ChangeClass, message: string) => void;

function diffTypes(old: JsonObject, now: JsonObject, side: Side, report: Report): void {
  const [from, to] = [typesOf(old), typesOf(now)];
  const narrowed = !covers(to, from);
  if (!narrowed && covers(from, to)) return;
  const message = `type changed from ${from?.join(' or ') ?? 'any'} to ${to?.join(' or ') ?? 'any'}`;
  report('type', classOf(narrowed ? 'narrowed' : 'widened', side), message);
}

/** The types that a schema allows; undefined for all. */
function typesOf({ type }: JsonObject): string[] | undefined {
  return type === undefined ? undefined : [type].flat().map(String).toSorted();
}

/** Whether every one of `types` is allowed; an integer is a number. */
function covers(allowed: readonly string[] | undefined, types: readonly string[] | undefined): boolean {
  if (allowed === undefined) return true;
  return (
    types?.every((type) => allowed.includes(type) || (type === 'integer' && allowed.includes('number'))) ??
    false
  );
}

function diffValues(old: JsonObject, now: JsonObject, side: Side, report: Report): void {
  const [from, to] = [old.enum, now.enum];
  if (Array.isArray(from) && Array.isArray(to)) {
    for (const value of missingFrom(to, from)) report('enum', 'breaking', `value ${shown(value)} removed`);
    // In answers too: callers are told to expect values that they do not know.
    for (const value of missingFrom(from, to)) report('enum', 'compatible', `value ${shown(value)} added`);
  } else if (Array.isArray(to)) report('enum', classOf('narrowed', side), 'a list of values was added');
  else if (Array.isArray(from)) report('enum', classOf('widened', side), 'the list of values was removed');
}

function diffBounds(old: JsonObject, now: JsonObject, side: Side, report: Report): void {
  const compare = (keyword: string, unbounded: number): void => {
    const [from, to] = [Number(old[keyword] ?? unbounded), Number(now[keyword] ?? unbounded)];
    if (from === to) return;
    const narrowed = unbounded < 0 ? to > from : to < from;
    report(keyword, classOf(narrowed ? 'narrowed' : 'widened', side), change(keyword, old, now));
  };
  for (const keyword of LOWER_BOUNDS) compare(keyword, Number.NEGATIVE_INFINITY);
  for (const keyword of UPPER_BOUNDS) compare(keyword, Number.POSITIVE_INFINITY);
}

function diffOthers(old: JsonObject, now: JsonObject, side: Side, report: Report): void {
  for (const keyword of new Set([...Object.keys(old), ...Object.keys(now)])) {
    if (isDeepStrictEqual(old[keyword], now[keyword])) continue;
    if (OTHER_CONSTRAINTS.includes(keyword)) {
      const shift = !(keyword in old) ? 'narrowed' : !(keyword in now) ? 'widened' : 'changed';
      report(keyword, classOf(shift, side), change(keyword, old, now));
    } else if (keyword === 'default') {
      // What a request means without the member; the default of an answer means nothing.
      report(keyword, side === 'request' ? 'breaking' : 'docs-only', change(keyword, old, now));
    } else if (!COMPARED.has(keyword)) report(keyword, 'docs-only', `${keyword} changed`);
  }
}

function change(keyword: string, old: JsonObject, now: JsonObject): string {
  return `${keyword} changed from ${shown(old[keyword])} to ${shown(now[keyword])}`;
}

function shown(value: unknown): string {
  return value === undefined ? 'none' : JSON.stringify(value);
}

function missingFrom(list: readonly unknown[], values: readonly unknown[]): unknown[] {
  return values.filter((value) => !list.some((each) => isDeepStrictEqual(each, value)));
}
