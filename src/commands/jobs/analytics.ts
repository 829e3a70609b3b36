// The analytics store of a job that is run by hand.

import { maskSecrets } from '../../config/redact.ts';
import type { Logger } from '../../lib/logger.ts';
import type { Job } from '../../services/jobs/job.ts';
import type { AnalyticsStore } from '../../storage/analytics/analytics-store.ts';
import { CliError } from '../cli/cli-error.ts';
import { EXIT } from '../cli/exit-codes.ts';

/**
 * Runs `work` with the analytics store that `url` names if the job needs one, else with undefined, and closes it.
 * @throws CliError exit 6 when there is none or its data is in another process, exit 8 when it does not answer
 */
export async function withJobAnalytics<T>(
  job: Job,
  { url, log }: { readonly url: string | undefined; readonly log: Logger },
  work: (store: AnalyticsStore | undefined) => Promise<T>,
): Promise<T> {
  if (job.needs !== 'analytics') return work(undefined);
  const store = await open(job, url, log);
  const { AnalyticsStoreError } = await import('../../storage/analytics/store-error.ts');
  try {
    return await work(store);
  } catch (error) {
    if (!(error instanceof AnalyticsStoreError)) throw error;
    throw new CliError({
      exitCode: EXIT.unreachable,
      code: 'analytics_failed',
      title: 'analytics store failed',
      detail: maskSecrets(error.message),
      hint: 'nothing is lost; run it again once clickhouse.url answers',
      cause: error,
    });
  } finally {
    await store.close();
  }
}

async function open(job: Job, url: string | undefined, log: Logger): Promise<AnalyticsStore> {
  if (url === undefined) throw unusable(job, 'clickhouse.url is not set');
  if (url === 'chdb:') {
    throw unusable(
      job,
      'with clickhouse.url = "chdb:" its data is in the memory of the server, which runs the job',
    );
  }
  const { openAnalyticsStore } = await import('../../storage/analytics/open-store.ts');
  let store: AnalyticsStore | undefined;
  try {
    store = await openAnalyticsStore(url, { log });
  } catch (error) {
    throw unusable(job, error instanceof Error ? maskSecrets(error.message) : String(error));
  }
  if (store === undefined) throw unusable(job, 'the package chdb is not installed');
  return store;
}

function unusable(job: Job, why: string): CliError {
  return new CliError({
    exitCode: EXIT.conflict,
    code: 'job_needs_analytics',
    title: 'analytics store needed',
    detail: `${job.name} needs the analytics store: ${why}`,
  });
}
