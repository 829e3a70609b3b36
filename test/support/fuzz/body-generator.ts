// Bodies made from the JSON Schema of a request: such that fit, such that nearly fit, and anything else.
import fc from 'fast-check';
import type { JsonSchema } from '../../../src/server/validation/json-schema.ts';
import type { Random } from '../prng.ts';
import {
  HOSTILE_NAMES,
  hostileNumber,
  hostileObject,
  hostileText,
  hostileValue,
  textOfLength,
} from './hostile-values.ts';
import { type Json, jsonText, Members, Raw } from './json-text.ts';
import { referenceFor, type Scenes, sentenceFor } from './references.ts';

/** What a body was made to be; what it is, the server tells. */
export type BodyKind = 'fitting' | 'nearly fitting' | 'hostile';

/** The bytes of a body. */
export function bodyOf(kind: BodyKind, schema: JsonSchema, scenes: Scenes, random: Random): Buffer {
  if (kind === 'hostile') return hostileBody(schema, scenes, random);
  const fitting = fittingValue(schema, '', scenes, random);
  if (kind === 'fitting') return Buffer.from(jsonText(fitting, random));
  let changed = fitting;
  for (let count = random.integer(1, 3); count > 0; count -= 1) changed = mutated(changed, random);
  return Buffer.from(jsonText(changed, random));
}

/** A value that the schema accepts, unless a hostile text that is tried in the place of a plain one does not fit. */
function fittingValue(schema: JsonSchema, member: string, scenes: Scenes, random: Random): Json {
  if (schema.enum !== undefined) return random.pick(schema.enum) as Json;
  const type = random.pick([schema.type ?? 'object'].flat());
  switch (type) {
    case 'null':
      return null;
    case 'boolean':
      return random.chance(0.5);
    case 'integer':
    case 'number':
      return fittingNumber(schema, type, random);
    case 'string':
      return fittingText(schema, member, scenes, random);
    case 'array':
      return fittingArray(schema, member, scenes, random);
    default:
      return fittingObject(schema, scenes, random);
  }
}

function fittingNumber(schema: JsonSchema, type: string, random: Random): Json {
  const low = schema.minimum ?? (schema.exclusiveMinimum ?? Number.MIN_SAFE_INTEGER - 1) + 1;
  const high = schema.maximum ?? (schema.exclusiveMaximum ?? Number.MAX_SAFE_INTEGER + 1) - 1;
  if (random.chance(0.1)) return random.pick([low, high]);
  if (type === 'number' && random.chance(0.5)) return low + random.fraction() * Math.min(high - low, 4);
  return random.integer(low, Math.min(high, low + random.pick([1, 100, 100_000, 2 ** 40])));
}

function fittingText(schema: JsonSchema, member: string, scenes: Scenes, random: Random): string {
  const { minLength = 0, maxLength = 300, pattern } = schema;
  // What is called `key` and has a pattern is the name of a variable.
  const refers = random.chance(0.93) && !(member === 'key' && pattern !== undefined);
  const meant = refers
    ? (referenceFor(member, scenes, random) ?? sentenceFor(member, hostileText(random), random))
    : undefined;
  if (meant !== undefined) return meant;
  if (pattern !== undefined && random.chance(0.85))
    return random.pick(samplesOf(pattern, minLength, maxLength));
  if (random.chance(0.08)) return textOfLength(random.pick([minLength, maxLength]), random);
  const points = [...hostileText(random).slice(0, 2 * maxLength)].slice(0, maxLength);
  return points.join('') + 'a'.repeat(Math.max(0, minLength - points.length));
}

const samples = new Map<string, readonly string[]>();

/** Texts that a pattern accepts, the same in every run. */
function samplesOf(pattern: string, minLength: number, maxLength: number): readonly string[] {
  const key = `${pattern} ${minLength} ${maxLength}`;
  const known = samples.get(key);
  if (known !== undefined) return known;
  const made = fc
    .sample(fc.stringMatching(new RegExp(pattern, 'u'), { maxLength: Math.min(maxLength, 40) }), {
      numRuns: 200,
      seed: 1,
    })
    .filter((text) => text.length >= minLength);
  samples.set(key, made.length === 0 ? ['a'.repeat(minLength)] : made);
  return samples.get(key) ?? [];
}

function fittingArray(schema: JsonSchema, member: string, scenes: Scenes, random: Random): Json {
  const { minItems = 0, maxItems = 5, items = {} } = schema;
  const length = random.chance(0.03)
    ? Math.min(maxItems, 120)
    : random.integer(minItems, Math.min(maxItems, minItems + 3));
  return Array.from({ length }, () => fittingValue(items, `${member}[]`, scenes, random));
}

function fittingObject(schema: JsonSchema, scenes: Scenes, random: Random): Json {
  if (schema.properties === undefined) return hostileObject(random);
  const required = schema.required ?? [];
  const entries = Object.entries(schema.properties)
    .filter(([name]) => required.includes(name) || random.chance(0.3))
    .map(([name, child]): [string, Json] => [name, fittingValue(child, name, scenes, random)]);
  return new Members(entries);
}

/** The value with one thing changed, somewhere in it. */
function mutated(value: Json, random: Random): Json {
  if (value instanceof Members && value.entries.length > 0 && random.chance(0.85)) {
    const entries = [...value.entries];
    const index = random.integer(0, entries.length - 1);
    const [name, member] = entries[index] ?? ['', null];
    switch (random.integer(0, 6)) {
      case 0:
        entries.splice(index, 1);
        break;
      case 1:
        entries.push([random.pick(HOSTILE_NAMES), hostileValue(random)]);
        break;
      case 2:
        entries.push([name, hostileValue(random)]);
        break;
      case 3:
        entries[index] = [random.pick([name.toUpperCase(), ` ${name}`, `${name}\u0000`]), member];
        break;
      default:
        entries[index] = [name, mutated(member, random)];
    }
    return new Members(entries);
  }
  if (Array.isArray(value) && value.length > 0 && random.chance(0.8)) {
    const index = random.integer(0, value.length - 1);
    const item = value[index] ?? null;
    if (random.chance(0.2)) return Array.from({ length: random.pick([10, 101, 1_001]) }, () => item);
    return value.with(index, mutated(item, random));
  }
  if (typeof value === 'string' && random.chance(0.6)) return mutatedText(value, random);
  return typeof value === 'number' && random.chance(0.6) ? hostileNumber(random) : hostileValue(random);
}

function mutatedText(text: string, random: Random): string {
  switch (random.integer(0, 4)) {
    case 0:
      return text.slice(0, -1);
    case 1:
      return text + hostileText(random);
    case 2:
      return hostileText(random) + text;
    case 3:
      return random.chance(0.5) ? text.toUpperCase() : ` ${text} `;
    default:
      return textOfLength(random.pick([129, 256, 257, 513, 1_025, 20_000]), random);
  }
}

/** Bytes that mostly are no JSON of the schema, or no JSON, or no text. */
function hostileBody(schema: JsonSchema, scenes: Scenes, random: Random): Buffer {
  const text = jsonText(fittingValue(schema, '', scenes, random), random);
  switch (random.integer(0, 8)) {
    case 0:
      return Buffer.from(text.slice(0, random.integer(0, text.length)));
    case 1:
      return Buffer.from(`\ufeff${text}`);
    case 2:
      return Buffer.from(`${text}${random.pick([text, ',', '\u0000', ' // x', '\u00a0'])}`);
    case 3:
      return withStrayBytes(Buffer.from(text), random);
    case 4:
      return Buffer.from(text, 'utf16le');
    case 5:
      return Buffer.from(random.pick(['[', '{"a":', '[[[{']).repeat(random.pick([10, 1_000, 30_000])));
    case 6:
      return Buffer.from(jsonText([new Raw(text)], random));
    default:
      return Buffer.from(jsonText(hostileValue(random), random));
  }
}

/** Overlong forms, halves of surrogate pairs, bytes that begin nothing: no UTF-8. */
const STRAY_BYTES: readonly (readonly number[])[] = [
  [0xc0, 0xaf],
  [0xed, 0xa0, 0x80],
  [0xff],
  [0x80],
  [0xf4, 0x90, 0x80, 0x80],
];

function withStrayBytes(bytes: Buffer, random: Random): Buffer {
  const at = random.integer(0, bytes.length);
  return Buffer.concat([bytes.subarray(0, at), Buffer.from(random.pick(STRAY_BYTES)), bytes.subarray(at)]);
}
