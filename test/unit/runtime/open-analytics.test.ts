import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, onTestFinished } from 'vitest';
import { type Analytics, openAnalytics } from '../../../src/commands/runtime/open-analytics.ts';
import { createShutdown } from '../../../src/commands/runtime/shutdown.ts';
import { ConfigError } from '../../../src/config/problems.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { type LogLine, recordingLogger, recordingMetrics } from '../support/recorders.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'unkey-analytics-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

interface Opened {
  readonly opening: Promise<Analytics>;
  readonly lines: LogLine[];
  /** Gauges and counters. */
  readonly values: Map<string, number>;
  close(): Promise<boolean>;
}

function open(
  url: string | undefined,
  { autoMigrate = false, signal = new AbortController().signal } = {},
): Opened {
  const log = recordingLogger();
  const metrics = recordingMetrics();
  const shutdown = createShutdown({ log });
  const opening = openAnalytics({
    config: { clickhouse: { url, analyticsUrl: undefined }, region: 'test' },
    autoMigrate,
    redactedPaths: () => ['key'],
    signal,
    clock: systemClock,
    metrics,
    log,
    shutdown,
  });
  return { opening, lines: log.lines, values: metrics.values, close: () => shutdown.run() };
}

const warnings = (lines: readonly LogLine[]) => lines.filter(({ level }) => level === 'warn');

it('keeps events nowhere without a store', async () => {
  const { opening, lines, close } = open(undefined);
  const { store, events, requestLogSink } = await opening;
  expect([store, requestLogSink]).toEqual([undefined, undefined]);
  expect(() => events.close()).not.toThrow();
  expect(await close()).toBe(true);
  expect(lines).toEqual([]);
});

it('refuses an address that is none, as a mistake of the configuration', async () => {
  await expect(open('ftp://nowhere').opening).rejects.toBeInstanceOf(ConfigError);
});

it('prepares what is in memory, whether it was asked to or not', async () => {
  const { opening, lines, values, close } = open('chdb:');
  await opening;
  expect(warnings(lines)).toEqual([]);
  expect(values.get('unkey_schema_version{store="clickhouse"}')).toBeGreaterThan(20_000_000_000_000);
  expect(await close()).toBe(true);
});

it('warns of a schema that is behind, and migrates it only when asked to', async () => {
  const url = `chdb:${join(folder, 'analytics')}`;
  const behind = open(url);
  await behind.opening;
  expect(warnings(behind.lines)).toMatchObject([
    { message: expect.stringContaining('unkey migrate up --target clickhouse') },
  ]);
  expect(behind.values.get('unkey_schema_version{store="clickhouse"}')).toBe(0);
  expect(await behind.close()).toBe(true);

  const migrated = open(url, { autoMigrate: true });
  await migrated.opening;
  expect(warnings(migrated.lines)).toEqual([]);
  expect(migrated.values.get('unkey_schema_version{store="clickhouse"}')).toBeGreaterThan(0);
  expect(await migrated.close()).toBe(true);
});

it('warns once of a server that is away, and goes on', async () => {
  const { opening, lines, close } = open('http://u:s3cret@127.0.0.1:9');
  const { store } = await opening;
  expect(store?.engine).toBe('clickhouse');
  expect(warnings(lines)).toMatchObject([{ message: expect.stringContaining('does not answer') }]);
  expect(JSON.stringify(lines)).not.toContain('s3cret');
  expect(await close()).toBe(true);
});

it('stops waiting for a server that says nothing when the start is called off', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const stopping = new AbortController();
  const { opening, close } = open(`http://127.0.0.1:${port}`, { signal: stopping.signal });
  stopping.abort(new Error('called off'));
  await expect(opening).rejects.toThrow('called off');
  await close();
});
