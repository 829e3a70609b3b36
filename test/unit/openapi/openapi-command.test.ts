import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runCli } from '../../../src/commands/cli/run.ts';
import { registerOpenApi } from '../../../src/commands/openapi/register-openapi.ts';
import { buildOpenApiDocument } from '../../../src/server/docs/openapi-document.ts';
import { renderOpenApiYaml } from '../../../src/server/docs/openapi-yaml.ts';
import { memoryIo } from '../../support/cli-io.ts';
import { operationFixture } from '../validation/operation-fixture.ts';
import { temporaryFile } from './contract-files.ts';

const document = buildOpenApiDocument([operationFixture()]);
const contract = renderOpenApiYaml(document);

/** Runs `unkey openapi …` beside a file `contract.yaml`. */
async function openapi(words: string, content = contract) {
  const file = temporaryFile('contract.yaml', content);
  const io = memoryIo({ cwd: dirname(file) });
  const code = await runCli(['openapi', ...words.split(' ')], io, [
    (program, cli) => registerOpenApi(program, cli, async () => [operationFixture()]),
  ]);
  return { code, out: io.out(), err: io.err(), read: () => readFileSync(file, 'utf8') };
}

describe('unkey openapi bundle', () => {
  test('prints what the server answers at /openapi.yaml', async () => {
    expect(await openapi('bundle')).toMatchObject({ code: 0, out: contract, err: '' });
    expect(await openapi('bundle --output yaml')).toMatchObject({ code: 0, out: contract });
  });

  test('prints JSON when asked to', async () => {
    expect(JSON.parse((await openapi('bundle --json')).out)).toEqual(JSON.parse(JSON.stringify(document)));
  });

  test('writes a file, relative to where it is run, and says so on stderr', async () => {
    const { code, out, err, read } = await openapi('bundle -o contract.yaml', 'old');
    expect({ code, out }).toEqual({ code: 0, out: '' });
    expect(err).toContain('contract.yaml');
    expect(read()).toBe(contract);
  });

  test('fails when the file cannot be written', async () => {
    const { code, err } = await openapi('bundle -o missing/contract.yaml');
    expect(code).toBe(1);
    expect(err).toContain('contract not written');
  });
});

describe('unkey openapi validate', () => {
  test('is silent on stdout and exits 0 when there is nothing to find', async () => {
    expect(await openapi('validate contract.yaml')).toMatchObject({ code: 0, out: '' });
  });

  test('prints a line a finding and exits 1', async () => {
    const { code, out } = await openapi(
      'validate contract.yaml',
      contract.replace('Unkey API', 'Another API'),
    );
    expect(code).toBe(1);
    expect(out).toMatch(/^\S*contract\.yaml:3:1 error stale .+\n$/);
  });

  test('prints one JSON document with the same findings', async () => {
    const { code, out } = await openapi(
      'validate contract.yaml --json',
      contract.replace('Unkey API', 'Other'),
    );
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({
      valid: false,
      findings: [{ line: 3, column: 1, severity: 'error', rule: 'stale' }],
    });
  });

  test('an unknown severity is a usage error', async () => {
    expect(await openapi('validate contract.yaml --fail-on hint')).toMatchObject({ code: 2, out: '' });
  });
});

describe('unkey openapi diff', () => {
  const older = contract.replace('summary: Create an API', 'summary: Make an API');

  test('prints class, operation, place and change', async () => {
    const { code, out } = await openapi('diff contract.yaml', older);
    expect(code).toBe(0);
    expect(out).toBe('docs-only apis.createApi #/paths/~1v2~1apis.createApi/post/summary summary changed\n');
  });

  test('exits 1 at the threshold', async () => {
    expect(await openapi('diff contract.yaml --fail-on any', older)).toMatchObject({ code: 1 });
    const broken = contract.replace('minLength: 3', 'minLength: 2');
    expect(await openapi('diff contract.yaml', broken)).toMatchObject({ code: 1 });
    expect(await openapi('diff contract.yaml --fail-on none', broken)).toMatchObject({ code: 0 });
  });

  test('prints JSON', async () => {
    const { out } = await openapi('diff contract.yaml --json', older);
    expect(JSON.parse(out)).toMatchObject({ changes: [{ class: 'docs-only', operation: 'apis.createApi' }] });
  });

  test('an unreadable contract exits 2, in JSON mode with a document', async () => {
    const { code, out } = await openapi('diff missing.yaml --json');
    expect(code).toBe(2);
    expect(JSON.parse(out)).toMatchObject({ error: { code: 'contract_unreadable' } });
  });
});

test('help names examples and exit codes without loading the operations', async () => {
  const io = memoryIo();
  const code = await runCli(['openapi', 'diff', '--help'], io, [
    (program, cli) =>
      registerOpenApi(program, cli, () => Promise.reject(new Error('operations were loaded'))),
  ]);
  expect(code).toBe(0);
  expect(io.out()).toContain('unkey openapi diff released.yaml');
  expect(io.out()).toContain('a contract could not be read');
});
