import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse } from 'smol-toml';
import { describe, expect, it } from 'vitest';
import { serverJsonSchema } from '../../../src/config/json-schema.ts';
import { loadServerConfig, serverCatalogue } from '../../../src/config/load.ts';
import { settingsTable } from '../../../src/config/reference.ts';

const root = new URL('../../../', import.meta.url);
const read = (name: string) => readFileSync(new URL(name, root), 'utf8');

describe('unkey.example.toml', () => {
  it('fits the JSON Schema of the configuration', () => {
    const validate = new Ajv2020({ strict: false, allErrors: true }).compile(serverJsonSchema());
    validate(parse(read('unkey.example.toml')));
    expect(validate.errors).toBeNull();
  });

  it('is a configuration to serve with, even under strict rules', () => {
    const loaded = loadServerConfig({
      profile: 'serve',
      strict: true,
      env: {},
      cwd: '/',
      configArgument: read('unkey.example.toml'),
    });
    expect(loaded.warnings).toEqual([]);
  });
});

describe('the JSON Schema', () => {
  it.each([
    ['an unknown key', { redis_ulr: 'x' }],
    ['a port out of range', { http_port: 0 }],
    ['an unknown auth type', { auth: [{ type: 'password' }] }],
    ['a duration without a unit', { server: { drain_delay: '5' } }],
  ])('refuses %s', (_name, document) => {
    const validate = new Ajv2020({ strict: false }).compile(serverJsonSchema());
    expect(validate(document)).toBe(false);
  });
});

describe('docs/configuration.md', () => {
  it('holds the table of settings as the schema declares them (write it with: node scripts/write-docs.ts)', () => {
    expect(read('docs/configuration.md')).toContain(settingsTable(serverCatalogue()));
  });

  it('has a description and an example for every setting', () => {
    const bare = serverCatalogue().filter(
      ({ description, example }) => description === '' || example === undefined,
    );
    expect(bare.map(({ path }) => path)).toEqual([]);
  });

  it('gives every setting an environment name that no other has', () => {
    const names = serverCatalogue().flatMap(({ envNames, secret }) =>
      secret === undefined ? envNames : envNames.flatMap((name) => [name, `${name}_FILE`]),
    );
    expect(new Set(names).size).toBe(names.length);
  });
});
