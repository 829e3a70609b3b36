import { describe, expect, test } from 'vitest';
import { isApexDomain, parseDomainName } from '../../../src/services/domains/domain-name.ts';

describe('a name', () => {
  test.each([
    ['acme.com', 'acme.com'],
    ['API.Acme.COM', 'api.acme.com'],
    ['bücher.example.org', 'xn--bcher-kva.example.org'],
    ['faß.example.org', 'xn--fa-hia.example.org'],
    ['xn--bcher-kva.example.org', 'xn--bcher-kva.example.org'],
    ['acme.github.io', 'acme.github.io'],
    ['api.acme.co.uk', 'api.acme.co.uk'],
    ['shop.unknowntld', 'shop.unknowntld'],
    ['api。acme.com', 'api.acme.com'],
    [`${'a'.repeat(63)}.acme.com`, `${'a'.repeat(63)}.acme.com`],
  ])('%s is %s', (text, name) => {
    expect(parseDomainName(text)).toBe(name);
  });

  test.each([
    '',
    ' acme.com',
    'acme.com ',
    'acme.com\n',
    'ac\tme.com',
    'api.acme.com.',
    'acme.com。',
    '*.acme.com',
    'a＊.acme.com',
    'a..acme.com',
    '.acme.com',
    'co.uk',
    'github.io',
    'localhost',
    'com',
    '127.0.0.1',
    '0x7f.0.0.1',
    'acme.0x7f',
    'acme.123',
    'a_b.acme.com',
    'dom_7fGh2kLm9',
    'api.acme.c',
    '-a.acme.com',
    'a-.acme.com',
    'ab--c.acme.com',
    'xn--a.acme.com',
    'ü--.acme.com',
    'a≠b.acme.com',
    'https://x.com',
    'acme.com/path',
    'acme.com:80',
    'user@acme.com',
    'acme.com?x',
    'acme.com#x',
    'acme%2ecom',
    '[::1]',
    `${'a'.repeat(64)}.acme.com`,
    `${'a.'.repeat(124)}acme.com`,
  ])('%j is none', (text) => {
    expect(parseDomainName(text)).toBeUndefined();
  });
});

test.each([
  ['acme.com', true],
  ['api.acme.com', false],
  ['acme.github.io', true],
  ['api.acme.co.uk', false],
  ['acme.co.uk', true],
])('%s was registered itself: %s', (name, isApex) => {
  expect(isApexDomain(name)).toBe(isApex);
});
