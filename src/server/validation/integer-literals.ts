import type { JsonSchema } from './json-schema.ts';

// JSON has one kind of number, typed fields have two: `1.0` and `1e2` pass the schema as integers, and are refused when
// the body is bound to its typed fields. Source: the binding section of the HTTP contract (§3.4).

/** A number written with a fraction or an exponent, also where it only looks like one inside a string. */
const SUSPICIOUS = /[0-9](?:\.[0-9]|[eE])/;

/** A number with a fraction or an exponent, as the text had it. */
class WrittenNumber {
  readonly source: string;

  constructor(source: string) {
    this.source = source;
  }
}

/**
 * Finds the first integer field that the text writes with a fraction or an exponent.
 *
 * @param text a body that has passed the schema.
 * @returns what to tell the caller, or undefined when every integer field is written as one.
 */
export function misspeltInteger(text: string, schema: JsonSchema): string | undefined {
  if (!SUSPICIOUS.test(text)) return undefined;
  const body: unknown = JSON.parse(text, keepSource);
  return find(body, schema, '');
}

function keepSource(this: unknown, _name: string, value: unknown, context?: { source?: string }): unknown {
  const source = context?.source;
  return typeof value === 'number' && source !== undefined && /[.eE]/.test(source)
    ? new WrittenNumber(source)
    : value;
}

function find(value: unknown, schema: JsonSchema, path: string): string | undefined {
  if (value instanceof WrittenNumber) {
    const types = [schema.type ?? []].flat();
    if (types.includes('integer') && !types.includes('number')) {
      return `cannot read ${value.source} as the integer '${path.slice(1)}'`;
    }
  }
  for (const branch of [...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.allOf ?? [])]) {
    const found = find(value, branch, path);
    if (found !== undefined) return found;
  }
  if (Array.isArray(value)) {
    if (schema.items === undefined) return undefined;
    for (const [index, item] of value.entries()) {
      const found = find(item, schema.items, `${path}.${index}`);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  return typeof value === 'object' && value !== null ? findInMembers(value, schema, path) : undefined;
}

function findInMembers(value: object, schema: JsonSchema, path: string): string | undefined {
  for (const [name, member] of Object.entries(value)) {
    const rest = typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined;
    const child =
      schema.properties !== undefined && Object.hasOwn(schema.properties, name)
        ? schema.properties[name]
        : rest;
    const found = child === undefined ? undefined : find(member, child, `${path}.${name}`);
    if (found !== undefined) return found;
  }
  return undefined;
}
