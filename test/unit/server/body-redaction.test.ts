import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createBodyRedactor } from '../../../src/server/logging/body-redaction.ts';

const PATHS = [
  'code',
  'data.accessToken',
  'data.key',
  'data.plaintext',
  'data.url',
  'data[].plaintext',
  'data[].value',
  'key',
  'variables[].value',
];
const NAMES = ['code', 'accessToken', 'key', 'plaintext', 'url', 'value'];
const redact = createBodyRedactor(PATHS);

describe('of a JSON body', () => {
  it.each([
    ['a root member', '{"apiId":"a","key":"s"}', '{"apiId":"a","key":"[REDACTED]"}'],
    [
      'one member of an array element',
      '{"data":[{"keyId":"k","plaintext":"s"},{"keyId":"l"}]}',
      '{"data":[{"keyId":"k","plaintext":"[REDACTED]"},{"keyId":"l"}]}',
    ],
    [
      'a value beside a name that is sensitive elsewhere',
      '{"variables":[{"key":"DB","value":"s"}]}',
      '{"variables":[{"key":"DB","value":"[REDACTED]"}]}',
    ],
    ['spaces around the colon', '{"key"  :  12}', '{"key"  :  "[REDACTED]"}'],
    [
      'white space at every place',
      ' {\n\t"key" :\r\n"s" , "a" : 1 } ',
      ' {\n\t"key" :\r\n"[REDACTED]" , "a" : 1 } ',
    ],
    ['an object', '{"data":{"key":{"a":["}","\\""]},"b":1}}', '{"data":{"key":"[REDACTED]","b":1}}'],
    ['an array', '{"key":[[1],{"a":"]"}],"b":[]}', '{"key":"[REDACTED]","b":[]}'],
    ['null', '{"key":null}', '{"key":"[REDACTED]"}'],
    ['true', '{"key":true,"a":false}', '{"key":"[REDACTED]","a":false}'],
    ['a name written with an escape', '{"k\\u0065y":"s"}', '{"k\\u0065y":"[REDACTED]"}'],
    ['a value with escaped quotes', '{"key":"s\\"t\\\\","a":1}', '{"key":"[REDACTED]","a":1}'],
    ['a name that is there twice', '{"key":"a","key":"b"}', '{"key":"[REDACTED]","key":"[REDACTED]"}'],
  ])('replaces %s', (_what, body, expected) => {
    expect(redact(body)).toBe(expected);
  });

  it.each([
    ['a value that is called like a member', '{"name":"key"}'],
    ['longer names', '{"keyId":"k","monkey":"m","data":{"keys":[]}}'],
    ['the same name in another place', '{"meta":{"key":"k"},"data":{"nested":{"key":"k"}}}'],
    ['the same name in an array where the path has an object', '{"data":[{"key":"k"}]}'],
    ['another case', '{"Key":"k"}'],
    ['an array at the root', '[{"key":"k"}]'],
    ['a JSON text within a string', '{"note":"{\\"key\\":\\"k\\"}"}'],
    ['a string at the root', '"key"'],
    ['names without members', '{"a":["key","code"]}'],
    ['no body', ''],
    ['an empty object', '{}'],
  ])('keeps %s', (_what, body) => {
    expect(redact(body)).toBe(body);
  });

  it('does not follow more than 64 levels, and is in its place again behind them', () => {
    const deep = `${'{"a":'.repeat(100)}{"key":"k"}${'}'.repeat(100)}`;
    expect(redact(`{"a":${deep},"key":"s"}`)).toBe(`{"a":${deep},"key":"[REDACTED]"}`);
  });

  it('redacts a sensitive value however deep it is', () => {
    expect(redact(`{"key":${'['.repeat(500)}1${']'.repeat(500)},"a":1}`)).toBe('{"key":"[REDACTED]","a":1}');
  });
});

describe('of a body that ends early', () => {
  it.each([
    ['in the value', '{"key":"s', '{"key":"[REDACTED]"'],
    ['in the value, behind an escape', '{"key":"s\\', '{"key":"[REDACTED]"'],
    ['in a number', '{"key":12', '{"key":"[REDACTED]"'],
    ['in an object', '{"data":{"key":{"a":"b"', '{"data":{"key":"[REDACTED]"'],
    ['behind the value', '{"key":"s"', '{"key":"[REDACTED]"'],
    ['in a later member', '{"key":"s","a":"b', '{"key":"[REDACTED]","a":"b'],
  ])('takes what follows the name with it, when it ends %s', (_where, body, expected) => {
    expect(redact(body)).toBe(expected);
  });

  it.each(['{"key":', '{"key"', '{"ke', '{', '[{"a":"b'])('keeps what has no value: %s', (body) => {
    expect(redact(body)).toBe(body);
  });
});

describe('of broken JSON', () => {
  it.each([
    ['a stray quote before it', '{"a":"x"","b":{"key":"s"}}', '{"a":"x"","b":{"key":"[REDACTED]"}}'],
    ['a member outside any container', '"key":"s"', '"key":"[REDACTED]"'],
    ['a container that was never opened', '"a":{"key":"s"}}]', '"a":{"key":"[REDACTED]"}}]'],
    ['brackets that do not match', '{"a":[{"value":"s"}}', '{"a":[{"value":"[REDACTED]"}}'],
    ['a missing comma', '{"a":1 "b":{"url":"s"}}', '{"a":1 "b":{"url":"[REDACTED]"}}'],
    ['a trailing comma', '{"x":{"key":"s",}}', '{"x":{"key":"[REDACTED]",}}'],
    ['two documents', '{"key":"s"}{"key":"t"}', '{"key":"[REDACTED]"}{"key":"[REDACTED]"}'],
    ['a bare word', '{"x":{"key":$ecret},"y":1}', '{"x":{"key":"[REDACTED]"},"y":1}'],
    ['a name without its opening quote', '{"a":1,key":"s"}', '{"a":1,key":"[REDACTED]"}'],
    ['an undecodable name', '{"x":{"\\u00zz":"s"},"y":1}', '{"x":{"\\u00zz":"[REDACTED]"},"y":1}'],
    ['a chain of colons', '{"key":"a":"b","c":1}', '{"key":"[REDACTED]","c":1}'],
    ['a longer chain', '{"key":"a" : {"b":2}:3,"c":1}', '{"key":"[REDACTED]","c":1}'],
  ])('goes by names alone: %s', (_what, body, expected) => {
    expect(redact(body)).toBe(expected);
  });

  it('takes the rest when nobody can tell where the value ends', () => {
    expect(redact('{"key":"s"ecret","a":1}')).toBe('{"key":"[REDACTED]"');
    expect(redact('{"x"","key":\\"s,t\\"}')).toBe('{"x"","key":"[REDACTED]"');
  });

  it.each(['{"keyId":"k"","a":1}', 'key=s&value=t', 'plain text', '<key>s</key>', '{"key":}', '"key"'])(
    'keeps what has no sensitive member: %s',
    (body) => {
      expect(redact(body)).toBe(body);
    },
  );
});

describe('laws', () => {
  const secret = 's3cr3tN33dle';
  /** JSON of any shape whose names are often sensitive ones and whose every string is the secret. */
  const secretive = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 5 },
      fc.constant(secret),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom(...NAMES, 'data', 'variables', 'a'), tie('value'), { maxKeys: 4 }),
    ),
  })).value;

  /** The value with every sensitive member replaced, by the paths and not by the text. */
  function expected(value: unknown, path = ''): unknown {
    if (PATHS.includes(path)) return '[REDACTED]';
    if (Array.isArray(value)) return value.map((item) => expected(item, `${path}[]`));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, child]) => [
        name,
        expected(child, path === '' ? name : `${path}.${name}`),
      ]),
    );
  }

  it('agrees with redacting the parsed value', () => {
    fc.assert(
      fc.property(fc.oneof(secretive, fc.jsonValue()), (value) => {
        expect(JSON.parse(redact(JSON.stringify(value)))).toEqual(
          JSON.parse(JSON.stringify(expected(value))),
        );
      }),
      { numRuns: 2_000 },
    );
  });

  /** Text made of the pieces of JSON, in any order. */
  const scraps = fc
    .array(
      fc.constantFrom(
        ...[
          '{',
          '}',
          '[',
          ']',
          ',',
          ':',
          '"',
          '\\',
          ' ',
          '"key":',
          '"a":',
          'key',
          '"value"',
          '12',
          'x',
          '\\"',
          '"s"',
        ],
        ...['{"data":[', '\\u0065', '\\q', '"k\\u0065y"', 'null', "'", '\n'],
      ),
      { maxLength: 25 },
    )
    .map((pieces) => pieces.join(''));

  it('changes nothing more when repeated, whatever the text', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          scraps,
          fc.string(),
          secretive.map((value) => JSON.stringify(value)),
        ),
        (text) => {
          const once = redact(text);
          expect(redact(once)).toBe(once);
        },
      ),
      { numRuns: 20_000 },
    );
  });

  it('lets no part of a secret through when a body is cut off anywhere', () => {
    fc.assert(
      fc.property(fc.nat(200), fc.boolean(), (cut, spaced) => {
        const body = JSON.stringify(
          { a: 1, key: secret, data: { plaintext: { x: [secret] } } },
          null,
          spaced ? 2 : 0,
        );
        expect(redact(body.slice(0, cut))).not.toMatch(/s3|N33/);
      }),
    );
  });

  it('lets no sensitive value through when quotes or brackets are lost or added in front of it', () => {
    fc.assert(
      fc.property(
        scraps.filter((text) => !text.includes('\\')),
        fc.constantFrom(...NAMES),
        (before, name) => {
          const body = `{"a":1}}${before}","x":1,"${name}":"${secret}"}`;
          expect(redact(body)).not.toContain(secret);
        },
      ),
      { numRuns: 5_000 },
    );
  });

  it.each([
    ['quotes', '"'.repeat(1_000_000)],
    ['escaped quotes', `"${'\\"'.repeat(1_000_000)}`],
    ['backslashes', `"${'\\'.repeat(2_000_000)}`],
    ['names', '{"key":'.repeat(200_000)],
    ['broken names', `}${'"key":'.repeat(200_000)}`],
    ['brackets', '['.repeat(2_000_000)],
    ['one long string', JSON.stringify({ a: 'x'.repeat(5_000_000) })],
  ])('comes to an end with a body of nothing but %s', (_what, body) => {
    expect(redact(body).length).toBeLessThanOrEqual(body.length + 100);
  });
});

it.each([[[]], [['data[]']], [['']], [['data..key']]])('refuses the paths %j', (paths) => {
  expect(() => createBodyRedactor(paths)).toThrow(/path|sensitive/);
});
