import Joi from 'joi';
import { describe, expect, test } from 'vitest';
import { toJsonSchema } from '../../../src/server/validation/json-schema.ts';

const MAX = Number.MAX_SAFE_INTEGER;

describe('the JSON Schema of a Joi schema', () => {
  test('closes objects and leaves open ones without the keyword', () => {
    const members = { name: Joi.string().required() };
    expect(toJsonSchema(Joi.object(members), 'request')).toEqual({
      type: 'object',
      properties: { name: { type: 'string', minLength: 1 } },
      required: ['name'],
      additionalProperties: false,
    });
    expect(toJsonSchema(Joi.object(members).unknown(true), 'request')).not.toHaveProperty(
      'additionalProperties',
    );
    expect(toJsonSchema(Joi.object().unknown(true).max(100), 'request')).toEqual({
      type: 'object',
      maxProperties: 100,
    });
  });

  test.each([
    ['string', Joi.string().allow(null), { type: ['string', 'null'], minLength: 1 }],
    [
      'list of values',
      Joi.string().valid('a', 'b').allow(null),
      { type: ['string', 'null'], enum: ['a', 'b', null] },
    ],
    ['object', Joi.object({}).unknown(true).allow(null), { type: ['object', 'null'], properties: {} }],
    [
      'array',
      Joi.array().items(Joi.boolean()).allow(null),
      { type: ['array', 'null'], items: { type: 'boolean' } },
    ],
  ])('names null in the type list of a nullable %s', (_name, schema, expected) => {
    expect(toJsonSchema(schema, 'request')).toEqual(expected);
  });

  test('bounds the integers of a request, but not those of an answer', () => {
    const schema = Joi.number().integer().min(1).allow(null);
    expect(toJsonSchema(schema, 'request')).toEqual({ type: ['integer', 'null'], minimum: 1, maximum: MAX });
    expect(toJsonSchema(schema, 'response')).toEqual({ type: ['integer', 'null'], minimum: 1 });
    expect(toJsonSchema(Joi.number().integer(), 'request')).toEqual({
      type: 'integer',
      minimum: -MAX,
      maximum: MAX,
    });
    expect(toJsonSchema(Joi.number().integer().valid(1, 2), 'request')).toEqual({
      type: 'integer',
      enum: [1, 2],
    });
    expect(toJsonSchema(Joi.number().min(0), 'request')).toEqual({ type: 'number', minimum: 0 });
  });

  test('carries descriptions, examples and marks over, at every depth', () => {
    const secret = Joi.string().meta({ redact: true }).description('Keep it.').example('s1');
    const expected = {
      type: 'string',
      minLength: 1,
      description: 'Keep it.',
      examples: ['s1'],
      'x-unkey-redact': true,
    };
    const schema = toJsonSchema(
      Joi.object({
        direct: secret,
        listed: Joi.array().items(Joi.object({ value: secret })),
        mixed: Joi.array().items(Joi.number(), secret),
        either: Joi.alternatives(Joi.number(), secret).allow(null),
        old: Joi.string().meta({ deprecated: true }),
        map: Joi.object().pattern(Joi.string(), secret),
      }),
      'request',
    );
    expect(schema.properties?.direct).toEqual(expected);
    expect(schema.properties?.listed?.items?.properties?.value).toEqual(expected);
    expect(schema.properties?.mixed?.items?.anyOf).toEqual([{ type: 'number' }, expected]);
    expect(schema.properties?.either?.anyOf).toEqual([{ type: 'null' }, { type: 'number' }, expected]);
    expect(schema.properties?.old?.deprecated).toBe(true);
    expect(schema.properties?.map).toEqual({ type: 'object', additionalProperties: expected });
  });

  test('drops a forbidden member', () => {
    const schema = toJsonSchema(Joi.object({ a: Joi.forbidden(), b: Joi.boolean() }), 'response');
    expect(schema.properties).toEqual({ b: { type: 'boolean' } });
  });

  test.each([
    [
      'a condition',
      Joi.object({ a: Joi.any(), b: Joi.when('a', { is: 1, otherwise: Joi.string() }) }),
      "'whens'",
    ],
    ['a dependency', Joi.object({ a: Joi.any(), b: Joi.any() }).xor('a', 'b'), "'dependencies'"],
    ['an own rule', Joi.object({ a: Joi.string().custom((value) => value) }), "'/a' uses rule 'custom'"],
    ['a forbidden value', Joi.string().invalid('x'), "'invalid'"],
    ['a flag of a pattern', Joi.array().items(Joi.string().pattern(/a/i)), "flags 'i'"],
    ['a date', Joi.date(), "type 'date'"],
    ['a link', Joi.object({ a: Joi.link('/') }), "type 'link'"],
    ['a value of another type', Joi.number().allow('auto'), 'another type'],
    ['an empty string beside a minimum', Joi.string().min(3).allow(''), 'minimum length'],
  ])('refuses %s, which the document would promise nothing of', (_name, schema, complaint) => {
    expect(() => toJsonSchema(schema, 'request')).toThrow(complaint);
  });
});
