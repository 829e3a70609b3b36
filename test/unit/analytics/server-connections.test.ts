// The connection manager for a ClickHouse server, with readers that record their life.
import { beforeEach, describe, expect, test } from 'vitest';
import { ManualClock } from '../../../src/lib/clock.ts';
import { faultCode } from '../../../src/lib/fault.ts';
import { silentLogger } from '../../../src/lib/logger.ts';
import { silentMetrics } from '../../../src/lib/metrics.ts';
import { DEFAULT_BOUNDS } from '../../../src/services/analytics/provisioning/workspace-bounds.ts';
import type { AnalyticsConnections } from '../../../src/services/analytics/reading/connections.ts';
import { createServerConnections } from '../../../src/services/analytics/reading/server-connections.ts';
import type { ServerReader } from '../../../src/services/analytics/reading/server-reader.ts';
import type {
  WorkspaceSettings,
  WorkspaceSettingsLoader,
} from '../../../src/services/analytics/reading/workspace-settings.ts';
import { AnalyticsStoreError } from '../../../src/storage/analytics/store-error.ts';
import { TestVault } from '../keys/test-vault.ts';

const CONNECTION_FAILED = 'unkey:data:analytics_connection_failed';
const { signal } = new AbortController();

let clock: ManualClock;
let vault: TestVault;
let stored: Map<string, WorkspaceSettings>;
/** What the server takes, by user. */
let accepted: Map<string, string>;
let readers: FakeReader[];
let serverUp: boolean;
let connections: AnalyticsConnections;

class FakeReader implements ServerReader {
  readonly username: string;
  readonly #password: string;
  closed = false;
  queries = 0;
  pings = 0;

  constructor(username: string, password: string) {
    this.username = username;
    this.#password = password;
  }

  async ping(): Promise<void> {
    this.pings++;
    if (!serverUp) throw new AnalyticsStoreError('network', 'connect ECONNREFUSED');
  }

  async query(statement: string): Promise<Record<string, unknown>[]> {
    if (this.closed) throw new Error('the reader is closed');
    this.queries++;
    if (!serverUp) throw new AnalyticsStoreError('network', 'socket hang up');
    if (accepted.get(this.username) !== this.#password) {
      throw new AnalyticsStoreError('authentication', 'Authentication failed', { code: 516 });
    }
    return [{ statement }];
  }

  async close(): Promise<void> {
    this.closed = true;
  }
}

/** Sets what is stored and what the server takes. */
async function provision(workspaceId: string, password = `password of ${workspaceId}`): Promise<void> {
  const { encrypted } = await vault.encrypt(workspaceId, password);
  stored.set(workspaceId, {
    ...DEFAULT_BOUNDS,
    workspaceId,
    username: workspaceId,
    passwordEncrypted: encrypted,
    retentionDays: 30,
  });
  accepted.set(workspaceId, password);
}

beforeEach(async () => {
  clock = new ManualClock(0);
  vault = new TestVault();
  stored = new Map();
  accepted = new Map();
  readers = [];
  serverUp = true;
  const cached = new Map<string, WorkspaceSettings>();
  const find = (workspaceId: string, known: WorkspaceSettings | undefined): WorkspaceSettings => {
    const settings = known ?? stored.get(workspaceId);
    if (settings === undefined) throw new Error('the test provisions every workspace');
    cached.set(workspaceId, settings);
    return settings;
  };
  const settings: WorkspaceSettingsLoader = {
    find: async (workspaceId) => find(workspaceId, cached.get(workspaceId)),
    reload: async (workspaceId) => find(workspaceId, undefined),
  };
  connections = createServerConnections({
    settings,
    vault,
    openReader: ({ username, password }) => {
      const reader = new FakeReader(username, password);
      readers.push(reader);
      return reader;
    },
    clock,
    log: silentLogger,
    metrics: silentMetrics,
  });
  await provision('ws_a');
});

const query = (workspaceId = 'ws_a') =>
  connections.use(workspaceId, (connection) => connection.query('SELECT 1', signal));
const outcome = (work: Promise<unknown>) =>
  work.then(
    () => 'rows',
    (error: unknown) => faultCode(error) ?? (error instanceof AnalyticsStoreError ? error.failure : error),
  );

test('one connection for all who ask at once, and for those who come later', async () => {
  expect(await Promise.all([query(), query(), query()])).toEqual(
    Array.from({ length: 3 }, () => [{ statement: 'SELECT 1' }]),
  );
  await query();
  expect(readers).toHaveLength(1);
  expect(vault.calls.filter((call) => call === 'decrypt')).toHaveLength(1);
  expect(readers[0]?.pings).toBe(1);
});

test('a password that does not decrypt is a failed connection, and is not remembered', async () => {
  const settings = stored.get('ws_a');
  if (settings === undefined) throw new Error('provisioned above');
  vault.down = true;
  expect(await outcome(query())).toBe(CONNECTION_FAILED);
  expect(readers).toHaveLength(0);
  vault.down = false;
  expect(await outcome(query())).toBe('rows');
});

describe('a changed password', () => {
  test('is read again when the old one is refused, and the old connection is closed', async () => {
    await query();
    await provision('ws_a', 'another password');
    expect(await outcome(query())).toBe('rows');
    expect(readers.map(({ closed }) => closed)).toEqual([true, false]);
    expect(await outcome(query())).toBe('rows');
    expect(readers).toHaveLength(2);
  });

  test('costs one new connection, however many were refused', async () => {
    await query();
    await provision('ws_a', 'another password');
    expect(await Promise.all([1, 2, 3].map(() => outcome(query())))).toEqual(['rows', 'rows', 'rows']);
    expect(readers).toHaveLength(2);
  });

  test('that is nowhere stored is told', async () => {
    accepted.set('ws_a', 'changed by hand');
    expect(await outcome(query())).toBe('authentication');
    expect(readers).toHaveLength(1);
  });
});

describe('a server that is down', () => {
  test('is tried a few times within seconds, and the connection is closed', async () => {
    serverUp = false;
    expect(await outcome(query())).toBe(CONNECTION_FAILED);
    expect(readers).toHaveLength(1);
    expect(readers[0]?.closed).toBe(true);
    expect(readers[0]?.pings).toBeGreaterThan(1);
  });

  test('is reached again without a restart', async () => {
    serverUp = false;
    expect(await outcome(query())).toBe(CONNECTION_FAILED);
    serverUp = true;
    expect(await outcome(query())).toBe('rows');
  });

  test('costs nobody a wait once the circuit breaker has seen it, and is probed later', async () => {
    await query();
    serverUp = false;
    for (let failure = 0; failure < 5; failure++) expect(await outcome(query())).toBe('network');
    const asked = readers[0]?.queries;
    expect(await outcome(query())).toBe('network');
    expect(readers[0]?.queries).toBe(asked);

    serverUp = true;
    clock.advance(10_000);
    expect(await outcome(query())).toBe('rows');
  });
});

test('a wrong query does not speak against the server', async () => {
  await query();
  const reader = readers[0];
  if (reader === undefined) throw new Error('opened above');
  const original = reader.query.bind(reader);
  reader.query = () => Promise.reject(new AnalyticsStoreError('server', 'wrong', { code: 47 }));
  for (let failure = 0; failure < 10; failure++) expect(await outcome(query())).toBe('server');
  reader.query = original;
  expect(await outcome(query())).toBe('rows');
});

describe('closing', () => {
  test('evicted connections close', async () => {
    for (let n = 0; n <= 1000; n++) await provision(`ws_${n}`);
    for (let n = 0; n <= 1000; n++) await query(`ws_${n}`);
    expect(readers.filter(({ closed }) => closed).map(({ username }) => username)).toEqual(['ws_0']);
  });

  test('old connections close', async () => {
    await query();
    clock.advance(24 * 60 * 60_000);
    await query();
    expect(readers.map(({ closed }) => closed)).toEqual([true, false]);
  });

  test('waits for what runs on a connection', async () => {
    const running = Promise.withResolvers<void>();
    const started = Promise.withResolvers<void>();
    const used = connections.use('ws_a', async (connection) => {
      started.resolve();
      await running.promise;
      return await connection.query('SELECT 2', signal);
    });
    await started.promise;
    const closing = connections.close();
    expect(readers[0]?.closed).toBe(false);
    running.resolve();
    expect(await used).toEqual([{ statement: 'SELECT 2' }]);
    await closing;
    expect(readers[0]?.closed).toBe(true);
  });
});
