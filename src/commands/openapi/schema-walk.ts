import { isObject, type JsonObject } from '../../lib/json.ts';
import type { DocumentPath } from './contract-file.ts';
import { membersOf } from './json-pointer.ts';

/** Members that hold data of the API's users, not parts of the document. */
const DATA: ReadonlySet<string> = new Set(['example', 'examples', 'default', 'enum', 'const']);
const SCHEMA_MAPS = ['properties', 'patternProperties', '$defs', 'dependentSchemas'] as const;
const SCHEMA_LISTS = ['anyOf', 'oneOf', 'allOf', 'prefixItems'] as const;
const SCHEMAS = [
  'items',
  'additionalProperties',
  'not',
  'contains',
  'propertyNames',
  'if',
  'then',
  'else',
] as const;

export interface Part {
  readonly value: JsonObject;
  readonly path: DocumentPath;
}

/** Every object of a document that is part of its structure, the root first; what examples hold is left out. */
export function* structuralParts(value: unknown, path: DocumentPath = []): Generator<Part> {
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) yield* structuralParts(item, [...path, index]);
    return;
  }
  if (!isObject(value)) return;
  yield { value, path };
  const named = MAPS_OF_NAMES.has(path.at(-1));
  for (const [name, member] of Object.entries(value)) {
    if (named || !DATA.has(name)) yield* structuralParts(member, [...path, name]);
  }
}

/** Members whose own members have free names, so that `example` or `default` is a name like any other. */
const MAPS_OF_NAMES: ReadonlySet<unknown> = new Set([
  ...SCHEMA_MAPS,
  'paths',
  'responses',
  'headers',
  'parameters',
  'content',
  'schemas',
]);

/** Every schema of a document: the components, and those of bodies, parameters and headers with all inside them. */
export function* schemasOf(document: unknown): Generator<Part> {
  const components = isObject(document) ? document.components : undefined;
  const shared = isObject(components) ? components.schemas : undefined;
  for (const [name, schema] of membersOf(shared)) yield* subschemas(schema, ['components', 'schemas', name]);
  for (const { value, path } of structuralParts(document)) {
    if (path[0] === 'components' && path[1] === 'schemas') continue;
    if (isObject(value.schema)) yield* subschemas(value.schema, [...path, 'schema']);
  }
}

function* subschemas(schema: unknown, path: DocumentPath): Generator<Part> {
  if (!isObject(schema)) return;
  yield { value: schema, path };
  for (const keyword of SCHEMA_MAPS) {
    for (const [name, child] of membersOf(schema[keyword]))
      yield* subschemas(child, [...path, keyword, name]);
  }
  for (const keyword of SCHEMA_LISTS) {
    const children = schema[keyword];
    if (!Array.isArray(children)) continue;
    for (const [index, child] of children.entries()) yield* subschemas(child, [...path, keyword, index]);
  }
  for (const keyword of SCHEMAS) yield* subschemas(schema[keyword], [...path, keyword]);
}
