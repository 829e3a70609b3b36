// The limiter against the slow exact model, on traces of requests that fast-check makes up (and prints with their seed
// when they fail).
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../../src/lib/clock.ts';
import { silentLogger } from '../../../src/lib/logger.ts';
import { silentMetrics } from '../../../src/lib/metrics.ts';
import { createRateLimiter } from '../../../src/services/ratelimit/engine.ts';
import type { RateLimitDecision, RateLimiter } from '../../../src/services/ratelimit/limiter.ts';
import { type ModelDecision, SlowWindowModel, type TimedRequest } from '../../support/slow-window-model.ts';

const START = 1_700_000_040_000;

fc.configureGlobal({ numRuns: 300 });

/** One step of a trace: time passes, then one request or a batch is made. */
interface Step {
  readonly afterMs: number;
  readonly requests: readonly Omit<TimedRequest, 'time'>[];
}

// Few identities, few durations and small numbers, so that requests meet in their cells; parts that run into each other
// when they are merely joined.
const request = fc.record({
  workspaceId: fc.constantFrom('ws', 'ws-a'),
  namespace: fc.constantFrom('ns', 'a-ns'),
  identifier: fc.constantFrom('u', 'ns-u', 'ü🚀'),
  limit: fc.oneof(fc.integer({ min: 1, max: 12 }), fc.constant(1_000_000_007)),
  duration: fc.constantFrom(1_000, 1_001, 7_919, 60_000),
  cost: fc.oneof(fc.integer({ min: 0, max: 4 }), fc.constantFrom(13, 999_999_937)),
});
const passing = fc.oneof(
  fc.integer({ min: 0, max: 300 }),
  fc.constantFrom(0, 999, 1_000, 1_001, 7_919, 59_999, 60_000, 120_000),
);
const single = fc.record({ afterMs: passing, requests: fc.tuple(request) });
const batch = fc.record({ afterMs: passing, requests: fc.array(request, { minLength: 2, maxLength: 6 }) });

function limiterWithModel(): { clock: ManualClock; limiter: RateLimiter; model: SlowWindowModel } {
  const clock = new ManualClock(START);
  const limiter = createRateLimiter({ origin: undefined, clock, metrics: silentMetrics, log: silentLogger });
  return { clock, limiter, model: new SlowWindowModel() };
}

const visible = ({ success, limit, remaining, reset }: RateLimitDecision): ModelDecision => ({
  success,
  limit,
  remaining,
  reset,
});

describe('the limiter of one node decides like the slow model', () => {
  it('on single requests', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(single, { minLength: 1, maxLength: 60 }), async (steps) => {
        const { clock, limiter, model } = limiterWithModel();
        for (const { afterMs, requests } of steps) {
          clock.advance(afterMs);
          const asked = { ...requests[0], time: clock.now() };
          // Half of the callers leave the time to the limiter's clock.
          const decided = await limiter.limit(asked.cost % 2 === 0 ? asked : requests[0]);
          expect(visible(decided)).toEqual(model.limit(asked));
        }
        await limiter.close();
      }),
    );
  });

  it('on batches between single requests', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(single, batch), { minLength: 1, maxLength: 30 }),
        async (steps: Step[]) => {
          const { clock, limiter, model } = limiterWithModel();
          for (const { afterMs, requests } of steps) {
            clock.advance(afterMs);
            const asked = requests.map((one) => ({ ...one, time: clock.now() }));
            const decided = await limiter.limitMany(asked);
            expect(decided.map(visible)).toEqual(model.limitMany(asked));
          }
          await limiter.close();
        },
      ),
    );
  });

  it('on requests whose own time is behind the clock', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(single, fc.integer({ min: 0, max: 900 })), { minLength: 1, maxLength: 40 }),
        async (steps) => {
          const { clock, limiter, model } = limiterWithModel();
          for (const [{ afterMs, requests }, lateMs] of steps) {
            clock.advance(afterMs);
            const asked = { ...requests[0], time: clock.now() - lateMs };
            expect(visible(await limiter.limit(asked))).toEqual(model.limit(asked));
          }
          await limiter.close();
        },
      ),
    );
  });
});

describe('at equal load', () => {
  it('exactly the limit passes in one window, whatever the costs of the refused', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 200 }),
        fc.array(fc.integer({ min: 0, max: 60_000 - 1 }), { minLength: 1, maxLength: 400 }),
        async (limit, offsets) => {
          const { clock, limiter } = limiterWithModel();
          const windowStart = START - (START % 60_000);
          let passed = 0;
          for (const offset of offsets.toSorted((a, b) => a - b)) {
            clock.set(windowStart + offset);
            const { success } = await limiter.limit({
              workspaceId: 'ws',
              namespace: 'ns',
              identifier: 'u',
              limit,
              duration: 60_000,
              cost: 1,
            });
            if (success) passed++;
          }
          expect(passed).toBe(Math.min(limit, offsets.length));
          await limiter.close();
        },
      ),
    );
  });
});
