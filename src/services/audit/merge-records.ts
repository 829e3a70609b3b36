import { type AuditRecord, compareRecords } from './audit-record.ts';

/**
 * Two sorted runs of events as one. An event that is in both, because it was exported and is not cleaned up yet, comes
 * once.
 */
export async function* mergeRecords(
  one: AsyncGenerator<AuditRecord>,
  other: AsyncGenerator<AuditRecord>,
): AsyncGenerator<AuditRecord> {
  try {
    let [a, b] = await Promise.all([one.next(), other.next()]);
    while (!a.done && !b.done) {
      const order = compareRecords(a.value, b.value);
      yield order <= 0 ? a.value : b.value;
      const [nextA, nextB] = await Promise.all([order <= 0 ? one.next() : a, order >= 0 ? other.next() : b]);
      a = nextA;
      b = nextB;
    }
    if (!a.done) yield a.value;
    if (!b.done) yield b.value;
    yield* one;
    yield* other;
  } finally {
    await Promise.all([one.return(undefined), other.return(undefined)]);
  }
}
