// For every operation of the served document: a hundred requests that are wrong in some way, drawn from the document's
// own schemas. Whatever they are, the answer is a well-formed refusal (or a 200 where the change was harmless), never
// a failure of the server, and nothing is written by a refused request.

import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { operations } from '../../src/server/routes/registry.ts';
import { PERMISSION_PRESETS } from '../../src/services/rbac/catalogue.ts';
import { startApi, type TestApi } from '../support/api.ts';
import { RecordingControlPlane, RecordingWorkflows } from '../support/control.ts';
import { type TestWorkspace, testWorkspace } from '../support/workspace.ts';

interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
}

interface Document {
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
  readonly paths: Readonly<
    Record<
      string,
      {
        readonly post?: {
          readonly requestBody?: {
            readonly content: {
              readonly 'application/json': {
                readonly schema: Schema;
                readonly example?: unknown;
                readonly examples?: Readonly<Record<string, { readonly value: unknown }>>;
              };
            };
          };
        };
      }
    >
  >;
}

let api: TestApi;
let ws: TestWorkspace;
let document: Document;
/** May do everything: what is refused, is refused for what it is. */
let rootKey: string;

beforeAll(async () => {
  // Some of the requests are well-formed by chance, and then there must be something to do the work.
  api = await startApi({
    controlPlane: new RecordingControlPlane(),
    workflows: new RecordingWorkflows(),
  });
  ws = await testWorkspace(api);
  rootKey = await api.rootKey(PERMISSION_PRESETS.full, ws.id);
  const served = await api.fetch('/openapi.yaml');
  document = parse(await served.text()) as Document;
});
afterAll(() => api.stop());

const SEED = 20_261_122;
const REQUESTS_PER_OPERATION = 100;

/** Values that break most schemas somewhere: wrong types, bounds, characters, sizes. */
const wrongValue = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    '',
    0,
    -1,
    1.5,
    1e308,
    2 ** 53,
    true,
    [],
    {},
    [null],
    'x'.repeat(70_000),
    '\u0000',
    '\ud800',
    '__proto__',
  ),
  fc.jsonValue(),
  fc.string({ unit: 'binary', maxLength: 300 }),
);

function resolve(schema: Schema): Schema {
  const name = schema.$ref?.split('/').at(-1);
  return name === undefined ? schema : (document.components.schemas[name] ?? {});
}

/** Property paths that the schema knows, objects and items included. */
function pathsOf(reference: Schema, prefix: readonly string[] = []): (readonly string[])[] {
  const schema = resolve(reference);
  const own = prefix.length === 0 ? [] : [prefix];
  const members = Object.entries(schema.properties ?? {}).flatMap(([name, member]) =>
    pathsOf(member, [...prefix, name]),
  );
  const items = schema.items === undefined ? [] : pathsOf(schema.items, [...prefix, '0']);
  return [...own, ...members, ...items];
}

/** A copy of `value` in which the member at `path` is `replacement`, containers made on the way. */
function withMember(value: unknown, path: readonly string[], replacement: unknown): unknown {
  const [head, ...rest] = path;
  if (head === undefined) return replacement;
  if (head === '0') return [withMember(Array.isArray(value) ? value[0] : undefined, rest, replacement)];
  const object = value !== null && typeof value === 'object' && !Array.isArray(value) ? value : {};
  return { ...object, [head]: withMember((object as Record<string, unknown>)[head], rest, replacement) };
}

function bodies(schema: Schema, example: unknown): fc.Arbitrary<string> {
  const paths = pathsOf(schema);
  const mutated = fc
    .array(fc.tuple(fc.constantFrom(...paths), wrongValue), { minLength: 1, maxLength: 3 })
    .map((changes) =>
      JSON.stringify(changes.reduce((body, [path, value]) => withMember(body, path, value), example)),
    );
  const text = JSON.stringify(example);
  return fc.oneof(
    { weight: 6, arbitrary: mutated },
    { weight: 1, arbitrary: fc.json() },
    { weight: 1, arbitrary: fc.nat({ max: text.length }).map((end) => text.slice(0, end)) },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 100 }) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        '',
        '[]',
        'null',
        '{}',
        `\ufeff${text}`,
        `${text}${text}`,
        '['.repeat(20_000),
      ),
    },
  );
}

const headers = fc.record(
  {
    'Content-Type': fc.constantFrom(
      'application/json',
      'application/JSON; charset=utf-8',
      'text/plain',
      'application',
      '',
      ';;;',
    ),
    Authorization: fc.constantFrom(
      '',
      'Bearer',
      'Bearer ',
      'bearer x',
      'Basic Zm9v',
      'Bearer a.b.c',
      'Bearer nope',
    ),
    Accept: fc.constantFrom('*/*', 'application/problem+json', ';', 'application/json;q=0'),
    'X-Forwarded-For': fc.constantFrom('', ',', '[::1', '1.2.3.4:99999', 'not an address'),
  },
  { requiredKeys: [] },
);

describe.each(operations.filter(({ request }) => request !== undefined).map(({ name }) => name))(
  '%s',
  (name) => {
    test(`answers ${REQUESTS_PER_OPERATION} malformed requests without failing`, {
      timeout: 120_000,
    }, async () => {
      const content = document.paths[`/v2/${name}`]?.post?.requestBody?.content['application/json'];
      if (content === undefined) throw new Error(`${name} is not in the served document`);
      const example = content.example ?? Object.values(content.examples ?? {})[0]?.value;
      await fc.assert(
        fc.asyncProperty(
          bodies(content.schema, example),
          fc.option(headers, { freq: 3, nil: {} }),
          async (body, odd) => {
            const response = await api.fetch(`/v2/${name}`, {
              method: 'POST',
              headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${rootKey}`, ...odd },
              body,
            });
            const answer = (await response.json()) as {
              meta: object;
              error?: { status: number; type: string };
            };
            expect(response.status, JSON.stringify(answer)).toBeLessThan(500);
            expect(answer.meta).toHaveProperty('requestId');
            if (response.status !== 200) {
              expect(answer.error).toMatchObject({
                status: response.status,
                type: expect.stringMatching(/^https:/),
              });
            }
          },
        ),
        { numRuns: REQUESTS_PER_OPERATION, seed: SEED },
      );
    });
  },
);

test('a refused request writes nothing', async () => {
  const count = async (): Promise<unknown> => {
    const rows = await api.db.primary.all(
      'count',
      `SELECT (SELECT COUNT(*) FROM apis) AS apis, (SELECT COUNT(*) FROM \`keys\`) AS \`keys\`,
              (SELECT COUNT(*) FROM clickhouse_outbox) AS events, (SELECT COUNT(*) FROM identities) AS identities`,
    );
    return rows[0];
  };
  const before = await count();
  for (const [operation, body] of [
    ['apis.createApi', { name: 'ab' }],
    ['keys.createKey', { apiId: ws.apiId, externalId: 'u1', roles: ['nobody'] }],
    [
      'keys.createKey',
      {
        apiId: ws.apiId,
        externalId: 'u1',
        credits: { remaining: 1, refill: { interval: 'monthly', amount: 1 } },
      },
    ],
  ] as const) {
    expect((await ws.call(operation, body)).status).toBeGreaterThanOrEqual(400);
  }
  expect(await count()).toEqual(before);
});
