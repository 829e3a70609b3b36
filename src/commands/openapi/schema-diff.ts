import { isDeepStrictEqual } from 'node:util';
import type { ChangeClass, ChangeLog } from './change.ts';
import type { DocumentPath } from './contract-file.ts';
import { isObject, type JsonObject, membersOf, resolveReference } from './json-pointer.ts';

/** Which side of the wire a schema describes: what may be sent, or what may come back. */
export type Side = 'request' | 'response';

/** A schema in its document. */
export interface Place {
  readonly document: unknown;
  readonly schema: unknown;
  readonly path: DocumentPath;
}

/** How a schema changed: it allows less, more, or other values. */
type Shift = 'narrowed' | 'widened' | 'changed';

/**
 * What a shift means. A request may allow more. An answer may not change what it allows: callers were told both what
 * may come and what may not.
 */
function classOf(shift: Shift, side: Side): ChangeClass {
  return side === 'request' && shift === 'widened' ? 'compatible' : 'breaking';
}

const LOWER_BOUNDS = ['minLength', 'minItems', 'minProperties', 'minimum', 'exclusiveMinimum'];
const UPPER_BOUNDS = ['maxLength', 'maxItems', 'maxProperties', 'maximum', 'exclusiveMaximum'];
/** Constraints of which it can only be said whether they are there and the same. */
const OTHER_CONSTRAINTS = ['pattern', 'multipleOf', 'uniqueItems', 'const', 'not', 'patternProperties', 'propertyNames'];
const BRANCHES = ['anyOf', 'oneOf', 'allOf'];
/** Keywords that some function below compares; what is left says nothing about values. */
const COMPARED: ReadonlySet<string> = new Set([
  ...LOWER_BOUNDS,
  ...UPPER_BOUNDS,
  ...OTHER_CONSTRAINTS,
  ...BRANCHES,
  'type',
  'enum',
  'properties',
  'required',
  'additionalProperties',
  'items',
  'default',
]);

/** Compares two schemas, following references, and logs every difference. */
export function diffSchemas(before: Place, after: Place, side: Side, log: ChangeLog): void {
  new SchemaDiff(side, log).compare(before, after);
}

class SchemaDiff {
  readonly #side: Side;
  readonly #log: ChangeLog;
  /** Pairs of schemas under comparison: recursive schemas refer to one of them again. */
  readonly #open: (readonly [before: unknown, after: unknown])[] = [];

  constructor(side: Side, log: ChangeLog) {
    this.#side = side;
    this.#log = log;
  }

  compare(before: Place, after: Place): void {
    const old = schemaAt(before);
    const now = schemaAt(after);
    if (this.#open.some(([a, b]) => a === old && b === now)) return;
    this.#open.push([old, now]);
    const { path } = after;
    this.#types(old, now, path);
    this.#values(old, now, path);
    this.#bounds(old, now, path);
    for (const keyword of OTHER_CONSTRAINTS) this.#presence(keyword, old, now, path);
    this.#default(old, now, path);
    this.#members({ ...before, schema: old }, { ...after, schema: now });
    this.#openness({ ...before, schema: old }, { ...after, schema: now });
    if (isObject(old.items) || isObject(now.items)) this.#child('items', before, after, old, now);
    for (const keyword of BRANCHES) this.#branches(keyword, { ...before, schema: old }, { ...after, schema: now });
    this.#annotations(old, now, path);
    this.#open.pop();
  }

  #shift(shift: Shift, path: DocumentPath, message: string): void {
    this.#log.add(classOf(shift, this.#side), path, `${this.#side}: ${message}`);
  }

  #types(old: JsonObject, now: JsonObject, path: DocumentPath): void {
    const [oldTypes, newTypes] = [typesOf(old), typesOf(now)];
    const lost = oldTypes.filter((type) => !accepts(newTypes, type));
    const gained = newTypes.filter((type) => !accepts(oldTypes, type));
    if (lost.length === 0 && gained.length === 0) return;
    this.#shift(
      lost.length > 0 ? 'narrowed' : 'widened',
      [...path, 'type'],
      `type changed from ${named(oldTypes)} to ${named(newTypes)}`,
    );
  }

  #values(old: JsonObject, now: JsonObject, path: DocumentPath): void {
    const [oldValues, newValues] = [old.enum, now.enum];
    const at = [...path, 'enum'];
    if (Array.isArray(oldValues) && Array.isArray(newValues)) {
      for (const value of missingFrom(newValues, oldValues)) {
        this.#log.add('breaking', at, `${this.#side}: value ${JSON.stringify(value)} removed`);
      }
      for (const value of missingFrom(oldValues, newValues)) {
        // Callers are told to expect values that they do not know.
        this.#log.add('compatible', at, `${this.#side}: value ${JSON.stringify(value)} added`);
      }
    } else if (Array.isArray(newValues)) this.#shift('narrowed', at, 'a list of values was added');
    else if (Array.isArray(oldValues)) this.#shift('widened', at, 'the list of values was removed');
  }

  #bounds(old: JsonObject, now: JsonObject, path: DocumentPath): void {
    for (const keyword of [...LOWER_BOUNDS, ...UPPER_BOUNDS]) {
      const isLower = LOWER_BOUNDS.includes(keyword);
      const open = isLower ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
      const [from, to] = [numberOr(open, old[keyword]), numberOr(open, now[keyword])];
      if (from === to) continue;
      this.#shift(
        isLower === to > from ? 'narrowed' : 'widened',
        [...path, keyword],
        `${keyword} changed from ${shown(old[keyword])} to ${shown(now[keyword])}`,
      );
    }
  }

  #presence(keyword: string, old: JsonObject, now: JsonObject, path: DocumentPath): void {
    if (isDeepStrictEqual(old[keyword], now[keyword])) return;
    const shift = !(keyword in old) ? 'narrowed' : !(keyword in now) ? 'widened' : 'changed';
    this.#shift(
      shift,
      [...path, keyword],
      `${keyword} changed from ${shown(old[keyword])} to ${shown(now[keyword])}`,
    );
  }

  /** What a request means without the member; an answer's default means nothing. */
  #default(old: JsonObject, now: JsonObject, path: DocumentPath): void {
    if (isDeepStrictEqual(old.default, now.default)) return;
    this.#log.add(
      this.#side === 'request' ? 'breaking' : 'docs-only',
      [...path, 'default'],
      `${this.#side}: default changed from ${shown(old.default)} to ${shown(now.default)}`,
    );
  }

  #members(before: Place & { schema: JsonObject }, after: Place & { schema: JsonObject }): void {
    const [oldNames, newNames] = [before, after].map(
      ({ schema }) => new Map(membersOf(schema.properties)),
    ) as [Map<string, unknown>, Map<string, unknown>];
    const [wasRequired, isRequired] = [requiredOf(before.schema), requiredOf(after.schema)];
    for (const name of oldNames.keys()) {
      if (newNames.has(name)) continue;
      this.#log.add('breaking', [...before.path, 'properties', name], `${this.#side}: field '${name}' removed`);
    }
    for (const [name, schema] of newNames) {
      const path = [...after.path, 'properties', name];
      if (!oldNames.has(name)) {
        const breaks = this.#side === 'request' && isRequired.has(name);
        this.#log.add(
          breaks ? 'breaking' : 'compatible',
          path,
          `${this.#side}: ${isRequired.has(name) ? 'required' : 'optional'} field '${name}' added`,
        );
        continue;
      }
      this.#requirement(name, wasRequired.has(name), isRequired.has(name), path);
      this.compare(
        {
          document: before.document,
          schema: oldNames.get(name),
          path: [...before.path, 'properties', name],
        },
        { document: after.document, schema, path },
      );
    }
  }

  /** A request must not ask for more, an answer must not promise less. */
  #requirement(name: string, was: boolean, is: boolean, path: DocumentPath): void {
    if (was === is) return;
    const breaks = this.#side === 'request' ? is : was;
    this.#log.add(
      breaks ? 'breaking' : 'compatible',
      path,
      `${this.#side}: field '${name}' became ${is ? 'required' : 'optional'}`,
    );
  }

  #openness(before: Place & { schema: JsonObject }, after: Place & { schema: JsonObject }): void {
    const [was, is] = [before.schema.additionalProperties ?? true, after.schema.additionalProperties ?? true];
    if (isObject(was) && isObject(is)) {
      this.#child('additionalProperties', before, after, before.schema, after.schema);
    } else if (!isDeepStrictEqual(was, is)) {
      const narrowed = is === false || (was === true && isObject(is));
      const breaks = this.#side === 'request' && narrowed;
      this.#log.add(
        breaks ? 'breaking' : 'compatible',
        [...after.path, 'additionalProperties'],
        `${this.#side}: unknown fields became ${narrowed ? 'restricted' : 'allowed'}`,
      );
    }
  }

  #branches(keyword: string, before: Place & { schema: JsonObject }, after: Place & { schema: JsonObject }): void {
    const lists = [before, after].map(({ schema }) => schema[keyword]);
    const [oldBranches, newBranches] = lists.map((list) => (Array.isArray(list) ? list : []) as unknown[]) as [
      unknown[],
      unknown[],
    ];
    const rest = {
      before: [...oldBranches.keys()].filter((index) => !includes(newBranches, oldBranches[index])),
      after: [...newBranches.keys()].filter((index) => !includes(oldBranches, newBranches[index])),
    };
    // Equal branches may still differ in what they refer to.
    for (const [index, branch] of newBranches.entries()) {
      const twin = oldBranches.findIndex((old) => isDeepStrictEqual(old, branch));
      if (twin !== -1) this.#branch(keyword, before, after, twin, index);
    }
    const pairs = Math.min(rest.before.length, rest.after.length);
    for (let pair = 0; pair < pairs; pair++) {
      this.#branch(keyword, before, after, rest.before[pair] ?? 0, rest.after[pair] ?? 0);
    }
    for (const index of rest.before.slice(pairs)) {
      const shift = keyword === 'allOf' || newBranches.length === 0 ? 'widened' : 'narrowed';
      this.#shift(shift, [...before.path, keyword, index], `a branch of ${keyword} was removed`);
    }
    for (const index of rest.after.slice(pairs)) {
      const shift = keyword === 'allOf' || oldBranches.length === 0 ? 'narrowed' : 'widened';
      this.#shift(shift, [...after.path, keyword, index], `a branch of ${keyword} was added`);
    }
  }

  #branch(keyword: string, before: Place & { schema: JsonObject }, after: Place & { schema: JsonObject }, from: number, to: number): void {
    const at = (place: Place & { schema: JsonObject }, index: number): Place => ({
      document: place.document,
      schema: (place.schema[keyword] as unknown[])[index],
      path: [...place.path, keyword, index],
    });
    this.compare(at(before, from), at(after, to));
  }

  #child(keyword: string, before: Place, after: Place, old: JsonObject, now: JsonObject): void {
    this.compare(
      { document: before.document, schema: old[keyword], path: [...before.path, keyword] },
      { document: after.document, schema: now[keyword], path: [...after.path, keyword] },
    );
  }

  #annotations(old: JsonObject, now: JsonObject, path: DocumentPath): void {
    for (const keyword of new Set([...Object.keys(old), ...Object.keys(now)])) {
      if (COMPARED.has(keyword) || isDeepStrictEqual(old[keyword], now[keyword])) continue;
      this.#log.add('docs-only', [...path, keyword], `${this.#side}: ${keyword} changed`);
    }
  }
}

function schemaAt({ document, schema }: Place): JsonObject {
  const resolved = resolveReference(document, schema);
  return isObject(resolved) ? resolved : {};
}

function typesOf(schema: JsonObject): string[] {
  return [schema.type ?? []].flat().map(String).toSorted();
}

/** An empty list of types allows all; a number may be an integer. */
function accepts(types: readonly string[], type: string): boolean {
  return types.length === 0 || types.includes(type) || (type === 'integer' && types.includes('number'));
}

function named(types: readonly string[]): string {
  return types.length === 0 ? 'any' : types.join(' or ');
}

function requiredOf(schema: JsonObject): Set<unknown> {
  return new Set(Array.isArray(schema.required) ? schema.required : []);
}

function missingFrom(list: readonly unknown[], values: readonly unknown[]): unknown[] {
  return values.filter((value) => !includes(list, value));
}

function includes(list: readonly unknown[], value: unknown): boolean {
  return list.some((each) => isDeepStrictEqual(each, value));
}

function numberOr(fallback: number, value: unknown): number {
  return typeof value === 'number' ? value : fallback;
}

function shown(value: unknown): string {
  return value === undefined ? 'none' : JSON.stringify(value);
}
