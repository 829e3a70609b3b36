/**
 * Compares two strings by their UTF-8 bytes, ascending: for sorting lists that callers see in one order on every store.
 * JavaScript compares UTF-16 code units, which differs from UTF-8 order only where surrogates meet U+E000–U+FFFF.
 */
export function compareBytes(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const left = a.charCodeAt(i);
    const right = b.charCodeAt(i);
    if (left !== right) return utf8Rank(left) - utf8Rank(right);
  }
  return a.length - b.length;
}

/** Surrogates stand for code points above every other code unit, so they rank last. */
function utf8Rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}

/** The distinct strings, ascending by bytes. */
export function sortedUnique(values: Iterable<string>): string[] {
  return [...new Set(values)].sort(compareBytes);
}
