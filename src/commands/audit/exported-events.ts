// The events that left the relational store, where the configuration names an analytics store.
import { maskSecrets } from '../../config/redact.ts';
import type { AnalyticsStore } from '../../storage/analytics/analytics-store.ts';
import { outputLogger } from '../admin/store.ts';
import { CliError } from '../cli/cli-error.ts';
import type { Invocation } from '../cli/context.ts';
import { EXIT } from '../cli/exit-codes.ts';

/**
 * Runs `work` with the analytics store of the configuration, or undefined when there is none, and closes it.
 * @throws CliError exit 8 when the store fails: an export that left events out would look complete
 */
export async function withExportedEvents<T>(
  invocation: Invocation,
  work: (store: AnalyticsStore | undefined) => Promise<T>,
): Promise<T> {
  const { config } = await invocation.loadConfig({ profile: 'tool' });
  const { url } = config.clickhouse;
  if (url === undefined) return work(undefined);
  const [{ openAnalyticsStore }, { AnalyticsStoreError }] = await Promise.all([
    import('../../storage/analytics/open-store.ts'),
    import('../../storage/analytics/store-error.ts'),
  ]);
  const store = await openAnalyticsStore(url, { log: outputLogger(invocation.output) }).catch(
    (error: unknown) => {
      throw analyticsFailed(error);
    },
  );
  if (store === undefined) {
    throw analyticsFailed(new Error('the package chdb, which clickhouse.url asks for, is not installed'));
  }
  try {
    return await work(store);
  } catch (error) {
    throw error instanceof AnalyticsStoreError ? analyticsFailed(error) : error;
  } finally {
    await store.close();
  }
}

function analyticsFailed(cause: unknown): CliError {
  return new CliError({
    exitCode: EXIT.unreachable,
    code: 'analytics_failed',
    title: 'analytics store failed',
    detail: maskSecrets(cause instanceof Error ? cause.message : String(cause)),
    hint: 'pass --no-analytics to export what the relational store holds',
    cause,
  });
}
