import { isDeepStrictEqual } from 'node:util';
import { isObject, type JsonObject } from '../../lib/json.ts';
import type { ChangeLog } from './change.ts';
import type { DocumentPath } from './contract-file.ts';
import { membersOf, resolveReference } from './json-pointer.ts';
import { classOf, diffKeywords, type Place, type Side } from './schema-keywords.ts';

/** Where a schema, or a reference to one, stands in its document. */
export interface SchemaSource {
  readonly document: unknown;
  readonly schema: unknown;
  readonly path: DocumentPath;
}

/** Compares two versions of a schema with all schemas inside, follows references, and logs every difference. */
export function diffSchemas(before: SchemaSource, after: SchemaSource, side: Side, log: ChangeLog): void {
  walk(before, after, { side, log, open: [] });
}

interface Comparison {
  readonly side: Side;
  readonly log: ChangeLog;
  /** Pairs under comparison: a recursive schema comes back to one of them. */
  readonly open: readonly (readonly [before: JsonObject, after: JsonObject])[];
}

function walk(before: SchemaSource, after: SchemaSource, outer: Comparison): void {
  const [old, now] = [placeOf(before), placeOf(after)];
  if (outer.open.some(([a, b]) => a === old.schema && b === now.schema)) return;
  const comparison = { ...outer, open: [...outer.open, [old.schema, now.schema] as const] };
  diffKeywords(old, now, comparison.side, comparison.log);
  diffMembers(old, now, comparison);
  diffOpenness(old, now, comparison);
  if (isObject(old.schema.items) || isObject(now.schema.items)) {
    walk(inside(old, 'items'), inside(now, 'items'), comparison);
  }
  for (const keyword of ['anyOf', 'oneOf', 'allOf']) diffBranches(keyword, old, now, comparison);
}

function placeOf({ document, schema, path }: SchemaSource): Place {
  const resolved = resolveReference(document, schema);
  return { document, schema: isObject(resolved) ? resolved : {}, path };
}

function inside(place: Place, ...steps: readonly (string | number)[]): SchemaSource {
  const schema = steps.reduce<unknown>(
    (value, step) => (value as Record<string | number, unknown> | undefined)?.[step],
    place.schema,
  );
  return { document: place.document, schema, path: [...place.path, ...steps] };
}

function diffMembers(before: Place, after: Place, comparison: Comparison): void {
  const { side, log } = comparison;
  const [was, is] = [membersNamed(before), membersNamed(after)];
  for (const name of was.all.difference(is.all)) {
    log.add('breaking', [...before.path, 'properties', name], `${side}: field '${name}' removed`);
  }
  for (const name of is.all.difference(was.all)) {
    const required = is.required.has(name);
    log.add(
      required && side === 'request' ? 'breaking' : 'compatible',
      [...after.path, 'properties', name],
      `${side}: ${required ? 'required' : 'optional'} field '${name}' added`,
    );
  }
  for (const name of was.all.intersection(is.all)) {
    walk(inside(before, 'properties', name), inside(after, 'properties', name), comparison);
  }
  // A request must not come to ask for more, an answer not to promise less.
  const changed = was.required.symmetricDifference(is.required);
  for (const name of changed.intersection(was.all.intersection(is.all))) {
    const becameRequired = is.required.has(name);
    log.add(
      becameRequired === (side === 'request') ? 'breaking' : 'compatible',
      [...after.path, 'properties', name],
      `${side}: field '${name}' became ${becameRequired ? 'required' : 'optional'}`,
    );
  }
}

function membersNamed({ schema }: Place): { all: Set<string>; required: Set<string> } {
  return {
    all: new Set(membersOf(schema.properties).map(([name]) => name)),
    required: new Set(Array.isArray(schema.required) ? schema.required.map(String) : []),
  };
}

/** What an object may hold beside its named members. An answer may come to hold more, a request to be let hold more. */
function diffOpenness(before: Place, after: Place, comparison: Comparison): void {
  const { side, log } = comparison;
  const [was, is] = [before.schema.additionalProperties ?? true, after.schema.additionalProperties ?? true];
  if (isObject(was) && isObject(is)) {
    walk(inside(before, 'additionalProperties'), inside(after, 'additionalProperties'), comparison);
  } else if (!isDeepStrictEqual(was, is)) {
    const restricted = is === false || (was === true && isObject(is));
    log.add(
      restricted && side === 'request' ? 'breaking' : 'compatible',
      [...after.path, 'additionalProperties'],
      `${side}: unknown fields became ${restricted ? 'restricted' : 'allowed'}`,
    );
  }
}

function diffBranches(keyword: string, before: Place, after: Place, comparison: Comparison): void {
  const { side, log } = comparison;
  const [was, is] = [branchesOf(before, keyword), branchesOf(after, keyword)];
  const { pairs, gone, fresh } = pairUp(was, is);
  for (const [from, to] of pairs) walk(inside(before, keyword, from), inside(after, keyword, to), comparison);
  // One more of `allOf` asks for more; one more of the others lets more through, unless it is the first.
  for (const index of gone) {
    const shift = keyword === 'allOf' || is.length === 0 ? 'widened' : 'narrowed';
    log.add(
      classOf(shift, side),
      [...before.path, keyword, index],
      `${side}: a branch of ${keyword} removed`,
    );
  }
  for (const index of fresh) {
    const shift = keyword === 'allOf' || was.length === 0 ? 'narrowed' : 'widened';
    log.add(classOf(shift, side), [...after.path, keyword, index], `${side}: a branch of ${keyword} added`);
  }
}

function branchesOf({ schema }: Place, keyword: string): unknown[] {
  const branches = schema[keyword];
  return Array.isArray(branches) ? branches : [];
}

interface Pairing {
  readonly pairs: readonly (readonly [from: number, to: number])[];
  readonly gone: readonly number[];
  readonly fresh: readonly number[];
}

/** Equal branches belong together, wherever they stand; what is left is taken in order. */
function pairUp(was: readonly unknown[], is: readonly unknown[]): Pairing {
  const left = new Set(was.keys());
  const pairs: [number, number][] = [];
  const unmatched: number[] = [];
  for (const [to, branch] of is.entries()) {
    const twin = [...left].find((from) => isDeepStrictEqual(was[from], branch));
    if (twin === undefined) unmatched.push(to);
    else {
      left.delete(twin);
      pairs.push([twin, to]);
    }
  }
  const rest = [...left];
  const inOrder = rest
    .slice(0, unmatched.length)
    .map((from, index) => [from, unmatched[index] ?? 0] as const);
  return {
    pairs: [...pairs, ...inOrder],
    gone: rest.slice(inOrder.length),
    fresh: unmatched.slice(inOrder.length),
  };
}
