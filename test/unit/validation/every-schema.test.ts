// Schemas are compiled when the first request needs them. So that a broken one fails here, and not there:
import { expect, test } from 'vitest';
import { operations } from '../../../src/server/routes/registry.ts';
import { compileDecider, compileExplainer } from '../../../src/server/validation/ajv.ts';
import { isForbidden } from '../../../src/server/validation/joi-description.ts';
import { toJsonSchema } from '../../../src/server/validation/json-schema.ts';

const requests = operations.flatMap(({ name, request }) =>
  request === undefined ? [] : [{ name, request }],
);
const responses = operations.filter(({ response }) => !isForbidden(response));

test.each(requests)('the request schema of $name compiles', ({ request }) => {
  const schema = toJsonSchema(request, 'request');
  expect(compileDecider(schema)).toBeTypeOf('function');
  expect(compileExplainer(schema)).toBeTypeOf('function');
});

test.each(responses)('the response schema of $name compiles', ({ response }) => {
  expect(compileExplainer(toJsonSchema(response, 'response'))).toBeTypeOf('function');
});
