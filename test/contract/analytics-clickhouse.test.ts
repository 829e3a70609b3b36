import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ClickHouseReader } from '../../src/storage/analytics/clickhouse-reader.ts';
import { openClickHouseReader } from '../../src/storage/analytics/clickhouse-reader.ts';
import type { ClickHouseStore } from '../../src/storage/analytics/clickhouse-store.ts';
import { freshName, openClickHouse, trueClickHouseUrl } from '../support/analytics.ts';
import { type ClickHouseFront, startClickHouseFront } from '../support/clickhouse-front.ts';
import { describeAnalyticsStore } from './analytics-store.contract.ts';

const READER = { name: 'ws_own', password: 'Reader-pass.word~1', readonly: true };
const LIMITS = { maxExecutionSeconds: 15, maxResultBytes: 4_194_304 };

let front: ClickHouseFront;

beforeAll(async () => {
  front = await startClickHouseFront({ users: [READER] });
});
afterAll(() => front.stop());

describeAnalyticsStore('ClickHouse over HTTP, on the test front', () => openClickHouse(front.url));

const trueServer = trueClickHouseUrl();
if (trueServer !== undefined) {
  describeAnalyticsStore('a true ClickHouse server', () => openClickHouse(trueServer));
}

async function withStore(work: (store: ClickHouseStore) => Promise<void>): Promise<void> {
  const store = await openClickHouse(front.url);
  try {
    await work(store);
  } finally {
    await front.fault({ kind: 'none' });
    await store.close();
  }
}

async function storeWithTable(store: ClickHouseStore): Promise<string> {
  const table = freshName('events');
  await store.execute(`CREATE TABLE ${table} (n Int64, text String) ENGINE = MergeTree ORDER BY n
    SETTINGS non_replicated_deduplication_window = 100`);
  return table;
}

async function requestsOf(work: () => Promise<unknown>) {
  const before = (await front.requests()).length;
  await work();
  return (await front.requests()).slice(before);
}

describe('what is sent to ClickHouse', () => {
  test('an insert names its columns, waits for the server, and carries its token', () =>
    withStore(async (store) => {
      const table = await storeWithTable(store);
      const batch = {
        table,
        columns: ['n', 'text'],
        rows: [{ n: 1, text: 'a' }],
        deduplicationToken: 'token-1',
      };
      expect(await requestsOf(() => store.insert(batch))).toEqual([
        {
          user: 'default',
          statement: `INSERT INTO \`${table}\` (\`n\`, \`text\`) FORMAT JSONCompactEachRow`,
          settings: {
            async_insert: '1',
            wait_for_async_insert: '1',
            async_insert_deduplicate: '1',
            insert_deduplication_token: 'token-1',
          },
          acceptEncoding: '',
        },
      ]);
    }));

  test('a reader sends no setting but its longest time, and asks for no compression', async () => {
    const reader = openClickHouseReader({
      url: front.url,
      username: READER.name,
      password: READER.password,
      limits: LIMITS,
    });
    const requests = await requestsOf(() => reader.query('SELECT 1 AS one'));
    await reader.close();
    expect(requests).toMatchObject([
      { user: READER.name, settings: { max_execution_time: '15', readonly: '1' }, acceptEncoding: '' },
    ]);
  });
});

describe('a reader on a ClickHouse server', () => {
  function openReader(password = READER.password, limits = LIMITS): ClickHouseReader {
    return openClickHouseReader({ url: front.url, username: READER.name, password, limits });
  }

  test('reads as the user of the workspace', async () => {
    const reader = openReader();
    await expect(reader.ping()).resolves.toBeUndefined();
    expect(await reader.query('SELECT toUInt64(9007199254740993) AS big, 0 / 0 AS nan')).toEqual([
      { big: 9007199254740993n, nan: null },
    ]);
    await expect(reader.query('CREATE TABLE mine (n Int64) ENGINE = Memory')).rejects.toMatchObject({
      code: 164,
      codeName: 'READONLY',
    });
    await reader.close();
  });

  test('tells a refused password from other failures, and does not repeat it', async () => {
    const reader = openReader('Wrong-pass.word~2');
    const failure: unknown = await reader.query('SELECT 1').catch((error: unknown) => error);
    await reader.close();
    expect(failure).toMatchObject({
      failure: 'authentication',
      code: 516,
      codeName: 'AUTHENTICATION_FAILED',
    });
    expect(`${String(failure)} ${JSON.stringify(failure)}`).not.toContain('Wrong-pass');
  });

  test('gives up an answer that is too large', async () => {
    const reader = openReader(READER.password, { ...LIMITS, maxResultBytes: 10_000 });
    await expect(reader.query("SELECT number, 'text' FROM numbers(100000)")).rejects.toMatchObject({
      failure: 'server',
      code: 396,
    });
    expect(await reader.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await reader.close();
  });
});

describe('failures of a ClickHouse server', () => {
  test.each([
    [516, 'AUTHENTICATION_FAILED', 'authentication'],
    [192, 'UNKNOWN_USER', 'authentication'],
    [193, 'WRONG_PASSWORD', 'authentication'],
    [194, 'REQUIRED_PASSWORD', 'authentication'],
    [202, 'TOO_MANY_SIMULTANEOUS_QUERIES', 'server'],
    [241, 'MEMORY_LIMIT_EXCEEDED', 'server'],
    [159, 'TIMEOUT_EXCEEDED', 'server'],
    [201, 'QUOTA_EXCEEDED', 'server'],
  ])('%i %s is a failure of kind %3$s', (code, codeName, failure) =>
    withStore(async (store) => {
      await front.fault({ kind: 'error', code, codeName });
      const insert = { table: 'any', columns: ['n'], rows: [{ n: 1 }], deduplicationToken: 'x' };
      for (const attempt of [
        () => store.query('SELECT 1'),
        () => store.execute('SELECT 1'),
        () => store.insert(insert),
        () => store.ping(),
      ]) {
        await expect(attempt()).rejects.toMatchObject({
          name: 'AnalyticsStoreError',
          failure,
          code,
          codeName,
        });
      }
    }),
  );

  test('an error in the middle of an answer is found', () =>
    withStore(async (store) => {
      await front.fault({ kind: 'late-error', code: 241, codeName: 'MEMORY_LIMIT_EXCEEDED' });
      await expect(store.query('SELECT number FROM numbers(1000)')).rejects.toMatchObject({
        failure: 'server',
        code: 241,
        codeName: 'MEMORY_LIMIT_EXCEEDED',
      });
    }));

  test('an answer that breaks off is a failure of the network', () =>
    withStore(async (store) => {
      await front.fault({ kind: 'break' });
      await expect(store.query('SELECT number FROM numbers(100000)')).rejects.toMatchObject({
        failure: 'network',
      });
    }));

  test('a server that is down is a failure of the network, and is used again once it is up', () =>
    withStore(async (store) => {
      await front.fault({ kind: 'down' });
      for (const attempt of [
        () => store.ping(),
        () => store.query('SELECT 1'),
        () => store.execute('SELECT 1'),
      ]) {
        const failure: unknown = await attempt().catch((error: unknown) => error);
        expect(failure).toMatchObject({ name: 'AnalyticsStoreError', failure: 'network' });
        expect(String(failure)).not.toContain('front-secret');
      }
      await front.fault({ kind: 'none' });
      expect(await store.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    }));

  test('a batch whose answer was lost is stored once when it is sent again', () =>
    withStore(async (store) => {
      const table = await storeWithTable(store);
      const batch = {
        table,
        columns: ['n'],
        rows: [{ n: 1 }, { n: 2 }],
        deduplicationToken: freshName('batch'),
      };
      await front.fault({ kind: 'break' });
      await expect(store.insert(batch)).rejects.toMatchObject({ failure: 'network' });
      await front.fault({ kind: 'none' });
      await store.insert(batch);
      expect(await store.query(`SELECT count() AS n FROM ${table}`)).toEqual([{ n: 2 }]);
    }));

  test('a killed server loses nothing that it acknowledged', () =>
    withStore(async (store) => {
      const table = await storeWithTable(store);
      const batch = { table, columns: ['n'], rows: [{ n: 1 }], deduplicationToken: freshName('batch') };
      await store.insert(batch);
      await front.kill();
      await expect(store.query('SELECT 1')).rejects.toMatchObject({ failure: 'network' });
      await front.restart();
      await store.insert(batch);
      expect(await store.query(`SELECT count() AS n FROM ${table}`)).toEqual([{ n: 1 }]);
    }));

  test('a caller need not wait for a slow server', () =>
    withStore(async (store) => {
      await front.fault({ kind: 'slow', ms: 60_000 });
      const signal = AbortSignal.timeout(50);
      await expect(store.query('SELECT 1', { signal })).rejects.toMatchObject({ failure: 'aborted' });
      await expect(store.ping(AbortSignal.timeout(50))).rejects.toMatchObject({ failure: 'aborted' });
    }));

  test('what answers without being ClickHouse is a failure of the network', async () => {
    const { createServer } = await import('node:http');
    const proxy = createServer((_request, response) => response.writeHead(502).end('<h1>Bad Gateway</h1>'));
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const address = proxy.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const store = await openClickHouse(`http://127.0.0.1:${port}/`);
    await expect(store.query('SELECT 1')).rejects.toMatchObject({ failure: 'network' });
    await store.close();
    proxy.close();
  });
});
