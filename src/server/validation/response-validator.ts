import type { ValidateFunction } from 'ajv';
import { stringifyJson } from '../../lib/json.ts';
import type { AnyOperation } from '../operation.ts';
import { compileExplainer } from './ajv.ts';
import { isForbidden } from './joi-description.ts';
import { toJsonSchema } from './json-schema.ts';
import { toViolations } from './violations.ts';

/**
 * Prepares what checks the `data` of an operation's answers against its declared response schema, as it would go over
 * the wire. For tests and development; answers in production are not validated.
 *
 * @returns a function from `data` to what is wrong with it, `<pointer>: <message>` each; empty when nothing is.
 */
export function compileResponseValidator(operation: AnyOperation): (data: unknown) => string[] {
  if (isForbidden(operation.response)) {
    return (data) => (data === undefined ? [] : ['/: the operation answers without data']);
  }
  const schema = toJsonSchema(operation.response, 'response');
  let validate: ValidateFunction | undefined;
  return (data) => {
    if (data === undefined) return ['/: data is missing'];
    validate ??= compileExplainer(schema);
    if (validate(JSON.parse(stringifyJson(data)))) return [];
    return toViolations(validate.errors ?? []).map(({ location, message }) => `${location}: ${message}`);
  };
}
