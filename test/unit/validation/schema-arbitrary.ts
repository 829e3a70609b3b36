import fc from 'fast-check';
import type { JsonSchema } from '../../../src/server/validation/json-schema.ts';

/** Values that a JSON Schema accepts, for the keywords that this product's bodies use. */
export function fitting(schema: JsonSchema): fc.Arbitrary<unknown> {
  const branches = schema.anyOf ?? schema.oneOf;
  if (branches !== undefined) return fc.oneof(...branches.map(fitting));
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  return fc.oneof(...[schema.type ?? 'null'].flat().map((type) => ofType(type, schema)));
}

function ofType(type: string, schema: JsonSchema): fc.Arbitrary<unknown> {
  switch (type) {
    case 'null':
      return fc.constant(null);
    case 'boolean':
      return fc.boolean();
    case 'integer':
      return fc.maxSafeInteger().map((value) => clamp(value, schema));
    case 'number':
      return fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => clamp(value, schema));
    case 'string':
      return schema.pattern === undefined
        ? fc.string({
            unit: 'binary',
            minLength: schema.minLength ?? 0,
            maxLength: Math.min(schema.maxLength ?? 20, (schema.minLength ?? 0) + 20),
          })
        : fc
            .stringMatching(new RegExp(schema.pattern, 'u'), { maxLength: schema.maxLength ?? 20 })
            .filter((text) => [...text].length >= (schema.minLength ?? 0));
    case 'array':
      return fc.array(fitting(schema.items ?? {}), {
        minLength: schema.minItems ?? 0,
        maxLength: Math.min(schema.maxItems ?? 5, (schema.minItems ?? 0) + 5),
      });
    default:
      return objectOf(schema);
  }
}

function objectOf(schema: JsonSchema): fc.Arbitrary<unknown> {
  if (schema.properties === undefined) return fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 5 });
  const members = Object.fromEntries(
    Object.entries(schema.properties).map(([name, child]) => [name, fitting(child)]),
  );
  return fc.record(members, { requiredKeys: schema.required ?? [] });
}

function clamp(value: number, { minimum, maximum }: JsonSchema): number {
  return Math.min(Math.max(value, minimum ?? -1e308), maximum ?? 1e308);
}
