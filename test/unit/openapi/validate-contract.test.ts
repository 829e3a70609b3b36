import Joi from 'joi';
import { describe, expect, test } from 'vitest';
import { bundleContract } from '../../../src/commands/openapi/bundle-contract.ts';
import { formatFinding } from '../../../src/commands/openapi/findings.ts';
import { validateContract } from '../../../src/commands/openapi/validate-contract.ts';
import type { AnyOperation } from '../../../src/server/operation.ts';
import { operationFixture } from '../validation/operation-fixture.ts';
import { temporaryFile } from './contract-files.ts';

const operations: AnyOperation[] = [
  operationFixture(),
  operationFixture({ name: 'apis.deleteApi', path: '/v2/apis.deleteApi' }),
];
const { text } = bundle(operations);

function bundle(list: readonly AnyOperation[]): { text: string } {
  const outcome = bundleContract({ operations: list });
  if (outcome.exitCode !== 0) throw new Error(outcome.problem);
  return outcome;
}

async function findings(content: string, list: readonly AnyOperation[] = operations) {
  return validateContract({ operations: list, file: temporaryFile('openapi.yaml', content) });
}

async function rules(content: string, list?: readonly AnyOperation[]): Promise<string[]> {
  const outcome = await findings(content, list);
  return [...new Set(outcome.findings.map(({ rule }) => rule))].filter((rule) => rule !== 'stale').toSorted();
}

function replaced(from: string, to: string): string {
  expect(text).toContain(from);
  return text.replace(from, to);
}

describe('validation of a contract', () => {
  test('finds nothing in a fresh bundle, YAML or JSON', async () => {
    expect(await findings(text)).toMatchObject({ exitCode: 0, findings: [] });
    const json = bundleContract({ operations, format: 'json' });
    expect(json.exitCode === 0 && (await findings(json.text))).toMatchObject({ exitCode: 0, findings: [] });
  });

  test('tells file, line and column of what it finds', async () => {
    const outcome = await findings(replaced('      summary: Create an API\n', '      summary: ""\n'));
    expect(outcome.exitCode).toBe(1);
    const line = text.split('\n').findIndex((each) => each.trim() === 'post:') + 1;
    expect(outcome.findings.map(formatFinding)).toContain(
      `${outcome.file}:${line}:5 error summary POST /v2/apis.createApi has no summary`,
    );
  });

  test('calls a file stale at the first line that a fresh bundle writes differently', async () => {
    const outcome = await findings(replaced('description: Creates an API.', 'description: Makes an API.'));
    const line = text.split('\n').findIndex((each) => each.includes('Creates an API.')) + 1;
    expect(outcome.findings).toMatchObject([{ rule: 'stale', severity: 'error', line }]);
  });

  test.each([
    ['another version', 'openapi: 3.1.1', 'openapi: 3.0.3', ['structure']],
    [
      'a member that OpenAPI does not know',
      '  title: Unkey API',
      '  title: Unkey API\n  titel: x',
      ['structure'],
    ],
    ['a missing member that OpenAPI wants', '  version: 2.0.0\n', '', ['structure']],
    ['no summary', '      summary: Create an API\n', '', ['summary']],
    ['no description', '      description: Creates an API.\n', '', ['description']],
    ['no operationId', '      operationId: apis.createApi\n', '', ['operation-id']],
    [
      'an operationId twice',
      'operationId: apis.deleteApi',
      'operationId: apis.createApi',
      ['operation-id-unique'],
    ],
    ['no example', '            example:\n              name: payments\n', '', ['example']],
    [
      'an example that does not fit',
      '            example:\n              name: payments\n',
      '            example:\n              name: ab\n',
      ['example-schema'],
    ],
    [
      'an example inside a schema that does not fit',
      '            - payments\n',
      '            - 5\n',
      ['example-schema'],
    ],
    [
      'a reference to nowhere',
      '"#/components/schemas/V2ApisCreateApiRequestBody"',
      '"#/components/schemas/Nothing"',
      ['reference', 'unused-component'],
    ],
    [
      'a reference that leaves the document',
      '"#/components/schemas/V2ApisCreateApiRequestBody"',
      'https://example.com/schema.json',
      ['reference', 'unused-component'],
    ],
    [
      'a route that is not served and one that is not there',
      '  /v2/apis.createApi:',
      '  /v2/apis.makeApi:',
      ['route-missing', 'route-unknown'],
    ],
    [
      'a tag without a description',
      '    description: An API groups',
      '    x-note: An API groups',
      ['tag-description'],
    ],
    ['no YAML', 'openapi: 3.1.1', 'openapi: [', ['syntax']],
  ])('finds %s', async (_name, from, to, expected) => {
    expect(await rules(replaced(from, to))).toEqual(expected);
  });

  test('finds an operation that declares no errors', async () => {
    const document = JSON.stringify({
      openapi: '3.1.0',
      info: { title: 'T', version: '1' },
      paths: {
        '/v2/apis.createApi': {
          post: {
            operationId: 'a',
            summary: 's',
            description: 'd',
            responses: { 200: { description: 'ok' } },
          },
        },
      },
    });
    expect(await rules(document, [operationFixture()])).toEqual(['errors']);
  });

  test('does not take what stands in an example for a part of the document', async () => {
    const operation = operationFixture({
      request: Joi.object({ meta: Joi.object().unknown(true) }),
      examples: {
        request: { meta: { $ref: '#/nowhere', schema: { type: 'string' }, example: 5 } },
        response: { apiId: 'api_1' },
      },
    });
    const { text: content } = bundle([operation]);
    expect(await findings(content, [operation])).toMatchObject({ findings: [] });
  });

  test('a warning fails only when asked to', async () => {
    const untold = operationFixture({ name: 'things.make', path: '/v2/things.make' });
    const file = temporaryFile('openapi.yaml', bundle([untold]).text);
    const outcome = await validateContract({ operations: [untold], file });
    expect(outcome).toMatchObject({
      exitCode: 0,
      findings: [{ severity: 'warning', rule: 'tag-description' }],
    });
    expect(await validateContract({ operations: [untold], file, failOn: 'warning' })).toMatchObject({
      exitCode: 1,
    });
  });

  test('reports a file that is not there', async () => {
    const outcome = await validateContract({ operations, file: '/nonexistent/openapi.yaml' });
    expect(outcome).toMatchObject({ exitCode: 1, findings: [{ rule: 'unreadable' }] });
  });
});
