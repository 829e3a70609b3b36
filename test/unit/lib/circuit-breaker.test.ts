import { describe, expect, it } from 'vitest';
import {
  type CircuitBreaker,
  type CircuitBreakerOptions,
  CircuitOpenError,
  createCircuitBreaker,
} from '../../../src/lib/circuit-breaker.ts';
import { ManualClock } from '../../../src/lib/clock.ts';
import { silentMetrics } from '../../../src/lib/metrics.ts';
import { recordingLogger, recordingMetrics } from '../support/recorders.ts';

function breakerWith(options: Partial<CircuitBreakerOptions> = {}): {
  clock: ManualClock;
  breaker: CircuitBreaker;
} {
  const clock = new ManualClock(1_000_000);
  return {
    clock,
    breaker: createCircuitBreaker({ name: 'test', clock, metrics: silentMetrics, ...options }),
  };
}

async function succeed(breaker: CircuitBreaker, times = 1): Promise<void> {
  for (let i = 0; i < times; i++) await breaker.run(async () => 'fine');
}

async function fail(breaker: CircuitBreaker, times = 1): Promise<void> {
  for (let i = 0; i < times; i++) {
    await expect(breaker.run(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  }
}

/** A call that lasts until it is told how it ends. */
function pending(breaker: CircuitBreaker): { succeed(): Promise<void>; fail(): Promise<void> } {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const outcome = breaker.run(() => promise);
  return {
    succeed: async () => {
      resolve('late');
      await outcome;
    },
    fail: async () => {
      reject(new Error('late'));
      await expect(outcome).rejects.toThrow('late');
    },
  };
}

async function refusal(breaker: CircuitBreaker): Promise<string> {
  let called = false;
  const error = await breaker
    .run(async () => {
      called = true;
    })
    .catch((reason: unknown) => reason);
  expect(called).toBe(false);
  if (!(error instanceof CircuitOpenError)) throw new Error(`no refusal but ${String(error)}`);
  return error.reason;
}

it('yields what the work yields, and throws what it throws', async () => {
  const { breaker } = breakerWith();
  expect(await breaker.run(async () => 42)).toBe(42);
  await expect(breaker.run(() => Promise.reject(new RangeError('no')))).rejects.toThrow(RangeError);
});

describe('closed', () => {
  it('trips at the given number of failures and rejects without calling', async () => {
    const { breaker } = breakerWith({ failures: 3 });
    await fail(breaker, 2);
    expect(breaker.state).toBe('closed');
    await fail(breaker);
    expect(breaker.state).toBe('open');
    expect(await refusal(breaker)).toBe('tripped');
  });

  it('trips after five failures unless told otherwise', async () => {
    const { breaker } = breakerWith();
    await fail(breaker, 4);
    await succeed(breaker);
    expect(breaker.state).toBe('closed');
    await fail(breaker);
    expect(breaker.state).toBe('open');
  });

  it('counts failures per cycle', async () => {
    const { breaker, clock } = breakerWith();
    await fail(breaker, 4);
    clock.advance(5_000);
    await fail(breaker, 4);
    expect(breaker.state).toBe('closed');
    clock.advance(4_999);
    await fail(breaker);
    expect(breaker.state).toBe('open');
  });

  it('does not count an error that the classifier excuses', async () => {
    const { breaker } = breakerWith({ failures: 1, isFailure: (error) => !(error instanceof TypeError) });
    await expect(breaker.run(() => Promise.reject(new TypeError('mine')))).rejects.toThrow(TypeError);
    expect(breaker.state).toBe('closed');
    await fail(breaker);
    expect(breaker.state).toBe('open');
  });
});

describe('closed, by ratio', () => {
  it('bears few failures among many successes', async () => {
    const { breaker } = breakerWith({ ratio: 0.5, minRequests: 20 });
    await succeed(breaker, 1_000);
    await fail(breaker, 5);
    expect(breaker.state).toBe('closed');
  });

  it('waits for enough requests, then trips', async () => {
    const { breaker } = breakerWith({ ratio: 0.5, minRequests: 20 });
    await fail(breaker, 19);
    expect(breaker.state).toBe('closed');
    await fail(breaker);
    expect(breaker.state).toBe('open');
  });

  it('trips at exactly the ratio', async () => {
    const { breaker } = breakerWith({ ratio: 0.5, minRequests: 20 });
    await succeed(breaker, 10);
    await fail(breaker, 9);
    expect(breaker.state).toBe('closed');
    await fail(breaker);
    expect(breaker.state).toBe('open');
  });

  it('takes a ratio above 1 for 1', async () => {
    const { breaker } = breakerWith({ ratio: 7, minRequests: 2 });
    await fail(breaker, 2);
    expect(breaker.state).toBe('open');
  });

  it('counts failures when the ratio is 0', async () => {
    const { breaker } = breakerWith({ ratio: 0, minRequests: 1, failures: 2 });
    await fail(breaker);
    expect(breaker.state).toBe('closed');
    await fail(breaker);
    expect(breaker.state).toBe('open');
  });
});

describe('open', () => {
  it('lasts the whole open time from each trip on, however long the process has run', async () => {
    const { breaker, clock } = breakerWith({ failures: 1, openMs: 60_000, probes: 1 });
    clock.advance(86_400_000);
    for (let trip = 0; trip < 2; trip++) {
      await fail(breaker);
      clock.advance(59_999);
      expect(await refusal(breaker)).toBe('tripped');
      clock.advance(1);
      await succeed(breaker);
      expect(breaker.state).toBe('closed');
      clock.advance(3_600_000);
    }
  });

  it('lets a later call through as a probe', async () => {
    const { breaker, clock } = breakerWith({ failures: 3 });
    await fail(breaker, 3);
    clock.advance(60_000);
    await succeed(breaker);
    expect(breaker.state).toBe('halfopen');
  });

  it('is not closed by a call from before the trip', async () => {
    const { breaker } = breakerWith({ failures: 1, probes: 1 });
    const early = pending(breaker);
    await fail(breaker);
    await early.succeed();
    expect(breaker.state).toBe('open');
  });
});

describe('half-open', () => {
  async function halfOpen(probes: number): Promise<{ breaker: CircuitBreaker; clock: ManualClock }> {
    const made = breakerWith({ failures: 1, probes });
    await succeed(made.breaker, 100);
    await fail(made.breaker);
    made.clock.advance(60_000);
    return made;
  }

  it('closes after as many successes as it allows probes', async () => {
    const { breaker } = await halfOpen(2);
    await succeed(breaker);
    expect(breaker.state).toBe('halfopen');
    await succeed(breaker);
    expect(breaker.state).toBe('closed');
  });

  it('rejects calls beyond its probes, of which calls before the trip eat none', async () => {
    const { breaker } = await halfOpen(2);
    const probes = [pending(breaker), pending(breaker)];
    expect(await refusal(breaker)).toBe('too_many_requests');
    for (const probe of probes) await probe.succeed();
    expect(breaker.state).toBe('closed');
  });

  it('opens again, for the whole time, when a probe fails', async () => {
    const { breaker, clock } = await halfOpen(2);
    const late = pending(breaker);
    await fail(breaker);
    expect(breaker.state).toBe('open');
    clock.advance(59_999);
    expect(await refusal(breaker)).toBe('tripped');
    clock.advance(1);
    await succeed(breaker);
    await late.fail();
    expect(breaker.state).toBe('halfopen');
    await succeed(breaker);
    expect(breaker.state).toBe('closed');
  });
});

it('counts calls and failures by state, and logs each trip once', async () => {
  const metrics = recordingMetrics();
  const log = recordingLogger();
  const { breaker, clock } = breakerWith({ failures: 1, probes: 1, metrics, log });
  await succeed(breaker);
  await fail(breaker);
  await refusal(breaker);
  await refusal(breaker);
  clock.advance(60_000);
  await succeed(breaker);
  expect(Object.fromEntries(metrics.values)).toEqual({
    'unkey_circuitbreaker_requests_total{service="test",action="closed"}': 2,
    'unkey_circuitbreaker_errors_total{service="test",action="closed"}': 1,
    'unkey_circuitbreaker_requests_total{service="test",action="open"}': 2,
    'unkey_circuitbreaker_requests_total{service="test",action="halfopen"}': 1,
  });
  expect(log.lines.filter((line) => line.level === 'warn')).toHaveLength(1);
});

it('logs the begin and the end of an outage, and its probes only in detail', async () => {
  const log = recordingLogger();
  const { breaker, clock } = breakerWith({ failures: 1, probes: 1, log });
  await fail(breaker);
  for (let probe = 0; probe < 3; probe++) {
    clock.advance(60_000);
    await fail(breaker);
  }
  clock.advance(60_000);
  await succeed(breaker);
  expect(log.lines.filter(({ level }) => level !== 'debug')).toEqual([
    { level: 'warn', fields: { breaker: 'test', openMs: 60_000 }, message: 'circuit breaker tripped' },
    { level: 'info', fields: { breaker: 'test' }, message: 'circuit breaker closed' },
  ]);
});
