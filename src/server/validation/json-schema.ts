import type { Schema } from 'joi';
import { describeJoi, type JoiDescription } from './joi-description.ts';

// Joi turns a schema into JSON Schema 2020-12 by itself. This file makes of that what the wire contract needs: marks,
// examples and bounds that Joi leaves out, and one form for what Joi can write in several ways.

/** A JSON Schema of the subset that this product emits. Without references. */
export interface JsonSchema {
  type?: string | string[];
  description?: string;
  default?: unknown;
  examples?: unknown[];
  enum?: unknown[];
  properties?: Record<string, JsonSchema>;
  patternProperties?: Record<string, JsonSchema>;
  additionalProperties?: boolean | JsonSchema;
  required?: string[];
  items?: JsonSchema;
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  allOf?: JsonSchema[];
  minLength?: number;
  maxLength?: number;
  pattern?: string;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  multipleOf?: number;
  format?: string;
  minItems?: number;
  maxItems?: number;
  uniqueItems?: boolean;
  minProperties?: number;
  maxProperties?: number;
  deprecated?: boolean;
  /** The value never reaches a log. */
  'x-unkey-redact'?: boolean;
}

/** Which side of the wire a schema describes: typed integers of requests are bounded, those of answers are not. */
export type Direction = 'request' | 'response';

/**
 * The JSON Schema of a Joi schema: closed objects have `additionalProperties: false`, open ones do not have the
 * keyword; `.allow(null)` adds `null` to the type list; an integer of a request lies within ±(2^53 − 1).
 * `.meta({ redact: true })` becomes `x-unkey-redact: true`, `.meta({ deprecated: true })` `deprecated: true`.
 *
 * @throws Error when the schema says something that JSON Schema would lose.
 */
export function toJsonSchema(schema: Schema, direction: Direction): JsonSchema {
  const description = describeJoi(schema);
  const emitted = schema['~standard'].jsonSchema.input({ target: 'draft-2020-12' }) as JsonSchema;
  return normalise(emitted, description, direction);
}

function normalise(emitted: JsonSchema, description: JoiDescription, direction: Direction): JsonSchema {
  const node: JsonSchema = { ...emitted };
  annotate(node, description);
  admitNull(node, description);
  normaliseInteger(node, description, direction);

  if (node.properties !== undefined) {
    node.properties = Object.fromEntries(
      Object.entries(node.properties).flatMap(([key, child]) => {
        const childDescription = childOf(description.keys?.[key], key);
        if (childDescription.flags?.presence === 'forbidden') return [];
        return [[key, normalise(child, childDescription, direction)]];
      }),
    );
  }
  normalisePatterns(node, description, direction);
  if (node.items !== undefined) node.items = normaliseItems(node.items, description, direction);
  for (const keyword of ['anyOf', 'oneOf', 'allOf'] as const) {
    const branches = node[keyword];
    if (branches === undefined || description.matches === undefined) continue;
    const offset = branches.length - description.matches.length;
    node[keyword] = branches.map((branch, index) =>
      index < offset
        ? branch
        : normalise(branch, childOf(description.matches?.[index - offset]?.schema, keyword), direction),
    );
  }
  return node;
}

function annotate(node: JsonSchema, { examples, metas }: JoiDescription): void {
  if (examples !== undefined) node.examples = [...examples];
  const meta = Object.assign({}, ...(metas ?? [])) as Readonly<Record<string, unknown>>;
  if (meta.redact === true) node['x-unkey-redact'] = true;
  if (meta.deprecated === true) node.deprecated = true;
}

/** Joi names null in the type list but forgets it in the list of values. */
function admitNull(node: JsonSchema, { allow }: JoiDescription): void {
  if (node.enum !== undefined && allow?.includes(null) && !node.enum.includes(null)) {
    node.enum = [...node.enum, null];
  }
}

function normaliseInteger(node: JsonSchema, { type, rules }: JoiDescription, direction: Direction): void {
  if (type !== 'number' || !rules?.some(({ name }) => name === 'integer')) return;
  node.type = Array.isArray(node.type)
    ? node.type.map((name) => (name === 'number' ? 'integer' : name))
    : 'integer';
  if (direction === 'response' || node.enum !== undefined) return;
  if (node.exclusiveMinimum === undefined) {
    node.minimum = Math.max(node.minimum ?? Number.MIN_SAFE_INTEGER, Number.MIN_SAFE_INTEGER);
  }
  if (node.exclusiveMaximum === undefined) {
    node.maximum = Math.min(node.maximum ?? Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
  }
}

/** A map with free names is written in one way, `additionalProperties`, however Joi declared it. */
function normalisePatterns(node: JsonSchema, description: JoiDescription, direction: Direction): void {
  const patterns = description.patterns ?? [];
  const free = patterns.find(({ regex }) => regex === undefined);
  if (free !== undefined) {
    const values = node.patternProperties?.['.*'] ?? node.additionalProperties;
    node.additionalProperties = normalise(typeof values === 'object' ? values : {}, free.rule, direction);
  }
  if (node.patternProperties === undefined) return;
  const named = patterns.flatMap(({ regex, rule }) => {
    const source = regex?.slice(1, regex.lastIndexOf('/'));
    const emitted = source === undefined ? undefined : node.patternProperties?.[source];
    return source === undefined || emitted === undefined
      ? []
      : [[source, normalise(emitted, rule, direction)] as const];
  });
  if (named.length === 0) delete node.patternProperties;
  else node.patternProperties = Object.fromEntries(named);
}

function normaliseItems(items: JsonSchema, description: JoiDescription, direction: Direction): JsonSchema {
  const [only, ...others] = description.items ?? [];
  if (only === undefined) return items;
  if (others.length === 0) return normalise(items, only, direction);
  return {
    ...items,
    anyOf: (items.anyOf ?? []).map((branch, index) =>
      normalise(branch, childOf(description.items?.[index], 'items'), direction),
    ),
  };
}

function childOf(description: JoiDescription | undefined, name: string): JoiDescription {
  if (description === undefined) throw new Error(`Joi describes no child '${name}' that its JSON Schema has`);
  return description;
}
