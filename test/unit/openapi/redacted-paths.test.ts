import { expect, it } from 'vitest';
import { buildOpenApiDocument } from '../../../src/server/docs/openapi-document.ts';
import type { OpenApiDocument } from '../../../src/server/docs/openapi-types.ts';
import { redactedPaths } from '../../../src/server/docs/redacted-paths.ts';
import { operations } from '../../../src/server/routes/registry.ts';

const MARKED = { type: 'string', 'x-unkey-redact': true };

/** A document of one operation with this request body, and with these components. */
function documentOf(schema: unknown, schemas: Readonly<Record<string, unknown>> = {}): OpenApiDocument {
  const content = { 'application/json': { schema } };
  return {
    paths: { '/a': { post: { requestBody: { content }, responses: {} } } },
    components: { schemas },
  } as unknown as OpenApiDocument;
}

const object = (properties: Readonly<Record<string, unknown>>): unknown => ({ type: 'object', properties });

it('names the secrets of this product', () => {
  expect(redactedPaths(buildOpenApiDocument(operations))).toEqual(
    expect.arrayContaining(['data.key', 'data.plaintext', 'data[].plaintext', 'key']),
  );
});

it('leads through members, items, branches and components, and names each place once', () => {
  const schema = object({
    key: MARKED,
    list: { type: 'array', items: { $ref: '#/components/schemas/Item' } },
    other: { type: 'array', items: { $ref: '#/components/schemas/Item' } },
    either: { anyOf: [object({ a: MARKED }), object({ a: MARKED, b: { type: 'string' } })] },
    plain: { type: 'string' },
  });
  expect(redactedPaths(documentOf(schema, { Item: object({ secret: MARKED }) }))).toEqual([
    'either.a',
    'key',
    'list[].secret',
    'other[].secret',
  ]);
});

it('does not follow what contains itself for ever', () => {
  const tree = object({ children: { type: 'array', items: { $ref: '#/components/schemas/Tree' } } });
  const schema = object({ key: MARKED, tree: { $ref: '#/components/schemas/Tree' } });
  expect(redactedPaths(documentOf(schema, { Tree: tree }))).toEqual(['key']);
});

it.each([
  ['nothing', object({ plain: { type: 'string' } }), {}],
  ['a whole body', MARKED, {}],
  ['the items of an array', object({ list: { type: 'array', items: MARKED } }), {}],
  [
    'a member of what contains itself',
    { $ref: '#/components/schemas/Tree' },
    {
      Tree: object({
        secret: MARKED,
        children: { type: 'array', items: { $ref: '#/components/schemas/Tree' } },
      }),
    },
  ],
])('refuses a document that marks %s', (_what, schema, schemas) => {
  expect(() => redactedPaths(documentOf(schema, schemas))).toThrow('x-unkey-redact');
});
