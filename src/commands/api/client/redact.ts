import { isObject } from '../../../lib/json.ts';
import type { JsonSchema } from '../../../server/validation/json-schema.ts';

/** A copy of a request body in which `***` stands for whatever its schema marks as secret. */
export function withoutSecrets(value: unknown, schema: JsonSchema | undefined): unknown {
  if (schema === undefined) return value;
  if (schema['x-unkey-redact'] === true) return '***';
  if (Array.isArray(value)) return value.map((item) => withoutSecrets(item, schema.items));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, withoutSecrets(member, schema.properties?.[name])]),
  );
}
