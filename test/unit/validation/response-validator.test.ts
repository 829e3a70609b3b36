import Joi from 'joi';
import { describe, expect, test } from 'vitest';
import { compileResponseValidator } from '../../../src/server/validation/response-validator.ts';
import { operationFixture } from './operation-fixture.ts';

describe('validation of answers', () => {
  const validate = compileResponseValidator(
    operationFixture({
      response: Joi.object({
        keyId: Joi.string().required(),
        credits: Joi.number().integer(),
        name: Joi.string(),
      }),
    }),
  );

  test('accepts what goes over the wire as declared: bigint as an integer, undefined as absent', () => {
    expect(validate({ keyId: 'key_1', credits: 9223372036854775807n, name: undefined })).toEqual([]);
  });

  test('names what is missing, undeclared or of another type', () => {
    expect(validate({ credits: '5', extra: 1 }).toSorted()).toEqual([
      "/additionalProperties: additional properties 'extra' not allowed",
      '/properties/credits/type: got string, want integer',
      "/required: missing property 'keyId'",
    ]);
    expect(validate(undefined)).toEqual(['/: data is missing']);
  });

  test('an operation that declares its data forbidden answers without any', () => {
    const none = compileResponseValidator(operationFixture({ response: Joi.forbidden() }));
    expect(none(undefined)).toEqual([]);
    expect(none({})).not.toEqual([]);
  });
});
