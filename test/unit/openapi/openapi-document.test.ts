import Joi from 'joi';
import { describe, expect, test } from 'vitest';
import { buildOpenApiDocument } from '../../../src/server/docs/openapi-document.ts';
import { renderOpenApiYaml } from '../../../src/server/docs/openapi-yaml.ts';
import { redactedPaths } from '../../../src/server/docs/redacted-paths.ts';
import type { AnyOperation } from '../../../src/server/operation.ts';
import { operationFixture } from '../validation/operation-fixture.ts';

const createApi = operationFixture({ permissions: ['b', 'a'], errors: ['unkey:data:api_not_found'] });
const listKeys = operationFixture({
  name: 'portal.listKeys',
  path: '/v2/portal.listKeys',
  auth: 'portal',
  paginated: true,
  response: Joi.array().items(Joi.object({ plaintext: Joi.string().meta({ redact: true }) })),
  examples: { request: { name: 'abc' }, response: [] },
});
const exchangeCode = operationFixture({
  name: 'portal.exchangeCode',
  path: '/v2/portal.exchangeCode',
  auth: 'public',
  request: Joi.object({ code: Joi.string().required().meta({ redact: true }) }),
  response: Joi.object({ accessToken: Joi.string().meta({ redact: true }) }),
  examples: { request: { code: 'c' }, response: {} },
});
const liveness = operationFixture({
  name: 'liveness',
  path: '/v2/liveness',
  method: 'GET',
  auth: 'public',
  request: undefined,
});
const all: AnyOperation[] = [createApi, listKeys, exchangeCode, liveness];

describe('the OpenAPI document', () => {
  const document = buildOpenApiDocument(all);
  const post = (path: string) => document.paths[path]?.post;

  test('declares the server and the two ways to authenticate', () => {
    expect(document.openapi).toMatch(/^3\.1\./);
    expect(document.servers[0]?.url).toBe('https://api.unkey.com');
    expect(document.security).toEqual([{ bearer: [] }]);
    expect(document.components.securitySchemes).toMatchObject({
      bearer: { type: 'http', scheme: 'bearer' },
      portalSession: { type: 'apiKey', in: 'cookie', name: 'portal_session' },
    });
  });

  test('describes an operation with its body, example and permissions', () => {
    expect(post('/v2/apis.createApi')).toMatchObject({
      operationId: 'apis.createApi',
      tags: ['apis'],
      summary: 'Create an API',
      description: 'Creates an API.',
      requestBody: {
        required: true,
        content: {
          'application/json': {
            schema: { $ref: '#/components/schemas/V2ApisCreateApiRequestBody' },
            example: { name: 'payments' },
          },
        },
      },
      'x-unkey-permissions': ['a', 'b'],
    });
    expect(document.components.schemas.V2ApisCreateApiRequestBody).toMatchObject({
      required: ['name'],
      additionalProperties: false,
    });
  });

  test('says where the global security does not hold', () => {
    expect(post('/v2/apis.createApi')).not.toHaveProperty('security');
    expect(post('/v2/portal.listKeys')?.security).toEqual([{ portalSession: [] }]);
    expect(post('/v2/portal.exchangeCode')?.security).toEqual([]);
  });

  test('wraps answers in the envelope and leaves them open', () => {
    expect(document.components.schemas.V2ApisCreateApiResponseBody).toEqual({
      type: 'object',
      required: ['meta', 'data'],
      properties: {
        meta: { $ref: '#/components/schemas/Meta' },
        data: {
          type: 'object',
          required: ['apiId'],
          properties: { apiId: { type: 'string', minLength: 1, examples: ['api_8fKq3Lx0v'] } },
        },
      },
    });
    expect(document.components.schemas.V2PortalListKeysResponseBody).toMatchObject({
      required: ['meta', 'data', 'pagination'],
    });
  });

  test('an operation that answers without data has none in its envelope', () => {
    const { components, paths } = buildOpenApiDocument([operationFixture({ response: Joi.forbidden() })]);
    expect(components.schemas.V2ApisCreateApiResponseBody).toMatchObject({ required: ['meta'] });
    const answer = paths['/v2/apis.createApi']?.post?.responses['200'];
    expect(answer).toMatchObject({
      content: { 'application/json': { example: { meta: { requestId: expect.any(String) } } } },
    });
    expect(JSON.stringify(answer)).not.toContain('"data"');
  });

  test('names every error of a status, own and shared ones', () => {
    const responses = post('/v2/apis.createApi')?.responses ?? {};
    expect(Object.keys(responses)).toEqual([
      '200',
      '400',
      '401',
      '403',
      '404',
      '408',
      '413',
      '429',
      '499',
      '500',
    ]);
    expect(responses['404']).toMatchObject({
      description: expect.stringContaining('err:unkey:data:api_not_found'),
      content: {
        'application/json': { schema: { $ref: '#/components/schemas/ErrorResponse' } },
        'application/problem+json': { schema: { $ref: '#/components/schemas/ErrorResponse' } },
      },
      'x-unkey-error-types': [
        'https://unkey.com/docs/errors/unkey/data/api_not_found',
        'https://unkey.com/docs/errors/unkey/data/workspace_not_found',
      ],
    });
    expect(responses['400']).toEqual({ $ref: '#/components/responses/bearer.400' });
    expect(document.components.responses['bearer.400']).toMatchObject({
      content: { 'application/json': { schema: { $ref: '#/components/schemas/InputErrorResponse' } } },
    });
    expect(document.components.responses['bearer.429']?.headers).toHaveProperty('Retry-After');
  });

  test('a GET operation has no body', () => {
    expect(document.paths['/v2/liveness']?.get).toMatchObject({
      operationId: 'liveness',
      tags: ['liveness'],
    });
    expect(document.paths['/v2/liveness']?.get).not.toHaveProperty('requestBody');
  });

  test('does not depend on the order of the operations', () => {
    expect(renderOpenApiYaml(buildOpenApiDocument(all.toReversed()))).toBe(renderOpenApiYaml(document));
  });

  test('refuses two operations of one name', () => {
    expect(() => buildOpenApiDocument([createApi, createApi])).toThrow('apis.createApi is declared twice');
  });
});

describe('redacted paths', () => {
  test('are the marked members of requests and answers, from the root of the body', () => {
    expect(redactedPaths(buildOpenApiDocument(all))).toEqual([
      'code',
      'data.accessToken',
      'data[].plaintext',
    ]);
  });

  test('reach into lists and choices', () => {
    const secret = Joi.string().meta({ redact: true });
    const operation = operationFixture({
      request: Joi.object({
        variables: Joi.array().items(Joi.object({ key: Joi.string(), value: secret })),
        either: Joi.alternatives(Joi.number(), Joi.object({ token: secret })),
      }),
    });
    expect(redactedPaths(buildOpenApiDocument([operation]))).toEqual(['either.token', 'variables[].value']);
  });

  test('a document without any is refused', () => {
    expect(() => redactedPaths(buildOpenApiDocument([createApi]))).toThrow('marks nothing');
  });
});
