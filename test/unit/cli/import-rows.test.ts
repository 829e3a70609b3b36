// What is made of a record: the item that is sent, or why there is none.
import { describe, expect, it } from 'vitest';
import { parseColumnMap } from '../../../src/commands/import/column-map.ts';
import { createJsonLineReader } from '../../../src/commands/import/json-line-records.ts';
import { compileRowReader, isFailure } from '../../../src/commands/import/rows.ts';
import { sha256Base64, sha256Hex } from '../../../src/lib/hash.ts';

const readRow = compileRowReader();
const HASH = sha256Base64('any key');

/** The item that a row of these members is sent as, or the reason why it is not. */
function itemOf(members: Record<string, unknown>): unknown {
  const reader = createJsonLineReader(parseColumnMap([]));
  const [record] = reader.push({ number: 1, text: JSON.stringify(members) });
  if (record === undefined) throw new Error('a line is a record');
  const row = readRow(record);
  return isFailure(row) ? row.reason : (JSON.parse(row.json) as unknown);
}

describe('the hash', () => {
  it('of a plain key is made here, and the key is in nothing that is sent', () => {
    expect(itemOf({ key: 'acme_demo' })).toEqual({ hash: 'UcFurSbdC6hTfsqRr+g/z0RtUKC1tO7SMO0F1hH8YvQ=' });
  });

  it('goes as it is when it is one already', () => {
    expect(itemOf({ hash: HASH })).toEqual({ hash: HASH });
    expect(itemOf({ hash: sha256Hex('token') })).toEqual({ hash: sha256Hex('token') });
  });

  it('of a whole key in hexadecimal becomes base64', () => {
    expect(itemOf({ sha256Hex: sha256Hex('any key').toUpperCase() })).toEqual({ hash: HASH });
  });

  it.each([
    [{ name: 'x' }, 'has none of key, hash, sha256Hex'],
    [{ key: 'k', hash: HASH }, 'has key and hash; give one of them'],
    [{ key: 7 }, 'key must be a string'],
    [{ key: ' k' }, 'key begins or ends with white space'],
    [{ key: 'k'.repeat(513) }, 'key must have at most 512 characters'],
    [
      { hash: '$2b$10$N9qo8uLOickgx2ZMRZoMye' },
      'hash must be a SHA-256 in base64 (44 characters) or lower-case hex (64 characters)',
    ],
    [{ sha256Hex: 'abc' }, 'sha256Hex must be 64 hexadecimal digits'],
  ])('%j is refused', (members, reason) => {
    expect(itemOf(members)).toBe(reason);
  });
});

describe('texts, as CSV has them, become', () => {
  it.each<[string, string, unknown]>([
    ['name', '42', { name: '42' }],
    ['roles', 'admin, editor,', { roles: ['admin', 'editor'] }],
    ['roles', '["a, b"]', { roles: ['a, b'] }],
    ['permissions', 'docs.read,docs.write', { permissions: ['docs.read', 'docs.write'] }],
    ['meta', '{"plan":"pro"}', { meta: { plan: 'pro' } }],
    ['meta.plan', '7', { meta: { plan: '7' } }],
    ['expires', '1893456000000', { expires: 1893456000000 }],
    ['expires', '2030-01-01T00:00:00Z', { expires: 1893456000000 }],
    ['enabled', 'FALSE', { enabled: false }],
    ['enabled', '1', { enabled: true }],
    ['credits.remaining', '5', { credits: { remaining: 5 } }],
    ['credits', '{"remaining":null}', { credits: { remaining: null } }],
    [
      'ratelimits',
      '[{"name":"requests","limit":1,"duration":60000,"autoApply":true}]',
      { ratelimits: [{ name: 'requests', limit: 1, duration: 60_000, autoApply: true }] },
    ],
  ])('%s of %s', (field, text, expected) => {
    expect(itemOf({ hash: HASH, [field]: text })).toEqual({ hash: HASH, ...(expected as object) });
  });
});

describe('columns for parts of a member', () => {
  it('come together with each other and with the whole', () => {
    const members = {
      hash: HASH,
      'credits.remaining': 10,
      'credits.refill.interval': 'monthly',
      'credits.refill.amount': 100,
      'credits.refill.refillDay': 31,
      meta: { a: 1 },
      'meta.b': 2,
    };
    expect(itemOf(members)).toEqual({
      hash: HASH,
      credits: { remaining: 10, refill: { interval: 'monthly', amount: 100, refillDay: 31 } },
      meta: { a: 1, b: 2 },
    });
  });

  it('do not go over a whole that is none', () => {
    expect(itemOf({ hash: HASH, meta: ['lost'], 'meta.b': 2 })).toBe('meta must be of type object');
  });

  it('make members of any name', () => {
    const text = `{"hash":${JSON.stringify(HASH)},"meta.__proto__":"x","meta.toString":"y"}`;
    const [record] = createJsonLineReader(parseColumnMap([])).push({ number: 1, text });
    if (record === undefined) throw new Error('a line is a record');
    expect(readRow(record)).toMatchObject({
      json: `{"hash":${JSON.stringify(HASH)},"meta":{"__proto__":"x","toString":"y"}}`,
    });
  });
});

describe('the rules of keys.migrateKeys', () => {
  it.each<[Record<string, unknown>, string]>([
    [{ name: 'x'.repeat(256) }, 'name must have at most 255 characters'],
    [{ name: 5 }, 'name must be of type string'],
    [{ roles: Array.from({ length: 101 }, (_, i) => `r${i}`) }, 'roles must have at most 100 entries'],
    [{ permissions: 'a b' }, 'permissions.0 must match ^[a-zA-Z0-9_:\\-.*]+$'],
    [{ meta: '[1]' }, 'meta must be of type object'],
    [{ meta: '{' }, 'meta is not valid JSON'],
    [{ expires: 'tomorrow' }, 'expires must be unix milliseconds or a time such as 2030-01-31T00:00:00Z'],
    [{ expires: '1893456000' }, 'expires lies before 1973; it is read as milliseconds, not seconds'],
    [{ expires: 4102444800001 }, 'expires must be at most 4102444800000'],
    [{ enabled: 'perhaps' }, 'enabled must be true or false'],
    [{ 'credits.remaining': '1.5' }, 'credits.remaining must be an integer'],
    [{ 'credits.remaining': '-1' }, 'credits.remaining must be at least 0'],
    [{ 'credits.refill.amount': '5', 'credits.refill.interval': 'daily' }, 'credits lacks remaining'],
    [
      { credits: { remaining: 1, refill: { interval: 'yearly', amount: 1 } } },
      'credits.refill.interval must be daily or monthly',
    ],
    [
      { credits: { remaining: 1, refill: { interval: 'monthly', amount: 1 } } },
      'credits.refill.refillDay is required for a monthly refill',
    ],
    [{ credits: { remaining: 1, extra: 1 } }, 'credits has a member that does not belong there'],
    [
      { ratelimits: [{ name: 'ab', limit: 1, duration: 60000, autoApply: true }] },
      'ratelimits.0.name must have at least 3 characters',
    ],
    [
      { meta: { text: 'x'.repeat(65_536) } },
      expect.stringMatching(/^meta may be at most 65535 bytes/) as unknown as string,
    ],
  ])('%j is refused', (members, reason) => {
    expect(itemOf({ hash: HASH, ...members })).toEqual(reason);
  });

  it('tell of a row without quoting it', () => {
    const secret = 'sk_live_1234567890';
    for (const members of [
      { permissions: `${secret} x` },
      { key: `${secret} ` },
      { meta: secret },
      { expires: secret },
    ]) {
      const told = itemOf({ ...('key' in members ? {} : { hash: HASH }), ...members });
      expect(told).toEqual(expect.any(String));
      expect(told).not.toContain(secret);
    }
  });
});
