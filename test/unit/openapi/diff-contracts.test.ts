import Joi from 'joi';
import { describe, expect, test } from 'vitest';
import { diffContracts, diffDocuments } from '../../../src/commands/openapi/diff-contracts.ts';
import { buildOpenApiDocument } from '../../../src/server/docs/openapi-document.ts';
import { renderOpenApiYaml } from '../../../src/server/docs/openapi-yaml.ts';
import type { AnyOperation } from '../../../src/server/operation.ts';
import { operationFixture } from '../validation/operation-fixture.ts';
import { temporaryFile } from './contract-files.ts';

function changesOf(before: Partial<AnyOperation>, after: Partial<AnyOperation>) {
  const documents = [before, after].map((overrides) => buildOpenApiDocument([operationFixture(overrides)]));
  return diffDocuments(documents[0], documents[1]);
}

/** The classes that a change of a schema has in a request and in an answer. */
function classesOf(before: Joi.Schema, after: Joi.Schema): [request: string[], response: string[]] {
  const [from, to] = [Joi.object({ x: before }), Joi.object({ x: after })];
  const classes = (changes: { class: string }[]) => changes.map((change) => change.class);
  return [
    classes(changesOf({ request: from }, { request: to })),
    classes(changesOf({ response: from }, { response: to })),
  ];
}

describe('the difference between two contracts', () => {
  test('equal contracts do not differ', () => {
    expect(changesOf({}, {})).toEqual([]);
  });

  test.each([
    ['narrowed type', Joi.string().allow(null), Joi.string(), 'breaking', 'breaking'],
    ['widened type', Joi.string(), Joi.string().allow(null), 'compatible', 'breaking'],
    ['another type', Joi.string().allow(''), Joi.boolean(), 'breaking', 'breaking'],
    [
      'number to integer',
      Joi.number().min(0).max(9),
      Joi.number().integer().min(0).max(9),
      'breaking',
      'breaking',
    ],
    ['any to string', Joi.any(), Joi.string().allow(''), 'breaking', 'breaking'],
    ['raised minimum', Joi.number().min(1), Joi.number().min(2), 'breaking', 'breaking'],
    ['lowered minimum', Joi.number().min(2), Joi.number().min(1), 'compatible', 'breaking'],
    ['new maximum', Joi.number(), Joi.number().max(5), 'breaking', 'breaking'],
    ['raised maximum length', Joi.string().max(5), Joi.string().max(6), 'compatible', 'breaking'],
    ['lowered maximum of items', Joi.array().max(5), Joi.array().max(4), 'breaking', 'breaking'],
    ['new pattern', Joi.string(), Joi.string().pattern(/a/), 'breaking', 'breaking'],
    ['removed value', Joi.valid('a', 'b'), Joi.valid('a'), 'breaking', 'breaking'],
    ['added value', Joi.valid('a'), Joi.valid('a', 'b'), 'compatible', 'compatible'],
    ['description', Joi.string(), Joi.string().description('Text.'), 'docs-only', 'docs-only'],
    ['example', Joi.string().example('a'), Joi.string().example('b'), 'docs-only', 'docs-only'],
    ['default', Joi.string().default('a'), Joi.string().default('b'), 'breaking', 'docs-only'],
    [
      'added branch',
      Joi.alternatives(Joi.number(), Joi.boolean()),
      Joi.alternatives(Joi.boolean(), Joi.number(), Joi.string()),
      'compatible',
      'breaking',
    ],
    [
      'removed branch',
      Joi.alternatives(Joi.number(), Joi.boolean()),
      Joi.alternatives(Joi.boolean()),
      'breaking',
      'breaking',
    ],
    [
      'change inside a branch',
      Joi.alternatives(Joi.number(), Joi.boolean()),
      Joi.alternatives(Joi.number().max(1), Joi.boolean()),
      'breaking',
      'breaking',
    ],
    [
      'change inside items',
      Joi.array().items(Joi.number()),
      Joi.array().items(Joi.number().max(1)),
      'breaking',
      'breaking',
    ],
    [
      'removed field',
      Joi.object({ a: Joi.any(), b: Joi.any() }),
      Joi.object({ a: Joi.any() }),
      'breaking',
      'breaking',
    ],
    [
      'new optional field',
      Joi.object({ a: Joi.any() }),
      Joi.object({ a: Joi.any(), b: Joi.any() }),
      'compatible',
      'compatible',
    ],
    [
      'new required field',
      Joi.object({ a: Joi.any() }),
      Joi.object({ a: Joi.any(), b: Joi.any().required() }),
      'breaking',
      'compatible',
    ],
    [
      'field now required',
      Joi.object({ a: Joi.any() }),
      Joi.object({ a: Joi.any().required() }),
      'breaking',
      'compatible',
    ],
    [
      'field now optional',
      Joi.object({ a: Joi.any().required() }),
      Joi.object({ a: Joi.any() }),
      'compatible',
      'breaking',
    ],
  ])('%s', (_name, before, after, request, response) => {
    expect(classesOf(before, after)).toEqual([[request], [response]]);
  });

  test('closing a request to unknown fields breaks, opening it does not', () => {
    const [closed, open] = [Joi.object({}), Joi.object({}).unknown(true)];
    expect(changesOf({ request: open }, { request: closed })).toMatchObject([{ class: 'breaking' }]);
    expect(changesOf({ request: closed }, { request: open })).toMatchObject([{ class: 'compatible' }]);
  });

  test('names the operation and points at the place', () => {
    const [change] = changesOf(
      {},
      { request: Joi.object({ name: Joi.string().min(4).max(255).required() }) },
    );
    expect(change).toMatchObject({
      class: 'breaking',
      operation: 'apis.createApi',
      pointer:
        '#/paths/~1v2~1apis.createApi/post/requestBody/content/application~1json/schema/properties/name/minLength',
    });
  });

  test.each([
    ['removed body', {}, { request: undefined }, ['compatible']],
    ['new body', { request: undefined }, {}, ['breaking']],
    ['text', {}, { summary: 'Make an API', description: 'Makes one.' }, ['docs-only', 'docs-only']],
    [
      'example',
      {},
      { examples: { request: { name: 'abc' }, response: { apiId: 'api_8fKq3Lx0v' } } },
      ['docs-only'],
    ],
    ['new error', {}, { errors: ['unkey:data:api_not_found' as const] }, ['compatible']],
    ['removed error', { errors: ['unkey:data:api_not_found' as const] }, {}, ['breaking']],
    ['new error status', {}, { errors: ['unkey:application:protected_resource' as const] }, ['compatible']],
    ['success status', {}, { status: 201 as const }, ['breaking', 'breaking']],
    ['new permission', {}, { permissions: ['api.*.create_api', 'x'] }, ['compatible']],
    ['removed permission', {}, { permissions: [] }, ['breaking']],
  ])('%s', (_name, before, after, expected) => {
    expect(changesOf(before, after).map((change) => change.class)).toEqual(expected);
  });

  test('another way to authenticate breaks, also when only the scheme behind the name is another', () => {
    const change = { class: 'breaking', message: 'security changed' };
    expect(changesOf({ auth: 'public' }, { auth: 'portal' })).toContainEqual(expect.objectContaining(change));
    const before = buildOpenApiDocument([operationFixture()]);
    const after = structuredClone(before);
    Object.assign(after.components.securitySchemes.bearer ?? {}, { scheme: 'basic' });
    expect(diffDocuments(before, after)).toMatchObject([change]);
  });

  test('a removed operation breaks, a new one does not, and what breaks comes first', () => {
    const [one, other] = ['apis.getApi', 'apis.deleteApi'].map((name) =>
      buildOpenApiDocument([operationFixture({ name, path: `/v2/${name}` as const })]),
    );
    expect(diffDocuments(one, other)).toMatchObject([
      { class: 'breaking', operation: 'apis.getApi', pointer: '#/paths/~1v2~1apis.getApi/post' },
      { class: 'compatible', operation: 'apis.deleteApi', pointer: '#/paths/~1v2~1apis.deleteApi/post' },
    ]);
  });

  test('a schema that refers to itself is compared once', () => {
    const document = (maximum: number) => ({
      openapi: '3.1.0',
      paths: {
        '/t': {
          post: {
            operationId: 't',
            requestBody: {
              content: { 'application/json': { schema: { $ref: '#/components/schemas/Tree' } } },
            },
          },
        },
      },
      components: {
        schemas: {
          Tree: {
            properties: {
              size: { type: 'integer', maximum },
              children: { type: 'array', items: { $ref: '#/components/schemas/Tree' } },
            },
          },
        },
      },
    });
    expect(diffDocuments(document(5), document(4))).toMatchObject([{ class: 'breaking' }]);
  });

  describe('on files', () => {
    const before = renderOpenApiYaml(buildOpenApiDocument([operationFixture()]));
    const operations = [operationFixture({ summary: 'Make an API' })];

    test.each([
      ['breaking', 0],
      ['any', 1],
      ['none', 0],
    ] as const)('a change of documentation with --fail-on %s exits %i', (failOn, exitCode) => {
      const file = temporaryFile('old.yaml', before);
      expect(diffContracts({ before: file, operations, failOn })).toMatchObject({
        exitCode,
        changes: [{ class: 'docs-only' }],
      });
    });

    test('a breaking change exits 1', () => {
      const file = temporaryFile('old.yaml', before);
      expect(diffContracts({ before: file, operations: [] })).toMatchObject({ exitCode: 1 });
    });

    test('the newer contract may be a file', () => {
      const file = temporaryFile('old.json', JSON.stringify(buildOpenApiDocument([operationFixture()])));
      expect(diffContracts({ before: file, after: file, operations: [] })).toEqual({
        exitCode: 0,
        changes: [],
      });
    });

    test.each([
      ['is not there', undefined],
      ['is no YAML', '{'],
      ['is no contract', 'a: 1\n'],
    ])('a file that %s exits 2', (_name, content) => {
      const file = content === undefined ? '/nonexistent/old.yaml' : temporaryFile('old.yaml', content);
      expect(diffContracts({ before: file, operations })).toMatchObject({
        exitCode: 2,
        problem: expect.stringContaining('old.yaml'),
      });
    });
  });
});
