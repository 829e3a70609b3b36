// What the answers of a ClickHouse server mean. Thresholds: the table of `unkey doctor` in the operations chapter.
import type { AnalyticsStoreError } from '../../../storage/analytics/store-error.ts';
import { type Finding, fail, ok, warn } from '../check.ts';

/** The schema has JSON columns. */
const NEEDED = [25, 3] as const;

/** Which step of connecting failed. */
export function judgeConnectFailure(error: AnalyticsStoreError): Finding {
  const { failure, message } = error;
  const cause = error.cause instanceof Error ? error.cause : undefined;
  const code = cause !== undefined && 'code' in cause ? String(cause.code) : '';
  if (failure === 'authentication') {
    return fail(`authentication: ${message}`, 'correct user and password in clickhouse.url');
  }
  if (failure === 'server') return fail(message, 'see the log of the ClickHouse server');
  if (/^(ENOTFOUND|EAI_AGAIN)$/.test(code))
    return fail(`DNS: ${message}`, 'correct the host in clickhouse.url');
  if (/SSL|CERT|TLS/.test(code)) {
    return fail(`TLS: ${message}`, 'correct the parameters of clickhouse.url, or the certificate');
  }
  return fail(
    `TCP: ${message}`,
    'check that ClickHouse runs and that host and port in clickhouse.url are right',
  );
}

export function judgeVersion(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const old = major < NEEDED[0] || (major === NEEDED[0] && minor < NEEDED[1]);
  return old
    ? fail(`ClickHouse ${version} is too old`, `upgrade to ${NEEDED.join('.')} or newer`, { version })
    : ok(`ClickHouse ${version}`, { version });
}

/** @param grants GRANT statements, one an entry */
export function judgeGrants(grants: readonly string[]): Finding {
  const missing = ['SELECT', 'INSERT'].filter(
    (right) => !grants.some((grant) => new RegExp(`\\b(?:${right}|ALL)\\b`).test(grant)),
  );
  return missing.length === 0
    ? ok('may read and write')
    : fail(
        `the user lacks ${missing.join(' and ')}`,
        `GRANT ${missing.join(', ')} ON default.* to the user of clickhouse.url`,
      );
}

/** Whether users of workspaces can be set up. */
export function judgeProvisioning(hasVault: boolean, grants: readonly string[]): Finding {
  if (!hasVault) {
    return warn(
      'clickhouse.analytics_url is set without a vault',
      'set vault.url and vault.token, or remove it',
    );
  }
  return grants.some((grant) => /\b(?:CREATE USER|ACCESS MANAGEMENT|ALL)\b/.test(grant))
    ? ok('users of workspaces can be created')
    : warn(
        'the user may not create users of workspaces',
        'GRANT ACCESS MANAGEMENT ON *.* to the user of clickhouse.url',
      );
}
