import assert from 'node:assert/strict';
import { beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../../src/lib/clock.ts';
import { noEventSink, type RatelimitEvent } from '../../../src/services/analytics/writing/event-sink.ts';
import type {
  RateLimitDecision,
  RateLimiter,
  RateLimitRequest,
} from '../../../src/services/ratelimit/limiter.ts';
import { type Override, OverrideSet } from '../../../src/services/ratelimit/override-matching.ts';
import {
  createStandaloneLimits,
  type LimitCheck,
  type LimitOrigin,
  type StandaloneLimits,
} from '../../../src/services/ratelimit/standalone-limits.ts';

const NOW = 1_700_000_040_500;
const OVERRIDE: Override = { id: 'rlor_1', identifier: 'vip', limit: 500, duration: 2000 };
const BLOCK: Override = { id: 'rlor_0', identifier: 'blocked', limit: 0, duration: 60_000 };
const namespace = { id: 'rlns_1', overrides: new OverrideSet([OVERRIDE, BLOCK]) };
const origin: LimitOrigin = { requestId: 'req_1', workspaceId: 'ws_1', time: undefined, recordEvents: true };

let clock: ManualClock;
let events: RatelimitEvent[];
/** What reached the limiter, call by call. */
let asked: RateLimitRequest[][];
let limits: StandaloneLimits;

/** Passes what costs at most its limit; a call takes 3 ms. */
const decide = ({ limit, cost }: RateLimitRequest): RateLimitDecision => ({
  success: cost <= limit,
  limit,
  remaining: Math.max(0, limit - cost),
  reset: NOW + 1000,
  current: cost,
});
const limiter: RateLimiter = {
  async limit(request) {
    asked.push([request]);
    clock.advance(3);
    return decide(request);
  },
  async limitMany(requests) {
    asked.push([...requests]);
    clock.advance(3);
    return requests.map(decide);
  },
  close: () => Promise.resolve(),
};

beforeEach(() => {
  clock = new ManualClock(NOW);
  events = [];
  asked = [];
  limits = createStandaloneLimits({
    limiter,
    clock,
    events: { ...noEventSink, ratelimit: (event) => events.push(event) },
  });
});

const check = (identifier: string, over: Partial<LimitCheck> = {}): LimitCheck => ({
  namespace,
  identifier,
  limit: 10,
  duration: 60_000,
  cost: 1,
  ...over,
});

describe('the event of a check', () => {
  it('tells what was decided, when it was', async () => {
    await limits.check(origin, check('u', { cost: 4 }));
    expect(events).toEqual([
      {
        requestId: 'req_1',
        timeMs: NOW + 3,
        workspaceId: 'ws_1',
        namespaceId: 'rlns_1',
        identifier: 'u',
        passed: true,
        latencyMs: expect.any(Number),
        overrideId: '',
        limit: 10,
        remaining: 6,
        resetAt: NOW + 1000,
        tokens: 4,
      },
    ]);
    expect(Number.isInteger(events[0]?.latencyMs)).toBe(true);
  });

  it('tells the override and, of a denied check too, the cost', async () => {
    await limits.check(origin, check('vip', { cost: 501 }));
    expect(events).toMatchObject([
      { passed: false, overrideId: 'rlor_1', limit: 500, remaining: 0, tokens: 501 },
    ]);
  });

  it('goes by the clock when the check does not', async () => {
    await limits.check({ ...origin, time: 1000 }, check('u'));
    expect(asked).toMatchObject([[{ time: 1000 }]]);
    expect(events).toMatchObject([{ timeMs: NOW + 3 }]);
  });

  it('is left out for a caller who declined it', async () => {
    await limits.check({ ...origin, recordEvents: false }, check('u'));
    await limits.checkMany({ ...origin, recordEvents: false }, [check('u')]);
    expect(events).toEqual([]);
  });
});

describe('the events of a batch', () => {
  it('are one per check, of one request and one time: the one before the batch', async () => {
    await limits.checkMany(origin, [check('u'), check('vip', { cost: 600 })]);
    expect(events).toMatchObject([
      { requestId: 'req_1', timeMs: NOW, identifier: 'u', passed: true, overrideId: '' },
      { requestId: 'req_1', timeMs: NOW, identifier: 'vip', passed: false, overrideId: 'rlor_1' },
    ]);
    expect(new Set(events.map(({ latencyMs }) => latencyMs)).size).toBe(1);
  });
});

describe('what reaches the limiter', () => {
  it('is the namespace by its id, with the bounds of the override', async () => {
    await limits.check(origin, check('vip'));
    expect(asked).toEqual([
      [
        {
          workspaceId: 'ws_1',
          namespace: 'rlns_1',
          identifier: 'vip',
          limit: 500,
          duration: 2000,
          cost: 1,
          time: NOW,
        },
      ],
    ]);
  });

  it('is one time for all checks of a batch', async () => {
    await limits.checkMany(origin, [check('a'), check('b')]);
    expect(asked).toMatchObject([[{ time: NOW }, { time: NOW }]]);
  });

  it('is nothing of a check that an override of 0 blocks', async () => {
    expect(await limits.check(origin, check('blocked'))).toEqual({
      passed: false,
      limit: 0,
      remaining: 0,
      reset: 1_700_000_100_000,
      overrideId: 'rlor_0',
    });
    expect(asked).toEqual([]);
    expect(events).toMatchObject([{ passed: false, limit: 0, remaining: 0, overrideId: 'rlor_0' }]);
  });

  it('is an item that cannot pass for a blocked check of a batch', async () => {
    const [, blocked] = await limits.checkMany(origin, [check('u'), check('blocked', { cost: 0 })]);
    const item = asked[0]?.[1];
    expect(item?.cost).toBeGreaterThan(item?.limit ?? Number.POSITIVE_INFINITY);
    expect(blocked).toMatchObject({ passed: false, limit: 0, remaining: 0, overrideId: 'rlor_0' });
    expect(events[1]).toMatchObject({ passed: false, limit: 0, tokens: 0 });
  });
});

it('tells limits and durations larger than a number is exact in exactly', async () => {
  const large = 2n ** 53n + 1n;
  const whale: Override = { id: 'rlor_2', identifier: 'whale', limit: large, duration: large };
  const outcome = await limits.check(
    origin,
    check('whale', { namespace: { id: 'rlns_1', overrides: new OverrideSet([whale]) } }),
  );
  expect(outcome).toMatchObject({ passed: true, limit: large, remaining: large - 1n, reset: large });
});

it.each([
  ['at once', () => assert.fail('duration 5 is too short')],
  ['later', () => Promise.reject(new RangeError('duration 5 is too short'))],
])(
  'reports a limiter that fails %s as an unexpected error, without its words',
  async (_, fail: () => never | Promise<never>) => {
    const broken = createStandaloneLimits({
      clock,
      events: noEventSink,
      limiter: { ...limiter, limit: fail, limitMany: fail },
    });
    const fault = {
      code: 'unkey:application:unexpected_error',
      publicMessage: 'The rate limit could not be checked.',
    };
    await expect(async () => broken.check(origin, check('u'))).rejects.toMatchObject(fault);
    await expect(async () => broken.checkMany(origin, [check('u')])).rejects.toMatchObject(fault);
  },
);
