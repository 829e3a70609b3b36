import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { STABLE_MS } from '../../../src/commands/workers/restarts.ts';
import { Supervisor } from '../../../src/commands/workers/supervisor.ts';
import type { ServerConfig } from '../../../src/config/server-config.ts';
import { ManualClock } from '../../../src/lib/clock.ts';
import { recordingLogger } from '../support/recorders.ts';
import { fakeFork, serve } from './fake-workers.ts';

const FAILURE = {
  exitCode: 8,
  code: 'database_unreachable',
  title: 'database unreachable',
  detail: 'refused',
};

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function supervised(count = 2) {
  const fork = fakeFork();
  const clock = new ManualClock(0);
  const log = recordingLogger();
  const ended: number[] = [];
  const reports: string[] = [];
  const supervisor = new Supervisor({
    count,
    fork,
    clock,
    log,
    orderFor: (number) => ({
      kind: 'order',
      config: { instanceId: `ins-w${number}` } as ServerConfig,
      workers: [],
      portSetting: '--http-port',
      verbose: false,
    }),
    onReport: (number, { kind }) => reports.push(`${number} ${kind}`),
    onEnded: (number) => ended.push(number),
  });
  return { supervisor, fork, started: fork.started, clock, log, ended, reports };
}

/** Lets what a settled promise leads to happen, and timers of that time run. */
const pass = (ms = 0): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

async function serving(count = 2) {
  const all = supervised(count);
  const begun = all.supervisor.start();
  for (const worker of all.started) serve(worker);
  await begun;
  return all;
}

describe('a start', () => {
  it('gives each worker its order when it is ready, and is over when all of them serve', async () => {
    const { supervisor, started } = supervised();
    let address: string | undefined;
    void supervisor.start().then((url) => {
      address = url;
    });
    expect(started.map(({ received }) => received)).toEqual([[], []]);
    serve(started[0]);
    started[1]?.say({ kind: 'ready' });
    await pass();
    expect(address).toBeUndefined();
    expect(started.map(({ received }) => received)).toMatchObject([
      [{ kind: 'order', config: { instanceId: 'ins-w1' } }],
      [{ kind: 'order', config: { instanceId: 'ins-w2' } }],
    ]);
    serve(started[1]);
    await pass();
    expect(address).toBe('http://127.0.0.1:7070');
  });

  it('is hopeless as soon as a worker tells why it cannot, with its exit code and words', async () => {
    const { supervisor, started } = supervised();
    void supervisor.start();
    serve(started[0]);
    started[1]?.say({ kind: 'failed', failure: FAILURE });
    started[1]?.end({ code: 8 });
    expect(await supervisor.hopeless).toMatchObject({ exitCode: 8, message: 'refused' });
    await pass(60_000);
    expect(started).toHaveLength(2);
  });

  it('is hopeless when a worker dies five times without a word', async () => {
    const { supervisor, started } = supervised(1);
    void supervisor.start();
    for (let death = 1; death <= 5; death++) {
      expect(started).toHaveLength(death);
      started[death - 1]?.end({ signal: 'SIGSEGV' });
      await pass(10_000);
    }
    expect(await supervisor.hopeless).toMatchObject({
      exitCode: 1,
      message: 'worker 1 ended 5 times before it could serve, the last time with SIGSEGV',
    });
    expect(started).toHaveLength(5);
  });
});

describe('a worker that ends', () => {
  it('is told of and replaced, with its reason in the log', async () => {
    const { started, ended, log } = await serving();
    started[0]?.end({ signal: 'SIGKILL' });
    await pass(100);
    expect(ended).toEqual([1]);
    expect(started).toHaveLength(3);
    expect(log.lines.at(-1)).toMatchObject({
      level: 'error',
      fields: { worker: 1, pid: 1000, signal: 'SIGKILL' },
    });
    serve(started[2]);
    expect(started[2]?.received).toMatchObject([{ config: { instanceId: 'ins-w1' } }]);
  });

  it('is replaced later each time while it ends early, and soon again after a stable time', async () => {
    const { started, clock } = await serving();
    const replacedAfter = async (): Promise<number> => {
      const before = started.length;
      started.at(-1)?.end({ code: 1 });
      let waited = 0;
      for (await pass(); started.length === before; waited += 50) await pass(50);
      serve(started.at(-1));
      return waited;
    };
    const delays = [];
    for (let end = 0; end < 9; end++) delays.push(await replacedAfter());
    expect(delays).toEqual([100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000]);
    clock.advance(STABLE_MS);
    expect(await replacedAfter()).toBe(100);
  });

  it('is replaced for ever while another one serves, whatever it says', async () => {
    const { supervisor, started } = await serving();
    let given = false;
    void supervisor.hopeless.then(() => {
      given = true;
    });
    started[0]?.end({ signal: 'SIGKILL' });
    for (let start = 2; start < 12; start++) {
      await pass(10_000);
      started[start]?.say({ kind: 'failed', failure: FAILURE });
      started[start]?.end({ code: 8 });
    }
    await pass(10_000);
    expect([given, started.length]).toEqual([false, 13]);
  });

  it('ends the service when none serves and the starts keep failing', async () => {
    const { supervisor, started } = await serving(1);
    started[0]?.end({ signal: 'SIGKILL' });
    for (let start = 1; start <= 5; start++) {
      await pass(10_000);
      started[start]?.say({ kind: 'failed', failure: FAILURE });
      started[start]?.end({ code: 8 });
    }
    expect(await supervisor.hopeless).toMatchObject({ exitCode: 8 });
  });
});

describe('messages', () => {
  it('reach every worker that has its order but the one excepted', async () => {
    const { supervisor, started } = supervised(3);
    void supervisor.start();
    serve(started[0]);
    serve(started[1]);
    supervisor.broadcast({ kind: 'reload' }, 1);
    expect(started.map(({ received }) => received.map(({ kind }) => kind))).toEqual([
      ['order'],
      ['order', 'reload'],
      [],
    ]);
  });

  it('of a worker are reported with its number', async () => {
    const { started, reports } = await serving();
    started[1]?.say({ kind: 'metrics', id: 1, snapshot: [] });
    expect(reports).toEqual(['2 metrics']);
  });
});

describe('a stop', () => {
  it('is clean when every worker ends with 0, and starts no other', async () => {
    const { supervisor, started } = await serving();
    const stopped = supervisor.stop('SIGTERM', 1_000);
    expect(started.map(({ received }) => received.at(-1))).toEqual([
      { kind: 'stop', signal: 'SIGTERM' },
      { kind: 'stop', signal: 'SIGTERM' },
    ]);
    for (const worker of started) worker.end({ code: 0 });
    expect(await stopped).toBe(true);
    await pass(60_000);
    expect(started).toHaveLength(2);
  });

  it('is not clean when one cut something off', async () => {
    const { supervisor, started } = await serving();
    const stopped = supervisor.stop('SIGTERM', 1_000);
    started[0]?.end({ code: 0 });
    started[1]?.end({ code: 1 });
    expect(await stopped).toBe(false);
  });

  it('kills who does not end in time', async () => {
    const { supervisor, started } = await serving();
    const stopped = supervisor.stop('SIGTERM', 1_000);
    started[0]?.end({ code: 0 });
    await pass(1_000);
    expect(await stopped).toBe(false);
    expect(started.map(({ killed }) => killed)).toEqual([false, true]);
  });

  it('cancels a replacement and kills a worker that has no order yet, which is clean', async () => {
    const { supervisor, started } = await serving();
    started[0]?.end({ code: 1 });
    await pass(100);
    started[1]?.end({ code: 1 });
    await pass();
    expect(await supervisor.stop('SIGTERM', 1_000)).toBe(true);
    await pass(60_000);
    expect([started.length, started[2]?.killed]).toEqual([3, true]);
  });

  it('at once tells the workers so, and does not wait for them', async () => {
    const { supervisor, started } = await serving();
    const stopped = supervisor.stopNow('SIGINT');
    expect(started[0]?.received.at(-1)).toEqual({ kind: 'stop-now', signal: 'SIGINT' });
    await pass(1_000);
    await stopped;
    expect(started.map(({ killed }) => killed)).toEqual([true, true]);
  });
});
