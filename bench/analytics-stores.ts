// The analytics stores to measure with: the embedded engine, and a ClickHouse over HTTP.
import { join } from 'node:path';
import type { AnalyticsStore } from '../src/storage/analytics/analytics-store.ts';
import { openClickHouse, openEmptyChdb } from '../test/support/analytics.ts';
import { startClickHouseFront } from '../test/support/clickhouse-front.ts';

export interface BenchStore {
  readonly name: string;
  /** As the configuration takes it. */
  readonly address: string;
  /** Verifications with this tag that the store holds. To be asked once the server has ended, which has the engine until then. */
  verifications(tag: string): Promise<number>;
  stop(): Promise<void>;
}

/** The engine inside the server, with its data in the folder. */
export function embeddedStore(folder: string): BenchStore {
  const directory = join(folder, 'bench-analytics');
  return {
    name: 'embedded',
    address: `chdb:${directory}`,
    verifications: async (tag) => countIn(await openEmptyChdb(directory), tag),
    stop: async () => undefined,
  };
}

/** The server of TEST_CLICKHOUSE_URL, else a stand-in: the engine in another process, behind HTTP, on this machine. */
export async function httpStore(): Promise<BenchStore> {
  const url = process.env.TEST_CLICKHOUSE_URL;
  const verifications = (address: string) => async (tag: string) =>
    countIn(await openClickHouse(address), tag);
  if (url) {
    return {
      name: 'ClickHouse',
      address: url,
      verifications: verifications(url),
      stop: async () => undefined,
    };
  }
  console.log('\nno TEST_CLICKHOUSE_URL: the embedded engine behind HTTP stands in for a ClickHouse server');
  const front = await startClickHouseFront();
  return {
    name: 'HTTP front',
    address: front.url,
    verifications: verifications(front.url),
    stop: () => front.stop(),
  };
}

async function countIn(store: AnalyticsStore, tag: string): Promise<number> {
  try {
    const [row] = await store.query(
      'SELECT count() AS rows FROM key_verifications_raw_v2 WHERE has(tags, {tag:String})',
      { parameters: { tag } },
    );
    return Number(row?.rows);
  } finally {
    await store.close();
  }
}
