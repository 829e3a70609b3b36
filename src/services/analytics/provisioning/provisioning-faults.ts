import { Fault } from '../../../lib/fault.ts';
import { AnalyticsStoreError } from '../../../storage/analytics/store-error.ts';

/** What an administrator is told when the analytics store did not do its part; other errors are yielded as they are. */
export function provisioningFailure(error: unknown): unknown {
  if (!(error instanceof AnalyticsStoreError)) return error;
  if (error.failure === 'server') {
    const code = error.codeName ?? (error.code === undefined ? 'no code' : `code ${error.code}`);
    return new Fault('unkey:application:precondition_failed', {
      public: `The ClickHouse server refused (${code}). The user of clickhouse.url needs the right to manage access.`,
      internal: 'the analytics store refused a provisioning statement',
      cause: error,
    });
  }
  return new Fault('unkey:application:service_unavailable', {
    public:
      error.failure === 'authentication'
        ? 'The ClickHouse server refused the user or password of clickhouse.url.'
        : 'The ClickHouse server did not answer.',
    internal: 'the analytics store did not answer a provisioning statement',
    cause: error,
  });
}
