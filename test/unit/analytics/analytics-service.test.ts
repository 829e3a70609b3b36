// What the service does around a statement: the order of checks, the deadline, and whose end it was. The statements
// themselves are in test/api and in the tests of the checker.
import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../../src/lib/clock.ts';
import { errorChain, Fault, faultCode } from '../../../src/lib/fault.ts';
import {
  type AnalyticsQuery,
  type AnalyticsService,
  createAnalyticsService,
} from '../../../src/services/analytics/analytics-service.ts';
import { DEFAULT_BOUNDS } from '../../../src/services/analytics/provisioning/workspace-bounds.ts';
import { VERIFICATION_TABLES } from '../../../src/services/analytics/public-tables.ts';
import type {
  AnalyticsConnections,
  WorkspaceConnection,
} from '../../../src/services/analytics/reading/connections.ts';
import { AnalyticsStoreError } from '../../../src/storage/analytics/store-error.ts';

const TIMEOUT = 'user:unprocessable_entity:query_execution_timeout';

/** A service whose one connection answers like this. */
function serviceOf(query: WorkspaceConnection['query'], deadlineMs?: number): AnalyticsService {
  const connections: AnalyticsConnections = {
    use: (workspaceId, work) =>
      work({
        settings: {
          ...DEFAULT_BOUNDS,
          workspaceId,
          username: workspaceId,
          passwordEncrypted: '',
          retentionDays: 30,
        },
        tableRules: undefined,
        query,
      }),
    close: () => Promise.resolve(),
  };
  return createAnalyticsService({
    connections,
    scope: { keyspacesOf: () => Promise.resolve([]) },
    clock: new ManualClock(Date.UTC(2026, 0, 1)),
    ...(deadlineMs !== undefined && { deadlineMs }),
  });
}

function queryOf(change: Partial<AnalyticsQuery> = {}): AnalyticsQuery {
  return {
    workspaceId: 'ws_1',
    sql: 'SELECT key_id FROM key_verifications_v1',
    tables: VERIFICATION_TABLES,
    filters: [],
    signal: new AbortController().signal,
    ...change,
  };
}

/** A store that answers only when it is told to stop. */
const untilStopped: WorkspaceConnection['query'] = (_statement, signal) =>
  new Promise((_, reject) => {
    const stop = () => reject(new AnalyticsStoreError('aborted', 'given up', { cause: signal.reason }));
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });

const failureOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );
const namesOf = (error: unknown): string[] =>
  errorChain(error).flatMap((link) => (link instanceof Error ? [link.name] : []));

test('what runs is what the checker made of the text, with the filters of the caller', async () => {
  const ran: string[] = [];
  const service = serviceOf(async (statement) => {
    ran.push(statement);
    return [{ key_id: 'key_1' }];
  });
  const rows = await service.query(
    queryOf({
      filters: [{ column: 'key_space_id', values: ['ks_1'] }],
      sql: 'SELECT key_id FROM key_verifications_v1',
    }),
  );
  expect(rows).toEqual([{ key_id: 'key_1' }]);
  expect(ran).toHaveLength(1);
  expect(ran[0]).toContain("workspace_id = 'ws_1'");
  expect(ran[0]).toContain("key_space_id IN ('ks_1')");
  expect(ran[0]).toContain('LIMIT 10000000');
});

test('a caller without a keyspace gets a filter that lets nothing through, not none', async () => {
  let ran = '';
  const service = serviceOf(async (statement) => {
    ran = statement;
    return [];
  });
  await service.query(queryOf({ filters: [{ column: 'key_space_id', values: [] }] }));
  expect(ran).toMatch(/AND \(0\)|WHERE 0/);
});

test('a text that is refused never reaches the store', async () => {
  const service = serviceOf(() => Promise.reject(new Error('the store was asked')));
  const failure = await failureOf(service.query(queryOf({ sql: 'SELECT * FROM system.users' })));
  expect(faultCode(failure)).toBe('user:bad_request:invalid_analytics_table');
});

test('without a connection the text is not looked at', async () => {
  const service = createAnalyticsService({
    connections: {
      use: () => Promise.reject(new Fault('unkey:data:analytics_not_configured')),
      close: () => Promise.resolve(),
    },
    scope: { keyspacesOf: () => Promise.resolve([]) },
    clock: new ManualClock(0),
  });
  expect(faultCode(await failureOf(service.query(queryOf({ sql: 'garbage' }))))).toBe(
    'unkey:data:analytics_not_configured',
  );
});

describe('a query that does not end', () => {
  test('is given up at its own deadline', async () => {
    const failure = await failureOf(serviceOf(untilStopped, 20).query(queryOf()));
    expect(faultCode(failure)).toBe(TIMEOUT);
  });

  test.each([
    ['the caller has gone', 'AbortError'],
    ['the request is out of time', 'TimeoutError'],
  ])('is given up when %s, and the failure says so to whoever answers', async (_, name) => {
    const request = new AbortController();
    const failing = failureOf(serviceOf(untilStopped).query(queryOf({ signal: request.signal })));
    request.abort(new DOMException('over', name));
    const failure = await failing;
    expect(faultCode(failure)).toBe(TIMEOUT);
    expect(namesOf(failure)).toContain(name);
  });
});

test('a failure of the network carries no timeout of a connection along', async () => {
  const cause = Object.assign(new Error('connect ETIMEDOUT'), { code: 'ETIMEDOUT' });
  const service = serviceOf(() => Promise.reject(new AnalyticsStoreError('network', 'no answer', { cause })));
  const failure = await failureOf(service.query(queryOf()));
  expect(faultCode(failure)).toBe('unkey:data:analytics_connection_failed');
  expect(errorChain(failure)).not.toContain(cause);
});
