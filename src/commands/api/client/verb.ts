// A verb of `unkey api`: what the command line needs to know of an operation, derived from its declaration.
import type { AnyOperation } from '../../../server/operation.ts';
import { type JsonSchema, toJsonSchema } from '../../../server/validation/json-schema.ts';
import { type BodyFlag, bodyFlags, kebabCase } from './body-flags.ts';

export interface Verb {
  readonly operation: AnyOperation;
  /** The words after `unkey api`: `['keys', 'create-key']`; one word for an operation outside every namespace. */
  readonly words: readonly string[];
  readonly schema: JsonSchema | undefined;
  readonly flags: readonly BodyFlag[];
  /** Changes nothing, so that it may be sent again (CLI-7). */
  readonly reads: boolean;
  readonly deletes: boolean;
  /** The member of `data` that says whether the caller may go on; undefined when the operation decides nothing. */
  readonly verdict: string | undefined;
}

const READS = /^(?:get|list)(?=[A-Z])|^(?:whoami|liveness)$/;
const VERDICTS: readonly string[] = ['valid', 'success', 'passed'];

export function verbOf(operation: AnyOperation): Verb {
  const names = operation.name.split('.');
  const action = names.at(-1) ?? '';
  const schema = operation.request === undefined ? undefined : toJsonSchema(operation.request, 'request');
  const answer = toJsonSchema(operation.response, 'response').properties ?? {};
  return {
    operation,
    words: names.map(kebabCase),
    schema,
    flags: bodyFlags(operation.name, schema),
    reads: READS.test(action),
    deletes: action.startsWith('delete'),
    verdict: VERDICTS.find((member) => answer[member]?.type === 'boolean'),
  };
}
