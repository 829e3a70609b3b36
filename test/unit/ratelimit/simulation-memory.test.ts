// What the limiter keeps of identifiers that come once; `npm run bench -- --scenario memory` measures a million of them.
import { describe, expect, it } from 'vitest';
import { measureLimiterMemory } from '../../../bench/limiter-memory.ts';

/** The figure that docs/rate-limits.md states is below this. */
const MOST_BYTES_EACH = 600;

describe('the limiter', () => {
  it('keeps little of an identifier that came once in an hour, and forgets it afterwards', async () => {
    for (const measured of await measureLimiterMemory(100_000)) {
      expect(measured.bytesEach).toBeLessThan(MOST_BYTES_EACH);
      expect(measured.cellsAfterwards).toBe(0);
    }
  });
});
