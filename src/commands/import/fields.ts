// What a column may be imported as: the members of an item of keys.migrateKeys, and three ways to give its hash.
import { isObject, type JsonObject } from '../../lib/json.ts';
import { parseJsonBody } from '../../server/validation/json-body.ts';
import { parseTimestamp } from '../cli/timestamp.ts';

export interface Field {
  /** As `--map` names it: `externalId`, `credits.remaining`, `meta.plan`. */
  readonly name: string;
  /** Members that lead to its value. */
  readonly path: readonly string[];
  /**
   * The value as the API takes it. A text is read as the field's type, anything else is left for validation.
   *
   * @throws RowProblem when the text is none of the type
   */
  read(value: unknown): unknown;
}

/** Why a row cannot be imported, for people. Quotes nothing of the row, which may hold a key. */
export class RowProblem extends Error {
  override readonly name = 'RowProblem';
}

type TextReader = (text: string, name: string) => unknown;

const asText: TextReader = (text) => text;

const asJson: TextReader = (text, name) => {
  try {
    return parseJsonBody(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new RowProblem(`${name} is not valid JSON`);
  }
};

const asList: TextReader = (text, name) =>
  text.trimStart().startsWith('[')
    ? asJson(text, name)
    : text
        .split(',')
        .map((item) => item.trim())
        .filter((item) => item !== '');

const asInteger: TextReader = (text, name) => {
  const value = Number(text);
  if (!/^-?\d+$/.test(text.trim()) || !Number.isSafeInteger(value)) {
    throw new RowProblem(`${name} must be an integer`);
  }
  return value;
};

const BOOLEANS: Readonly<Record<string, boolean>> = { true: true, false: false, 1: true, 0: false };

const asBoolean: TextReader = (text, name) => {
  const value = BOOLEANS[text.trim().toLowerCase()];
  if (value === undefined) throw new RowProblem(`${name} must be true or false`);
  return value;
};

const asTime: TextReader = (text, name) => {
  const at = /^\d+$/.test(text) ? Number(text) : parseTimestamp(text);
  if (at === undefined) {
    throw new RowProblem(`${name} must be unix milliseconds or a time such as 2030-01-31T00:00:00Z`);
  }
  return at;
};

const READERS: Readonly<Record<string, TextReader>> = {
  key: asText,
  hash: asText,
  sha256Hex: asText,
  name: asText,
  externalId: asText,
  meta: asJson,
  roles: asList,
  permissions: asList,
  expires: asTime,
  enabled: asBoolean,
  credits: asJson,
  'credits.remaining': asInteger,
  'credits.refill.interval': asText,
  'credits.refill.amount': asInteger,
  'credits.refill.refillDay': asInteger,
  ratelimits: asJson,
};

/** Every field but the members of meta. */
export const FIELD_NAMES: readonly string[] = Object.keys(READERS);

const META_MEMBER = 'meta.';

/** The field of this name, undefined when there is none. `meta.<member>` is a field for every member. */
export function findField(name: string): Field | undefined {
  const member = name.startsWith(META_MEMBER) ? name.slice(META_MEMBER.length) : '';
  if (member !== '') return fieldOf(name, ['meta', member], asText);
  const reader = Object.hasOwn(READERS, name) ? READERS[name] : undefined;
  return reader === undefined ? undefined : fieldOf(name, name.split('.'), reader);
}

function fieldOf(name: string, path: readonly string[], readText: TextReader): Field {
  return { name, path, read: (value) => (typeof value === 'string' ? readText(value, name) : value) };
}

/** A copy of the object with the value at the path, which has a name at least; an object goes over one that is there. */
export function withValue(object: JsonObject, path: readonly string[], value: unknown): JsonObject {
  const [name = '', ...rest] = path;
  const there = Object.hasOwn(object, name) ? object[name] : undefined;
  const inner = isObject(there) ? there : {};
  // What is no object can have no members: it stays for the rules to refuse.
  if (rest.length > 0 && there !== undefined && !isObject(there)) return object;
  if (rest.length > 0) return { ...object, [name]: withValue(inner, rest, value) };
  return { ...object, [name]: isObject(value) ? { ...inner, ...value } : value };
}
