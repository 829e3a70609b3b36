import fc from 'fast-check';
import Joi from 'joi';
import { describe, expect, test } from 'vitest';
import type { AnyOperation } from '../../../src/server/operation.ts';
import { toJsonSchema } from '../../../src/server/validation/json-schema.ts';
import {
  compileRequestValidator,
  type RequestInput,
  type RequestOutcome,
} from '../../../src/server/validation/request-validator.ts';
import { operationFixture } from './operation-fixture.ts';
import { fitting } from './schema-arbitrary.ts';

const createApi = operationFixture();

function send(operation: AnyOperation, body: string, sent: Partial<RequestInput> = {}): RequestOutcome {
  return compileRequestValidator(operation).validate({
    authorization: 'Bearer unkey_1',
    portalSession: undefined,
    contentType: 'application/json',
    body: Buffer.from(body),
    path: operation.path,
    ...sent,
  });
}

function withBody(request: Joi.Schema): AnyOperation {
  return operationFixture({ request });
}

function refusal(outcome: RequestOutcome): Extract<RequestOutcome, { ok: false }> {
  if (outcome.ok) throw new Error('the request was accepted');
  return outcome;
}

function violations(request: Joi.Schema, body: unknown): { location: string; message: string }[] {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const { errors } = refusal(send(withBody(request), text));
  return errors.toSorted((a, b) => a.location.localeCompare(b.location));
}

describe('the steps before the schema', () => {
  test('a missing Authorization header hides everything else', () => {
    for (const authorization of [undefined, '']) {
      const { detail, errors } = refusal(send(createApi, '{}', { authorization, contentType: undefined }));
      expect(detail).toBe("Authorization header for 'bearer' scheme");
      expect(errors).toEqual([
        { location: 'security', message: expect.stringContaining('not found'), fix: expect.any(String) },
      ]);
    }
  });

  test('another authorization scheme is not refused here', () => {
    expect(send(createApi, '{"name":"abc"}', { authorization: 'Basic Zm9v' }).ok).toBe(true);
  });

  test('a portal operation needs its cookie, which may be empty, and no header', () => {
    const portal = operationFixture({ auth: 'portal', request: undefined });
    const sent = { authorization: undefined, contentType: undefined };
    expect(send(portal, '', { ...sent, portalSession: '' }).ok).toBe(true);
    const { detail, errors } = refusal(send(portal, '', sent));
    expect(detail).toBe('API Key portal_session not found in cookies');
    expect(errors).toMatchObject([{ location: 'security', fix: expect.any(String) }]);
  });

  test('a public operation needs no credential', () => {
    const open = operationFixture({ auth: 'public' });
    expect(send(open, '{"name":"abc"}', { authorization: undefined }).ok).toBe(true);
  });

  test.each([
    undefined,
    '',
    'text/plain',
    'text/json',
    'application',
    'application/problem+json',
    'application/jsonx',
  ])('content type %s is refused', (contentType) => {
    const { detail, errors } = refusal(send(createApi, '{"name":"abc"}', { contentType }));
    expect(detail).toBe(`POST operation request content type '${contentType ?? ''}' does not exist`);
    expect(errors).toMatchObject([
      { location: 'requestBody', fix: expect.stringContaining('application/json') },
    ]);
  });

  test.each(['application/json', 'application/JSON; charset=utf-8', ' Application/Json ;a=b'])(
    'content type %s is accepted',
    (contentType) => {
      expect(send(createApi, '{"name":"abc"}', { contentType }).ok).toBe(true);
    },
  );

  test('an empty body is refused and the detail names the path', () => {
    const { detail, errors } = refusal(send(createApi, ''));
    expect(detail).toBe("POST request body is empty for '/v2/apis.createApi'");
    expect(errors).toMatchObject([{ location: 'requestBody', fix: expect.any(String) }]);
  });

  test.each([
    '{"name": ',
    ' ',
    '{"name":"abc"} x',
    '{"name":"abc"}{}',
    '\u{feff}{"name":"abc"}',
    '{a:1}',
    'nul',
    "{'a':1}",
  ])('the body %j is no JSON', (body) => {
    const { detail, errors } = refusal(send(createApi, body));
    expect(detail).toBe("POST request body for '/v2/apis.createApi' failed to validate schema");
    expect(errors).toMatchObject([{ location: 'requestBody', fix: expect.any(String) }]);
  });

  test('a complaint about syntax quotes nothing of the body', () => {
    const { errors } = refusal(send(createApi, '{"key":"hush",x}'));
    expect(JSON.stringify(errors)).not.toContain('hush');
  });

  test('an operation without a body ignores what is sent', () => {
    const bodiless = operationFixture({ request: undefined });
    const outcome = send(bodiless, '{"name": ', { contentType: undefined });
    expect(outcome).toMatchObject({ ok: true, body: undefined });
  });
});

describe('the schema step', () => {
  test.each([
    ['{"name":"ab"}', '/properties/name/minLength', 'minLength: got 2, want 3'],
    ['{}', '/required', "missing property 'name'"],
    ['{"name":"abc","x":1}', '/additionalProperties', "additional properties 'x' not allowed"],
    ['{"name":5}', '/properties/name/type', 'got number, want string'],
    ['[]', '/type', 'got array, want object'],
    ['null', '/type', 'got null, want object'],
    ['{"Name":"abc"}', '/required', "missing property 'name'"],
  ])('createApi with %s violates %s', (body, location, message) => {
    const { detail, errors } = refusal(send(createApi, body));
    expect(detail).toBe("POST request body for '/v2/apis.createApi' failed to validate schema");
    expect(errors).toContainEqual({ location, message });
    expect(errors.every((error) => !('fix' in error))).toBe(true);
  });

  test('tells every violation, names of one object together', () => {
    const request = Joi.object({
      a: Joi.string().required(),
      b: Joi.string().required(),
      list: Joi.array().items(Joi.object({ limit: Joi.number().integer().min(1).required() })),
    });
    expect(violations(request, { x: 1, y: 2, list: [{ limit: 0 }, {}, { limit: 0 }] })).toEqual([
      { location: '/additionalProperties', message: "additional properties 'x', 'y' not allowed" },
      { location: '/properties/list/items/properties/limit/minimum', message: 'minimum: got 0, want 1' },
      { location: '/properties/list/items/properties/limit/minimum', message: 'minimum: got 0, want 1' },
      { location: '/properties/list/items/required', message: "missing property 'limit'" },
      { location: '/required', message: "missing properties 'a', 'b'" },
    ]);
  });

  test('shows no array position, also for a body that is an array', () => {
    const request = Joi.array().items(Joi.object({ identifier: Joi.string().max(3) }));
    expect(violations(request, [{}, { identifier: 'abcd' }])).toEqual([
      { location: '/items/properties/identifier/maxLength', message: 'maxLength: got 4, want 3' },
    ]);
  });

  test('keeps the failures of the branches and drops the line that a choice failed', () => {
    const request = Joi.object({ x: Joi.alternatives(Joi.string(), Joi.boolean()) });
    expect(violations(request, { x: 1 })).toEqual([
      { location: '/properties/x/anyOf/0/type', message: 'got number, want string' },
      { location: '/properties/x/anyOf/1/type', message: 'got number, want boolean' },
    ]);
  });

  test('says so when exactly one branch may match and two do', () => {
    const request = Joi.alternatives(Joi.number(), Joi.number().min(0)).match('one');
    expect(violations(request, '5')).toEqual([
      { location: '/oneOf', message: 'oneOf failed, subschemas 0, 1 matched' },
    ]);
  });

  test.each([
    ['type', Joi.string().valid('a', 'b').allow(null), 5, 'type', 'got number, want string or null'],
    ['enum', Joi.string().valid('a', 'b'), 'c', 'enum', "value must be one of 'a', 'b'"],
    ['a single value', Joi.string().valid('a'), "it's", 'enum', "value must be 'a'"],
    ['a fraction', Joi.number().integer().min(2), 1.5, 'type', 'got number, want integer'],
  ])('a failure of %s ends the checks of a value', (_name, member, value, keyword, message) => {
    expect(violations(Joi.object({ x: member }), { x: value })).toEqual([
      { location: `/properties/x/${keyword}`, message },
    ]);
  });

  test.each([
    ['minItems', Joi.array().items(Joi.any()).min(2), [1], 'minItems: got 1, want 2'],
    ['maxItems', Joi.array().items(Joi.any()).max(1), [1, 2], 'maxItems: got 2, want 1'],
    ['minProperties', Joi.object().min(1), {}, 'minProperties: got 0, want 1'],
    ['maxProperties', Joi.object().max(1), { a: 1, b: 2 }, 'maxProperties: got 2, want 1'],
    ['maximum', Joi.number().max(1), 1.25, 'maximum: got 1.25, want 1'],
    ['exclusiveMinimum', Joi.number().greater(0), 0, 'exclusiveMinimum: got 0, want 0'],
    ['exclusiveMaximum', Joi.number().less(0), 0, 'exclusiveMaximum: got 0, want 0'],
    ['uniqueItems', Joi.array().items(Joi.string()).unique(), ['a', 'b', 'a'], 'items at 0 and 2 are equal'],
    ['pattern', Joi.string().pattern(/^[a-z]+$/), "It's", "'It\\'s' does not match pattern '^[a-z]+$'"],
  ])('words a violation of %s', (keyword, member, value, message) => {
    expect(violations(Joi.object({ x: member }), { x: value })).toEqual([
      { location: `/properties/x/${keyword}`, message },
    ]);
  });

  test('counts code points and searches patterns anywhere', () => {
    const request = Joi.object({ x: Joi.string().max(2).pattern(/b/) });
    expect(send(withBody(request), '{"x":"😀b"}').ok).toBe(true);
    expect(violations(request, { x: '😀😀b' })).toEqual([
      { location: '/properties/x/maxLength', message: 'maxLength: got 3, want 2' },
    ]);
  });

  test('never enforces a format, fills in a default, or turns one type into another', () => {
    const request = Joi.object({ mail: Joi.string().email(), limit: Joi.number().default(100) });
    expect(send(withBody(request), '{"mail":"nobody"}')).toMatchObject({
      ok: true,
      body: { mail: 'nobody' },
    });
    expect(violations(request, { limit: '5' })).toEqual([
      { location: '/properties/limit/type', message: 'got string, want number' },
    ]);
  });

  test('accepts null only where it is named', () => {
    const request = Joi.object({ yes: Joi.string().allow(null), no: Joi.string() });
    expect(send(withBody(request), '{"yes":null}').ok).toBe(true);
    expect(violations(request, { no: null })).toEqual([
      { location: '/properties/no/type', message: 'got null, want string' },
    ]);
  });

  test('of equal names the last one counts', () => {
    expect(send(createApi, '{"name":1,"name":"abc"}')).toMatchObject({ ok: true, body: { name: 'abc' } });
  });

  test('ignores unknown members of an open object, also spelt like known ones', () => {
    const open = withBody(Joi.object({ cost: Joi.number().max(1) }).unknown(true));
    expect(send(open, '{"Cost":"many","COST":5,"cost":1}').ok).toBe(true);
  });

  test('refuses a typed integer beyond 2^53 - 1', () => {
    const request = Joi.object({ limit: Joi.number().integer().min(1) });
    expect(send(withBody(request), '{"limit":9007199254740991}').ok).toBe(true);
    expect(violations(request, '{"limit":9007199254740992}')).toMatchObject([
      { location: '/properties/limit/maximum' },
    ]);
    expect(violations(request, '{"limit":1e400}')).toMatchObject([{ location: '/properties/limit/type' }]);
  });

  test('tells only the first violation of a huge body', () => {
    const request = Joi.array().items(Joi.string());
    const { errors } = refusal(send(withBody(request), JSON.stringify(Array(200_000).fill(1))));
    expect(errors).toEqual([{ location: '/items/type', message: 'got number, want string' }]);
  });

  test('tells all of a body that is merely large', () => {
    const request = Joi.array().items(Joi.string());
    const { errors } = refusal(send(withBody(request), JSON.stringify(Array(125_000).fill(1))));
    expect(errors).toHaveLength(125_000);
  });
});

describe('hostile bodies', () => {
  test('nesting that could not be stored is refused as a syntax error', () => {
    const open = withBody(Joi.object({ meta: Joi.object().unknown(true) }));
    const nested = (levels: number) => `{"meta":${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}}`;
    expect(send(open, nested(900)).ok).toBe(true);
    for (const levels of [1100, 10_001, 1_000_000]) {
      expect(refusal(send(open, nested(levels))).errors).toMatchObject([{ location: 'requestBody' }]);
    }
  });

  test('brackets inside strings are not nesting', () => {
    const open = withBody(Joi.object({ meta: Joi.object().unknown(true) }));
    expect(send(open, JSON.stringify({ meta: { a: `\\"${'['.repeat(5000)}` } })).ok).toBe(true);
  });

  test('a member called __proto__ is a member like any other', () => {
    expect(refusal(send(createApi, '{"__proto__":{"name":"abc"}}')).errors).toEqual(
      expect.arrayContaining([
        { location: '/required', message: "missing property 'name'" },
        { location: '/additionalProperties', message: "additional properties '__proto__' not allowed" },
      ]),
    );
    const open = withBody(Joi.object({ meta: Joi.object().unknown(true) }));
    const text = '{"meta":{"__proto__":{"admin":true}}}';
    const outcome = send(open, text);
    expect(outcome.ok && JSON.stringify(outcome.body)).toBe(text);
    expect({}).not.toHaveProperty('admin');
  });

  test('half a surrogate pair becomes the replacement character, in names too', () => {
    const open = withBody(Joi.object({ meta: Joi.object().unknown(true) }));
    const outcome = send(
      open,
      String.raw`{"meta":{"a\udd80":["\uD83E","\ud83e\udd80"],"__proto__":"\udfff"}}`,
    );
    expect(outcome.ok && JSON.stringify(outcome.body)).toBe(
      '{"meta":{"a\ufffd":["\ufffd","🦀"],"__proto__":"\ufffd"}}',
    );
  });
});

describe('binding', () => {
  const request = Joi.object({
    limit: Joi.number().integer(),
    ratio: Joi.number(),
    meta: Joi.object().unknown(true),
    list: Joi.array().items(Joi.object({ cost: Joi.number().integer().allow(null) }).unknown(true)),
  });

  function bound(body: string): string | undefined {
    const outcome = send(withBody(request), body);
    if (!outcome.ok) throw new Error('the body does not fit the schema');
    return outcome.bind();
  }

  test.each([
    '{"limit":1.0}',
    '{"limit":1e2}',
    '{"limit":1E2}',
    '{"limit":9007199254740991.4}',
    '{"list":[{},{"cost":0.0}]}',
  ])('%s passes the schema and cannot be bound', (body) => {
    expect(bound(body)).toMatch(/integer/);
  });

  test.each([
    '{"limit":100}',
    '{"limit":-0}',
    '{"ratio":1.0}',
    '{"meta":{"limit":1.0,"deep":[1e2]}}',
    '{"list":[{"cost":null,"other":1.0}]}',
    '{"meta":{"text":"1.0"},"limit":1}',
  ])('%s can be bound', (body) => {
    expect(bound(body)).toBeUndefined();
  });

  test('names the field', () => {
    expect(bound('{"list":[{},{"cost":0.0}]}')).toContain("'list.1.cost'");
  });
});

describe('for any body', () => {
  const request = Joi.object({
    name: Joi.string().min(2).max(30).required(),
    slug: Joi.string().pattern(/^[a-z0-9_]{2,8}$/),
    kind: Joi.string().valid('daily', 'monthly').allow(null),
    credits: Joi.object({ remaining: Joi.number().integer().min(0).allow(null).required() }).allow(null),
    ratelimits: Joi.array()
      .items(Joi.object({ limit: Joi.number().integer().min(1).required() }).unknown(true))
      .max(5),
    choice: Joi.alternatives(Joi.boolean(), Joi.array().items(Joi.number())),
    meta: Joi.object().unknown(true).max(10),
  });
  const operation = withBody(request);
  const validator = compileRequestValidator(operation);
  const validate = (text: string) =>
    validator.validate({
      authorization: 'Bearer unkey_1',
      portalSession: undefined,
      contentType: 'application/json',
      body: Buffer.from(text),
      path: operation.path,
    });

  test('what the schema describes is accepted and handed on as sent', () => {
    fc.assert(
      fc.property(fitting(toJsonSchema(request, 'request')), (body) => {
        const text = JSON.stringify(body);
        const outcome = validate(text);
        expect(outcome).toMatchObject({ ok: true });
        expect(JSON.stringify(outcome.ok && outcome.body)).toBe(JSON.stringify(JSON.parse(text)));
      }),
    );
  });

  test('arbitrary JSON never throws, and a refusal always says something', () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), (text) => {
        const outcome = validate(text);
        if (!outcome.ok) expect(outcome.errors.length).toBeGreaterThan(0);
      }),
    );
  });

  test('one damaged member of a fitting body is located at that member', () => {
    fc.assert(
      fc.property(fitting(toJsonSchema(request, 'request')), (body) => {
        const outcome = validate(JSON.stringify({ ...(body as object), slug: 'NO' }));
        expect(outcome).toMatchObject({ ok: false, errors: [{ location: '/properties/slug/pattern' }] });
      }),
    );
  });
});
