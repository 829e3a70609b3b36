import { describe, expect, it } from 'vitest';
import { ID_PREFIX, type IdKind, randomAlphanumeric, randomIds } from '../../../src/lib/uid.ts';

describe('randomIds', () => {
  it.each(Object.keys(ID_PREFIX) as IdKind[])(
    'makes ids of kind %s: prefix, underscore, nine characters',
    (kind) => {
      expect(randomIds.next(kind)).toMatch(new RegExp(`^${ID_PREFIX[kind]}_[a-zA-Z0-9]{9}$`));
    },
  );

  it('does not repeat itself', () => {
    const ids = Array.from({ length: 1000 }, () => randomIds.next('key'));
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe('randomAlphanumeric', () => {
  it('uses every letter and digit and nothing else', () => {
    const text = randomAlphanumeric(20_000);
    expect(text).toMatch(/^[a-zA-Z0-9]{20000}$/);
    expect(new Set(text).size).toBe(62);
  });

  it('favours none of them', () => {
    const counts = new Map<string, number>();
    const letters = 500_000;
    for (const letter of randomAlphanumeric(letters)) counts.set(letter, (counts.get(letter) ?? 0) + 1);
    // Eight standard deviations; a byte taken modulo 62 would give eight letters a fifth more than their share.
    const share = letters / 62;
    const slack = 8 * Math.sqrt(share);
    expect(Math.max(...counts.values())).toBeLessThan(share + slack);
    expect(Math.min(...counts.values())).toBeGreaterThan(share - slack);
  });
});
