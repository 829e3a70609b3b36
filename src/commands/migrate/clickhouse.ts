// How the migrate commands reach the analytics store.
import { setTimeout as sleep } from 'node:timers/promises';
import { maskSecrets } from '../../config/redact.ts';
import type { OpenedAnalyticsStore } from '../../storage/analytics/open-store.ts';
import { outputLogger, type StoreInvocation } from '../admin/store.ts';
import { CliError } from '../cli/cli-error.ts';
import { EXIT } from '../cli/exit-codes.ts';
import type { Output } from '../cli/output.ts';
import { readSecret } from '../cli/secret-flag.ts';
import { CLICKHOUSE_ADDRESS } from './target.ts';

const EMBEDDED = 'chdb:';
const POLL_MS = 100;

/**
 * The address of the store that flags or configuration name; undefined when none is configured, or when it is the embedded
 * engine and that is not installed.
 * @throws CliError exit 3 when `--clickhouse-url` cannot be read
 */
export async function clickhouseAddress({
  io,
  options,
  output,
  loadConfig,
}: StoreInvocation): Promise<string | undefined> {
  const given = await readSecret(io, options, CLICKHOUSE_ADDRESS);
  if (given !== undefined) await checkAddress(given);
  const address = given ?? (await loadConfig({ profile: 'tool' })).config.clickhouse.url;
  if (address === undefined) {
    output.note('clickhouse: skipped, neither --clickhouse-url nor clickhouse.url is set');
    return undefined;
  }
  if (address.startsWith(EMBEDDED)) {
    const { loadChdb } = await import('../../storage/analytics/chdb-package.ts');
    if ((await loadChdb()) === undefined) {
      output.note('clickhouse: skipped, the embedded engine (package chdb) is not installed');
      return undefined;
    }
  }
  return address;
}

async function checkAddress(address: string): Promise<void> {
  const { clickhouseOrChdbUrl } = await import('../../config/setting-kinds.ts');
  const { error } = clickhouseOrChdbUrl().validate(address);
  if (error === undefined) return;
  throw new CliError({
    exitCode: EXIT.config,
    code: 'clickhouse_address_invalid',
    title: 'ClickHouse address invalid',
    detail: 'must be clickhouse://…, http(s)://…, chdb: or chdb:<directory>',
  });
}

/**
 * Opens the store, checks that it answers, runs `work`, and closes it.
 * @param waitMs how long to wait for another process that has the data of the embedded engine open
 * @throws CliError exit 6 when another process keeps the data, exit 8 when the store cannot be opened or fails
 */
export async function withAnalyticsStore<T>(
  address: string,
  { output }: Pick<StoreInvocation, 'output'>,
  waitMs: number,
  work: (store: OpenedAnalyticsStore) => Promise<T>,
): Promise<T> {
  const { AnalyticsStoreError } = await import('../../storage/analytics/store-error.ts');
  const store = await openWithin(address, output, waitMs);
  try {
    await store.ping();
    return await work(store);
  } catch (error) {
    throw error instanceof AnalyticsStoreError ? clickhouseFailed(error) : error;
  } finally {
    await store.close();
  }
}

async function openWithin(address: string, output: Output, waitMs: number): Promise<OpenedAnalyticsStore> {
  const [{ openAnalyticsStore }, { holderOf }] = await Promise.all([
    import('../../storage/analytics/open-store.ts'),
    import('../../storage/analytics/chdb-directory.ts'),
  ]);
  const directory = address.startsWith(EMBEDDED) ? address.slice(EMBEDDED.length) : '';
  const deadline = performance.now() + waitMs;
  let wasHeld = true;
  for (;;) {
    try {
      const store = await openAnalyticsStore(address, { log: outputLogger(output) });
      if (store === undefined) throw new Error('the embedded engine was there a moment ago and is gone');
      return store;
    } catch (error) {
      const holder = directory === '' ? undefined : holderOf(directory);
      // Who held it when it was tried may be gone by now, which deserves one more try.
      if (holder === undefined && (directory === '' || !wasHeld)) throw clickhouseFailed(error);
      wasHeld = holder !== undefined;
      if (wasHeld && performance.now() >= deadline) throw directoryInUse(error);
    }
    const progress = output.progress();
    while (holderOf(directory) !== undefined && performance.now() < deadline) {
      progress.update('waiting for another process to leave the analytics directory …');
      await sleep(POLL_MS);
    }
  }
}

function directoryInUse(cause: unknown): CliError {
  return new CliError({
    exitCode: EXIT.conflict,
    code: 'analytics_directory_in_use',
    title: 'analytics directory in use',
    detail: cause instanceof Error ? cause.message : String(cause),
    cause,
  });
}

function clickhouseFailed(error: unknown): CliError {
  return new CliError({
    exitCode: EXIT.unreachable,
    code: 'clickhouse_failed',
    title: 'ClickHouse failed',
    detail: maskSecrets(error instanceof Error ? error.message : String(error)),
    hint: "run 'unkey doctor --only clickhouse' to see what is wrong with it",
    cause: error,
  });
}
