import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maskConnectionString, maskSecrets } from '../../../src/config/redact.ts';
import { lineOf, tomlLines } from '../../../src/config/toml-lines.ts';
import { parseDuration } from '../../../src/lib/duration.ts';
import { nearest } from '../../../src/lib/nearest.ts';

describe('maskConnectionString', () => {
  it.each([
    ['u:s3cret@tcp(db:3306)/unkey', 'u:***@tcp(db:3306)/unkey'],
    ['u:s3@c/re:t@tcp(db:3306)/unkey?x=1', 'u:***@tcp(db:3306)/unkey?x=1'],
    ['u://s3cret@tcp(db:3306)/unkey', 'u:***@tcp(db:3306)/unkey'],
    ['redis://:s3cret@redis:6379/0', 'redis://:***@redis:6379/0'],
    [
      'https://u:s3cret@ch:8443/d?password=s3cret&secure=true',
      'https://u:***@ch:8443/d?password=***&secure=true',
    ],
    ['http://vault:8060', 'http://vault:8060'],
    ['tcp(db:3306)/unkey', 'tcp(db:3306)/unkey'],
    ['sqlite::memory:', 'sqlite::memory:'],
  ])('shows %s as %s', (text, shown) => {
    expect(maskConnectionString(text)).toBe(shown);
  });

  it('never shows the password, whatever it holds', () => {
    // A password that is part of the rest of the text could not be told from it.
    const password = fc.string({ minLength: 3 }).map((text) => `§${text}§`);
    fc.assert(
      fc.property(password, (secret) => {
        expect(maskConnectionString(`user:${secret}@tcp(db:3306)/unkey`)).not.toContain(secret);
        expect(maskConnectionString(`mysql://user:${encodeURIComponent(secret)}@db/unkey`)).not.toContain(
          encodeURIComponent(secret),
        );
      }),
    );
  });
});

describe('maskSecrets', () => {
  it.each([
    'connect failed: u:s3cret@tcp(db:3306)/unkey',
    'GET https://u:s3cret@host/x failed',
    'header Authorization: Bearer s3cret',
    '-----BEGIN RSA PRIVATE KEY-----\ns3cret\n-----END RSA PRIVATE KEY-----',
    '?password=s3cret&x=1',
  ])('hides the secret of %j', (text) => {
    expect(maskSecrets(text)).not.toContain('s3cret');
  });

  it('hides root keys', () => {
    expect(maskSecrets('the key unkey_3ZkP9vYtR7qLmN2b was used')).toBe('the key unkey_*** was used');
  });
});

describe('tomlLines', () => {
  const text = [
    '# a = 1', //                 1
    'a = """', //                 2
    'b = 2',
    '"""',
    'b = [', //                   5
    '  "x", # ]',
    ']',
    'c.d = { e = 1 }', //         8
    '[ "f" ]', //                 9
    "g = 'it#s'", //             10
    '[[h]]', //                  11
    'i = 1',
    '[[h]]', //                  13
    'i = "\\"[" # x', //         14
    'j = 3',
  ].join('\n');

  it.each([
    ['a', 2],
    ['b', 5],
    ['c.d', 8],
    ['c.d.e', 8],
    ['f.g', 10],
    ['h[0].i', 12],
    ['h[1]', 13],
    ['h[1].i', 14],
    ['h[1].j', 15],
    ['h[1].k', 13],
    ['h', 11],
    ['z', undefined],
  ])('finds %s', (path, line) => {
    expect(lineOf(tomlLines(text), path)).toBe(line);
  });
});

describe('parseDuration', () => {
  it.each([
    ['500ms', 500],
    ['1h30m', 5_400_000],
    ['1.5s', 1500],
    ['0', 0],
    ['0s', 0],
    ['2m0.5s', 120_500],
  ])('reads %s', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each(['5', '', 's', '-1s', '1d', '1 s', '1s 2m', 'abc', '1e3s'])('refuses %j', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });
});

describe('nearest', () => {
  it('offers what is at most two edits away', () => {
    expect(nearest('rootkey', ['root-key', 'migrate'])).toBe('root-key');
    expect(nearest('redis_ulr', ['region', 'redis_url'])).toBe('redis_url');
    expect(nearest('frobnicate', ['root-key', 'migrate'])).toBeUndefined();
  });

  it('offers nothing for a word so short that anything is near', () => {
    expect(nearest('x', ['ab', 'cd'])).toBeUndefined();
  });
});
