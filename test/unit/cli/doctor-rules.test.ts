import { describe, expect, it } from 'vitest';
import { type Check, type CheckResult, fail, ok, warn } from '../../../src/commands/doctor/check.ts';
import * as clickhouse from '../../../src/commands/doctor/checks/clickhouse-rules.ts';
import { judgeMigrations } from '../../../src/commands/doctor/checks/migration-rules.ts';
import { judgeGrants } from '../../../src/commands/doctor/checks/mysql-grants.ts';
import {
  judgeClock,
  judgeLag,
  judgeLatency,
  judgeSettings,
  judgeVersion,
} from '../../../src/commands/doctor/checks/mysql-rules.ts';
import { exitCodeOf } from '../../../src/commands/doctor/report.ts';
import { runChecks } from '../../../src/commands/doctor/run-checks.ts';
import { selection } from '../../../src/commands/doctor/selection.ts';
import { AnalyticsStoreError } from '../../../src/storage/analytics/store-error.ts';

describe('the version of the server', () => {
  it.each([
    ['8.0.36', 'ok'],
    ['9.1.0', 'ok'],
    ['5.7.44-log', 'fail'],
    ['10.0.0', 'warn'],
    ['10.11.6-MariaDB-0+deb12u1', 'ok'],
    ['5.5.5-10.11.6-MariaDB', 'ok'],
    ['10.6.18-MariaDB', 'fail'],
    ['11.4.2-MariaDB', 'ok'],
    ['13.0.1-MariaDB', 'warn'],
  ])('%s is %s', (version, status) => {
    expect(judgeVersion(version).status).toBe(status);
  });
});

describe('the grants of the account', () => {
  const usage = "GRANT USAGE ON *.* TO `u`@`%` IDENTIFIED BY PASSWORD '*X'";
  it.each([
    [[usage, 'GRANT SELECT, INSERT, UPDATE, DELETE ON `unkey`.* TO `u`@`%`'], 'ok'],
    [
      [usage, 'GRANT SELECT, INSERT ON `unkey`.* TO `u`@`%`', 'GRANT UPDATE, DELETE ON `unk%`.* TO `u`@`%`'],
      'ok',
    ],
    [[usage, 'GRANT ALL PRIVILEGES ON `unkey`.* TO `u`@`%`'], 'ok'],
    [[usage, 'GRANT SELECT, INSERT, UPDATE ON `unkey`.* TO `u`@`%`'], 'fail'],
    [[usage, 'GRANT ALL PRIVILEGES ON `other`.* TO `u`@`%`'], 'fail'],
    [[usage, 'GRANT SELECT, INSERT, UPDATE, DELETE ON `unkey`.`keys` TO `u`@`%`'], 'fail'],
    [['GRANT ALL PRIVILEGES ON *.* TO `root`@`%` WITH GRANT OPTION'], 'warn'],
    [['GRANT SELECT, INSERT, UPDATE, DELETE, SUPER ON *.* TO `root`@`%`'], 'warn'],
    [[usage, 'GRANT `app_role`@`%` TO `u`@`%`'], 'ok'],
  ])('%j are %s', (grants, status) => {
    expect(judgeGrants(grants, 'unkey').status).toBe(status);
  });

  it('takes an escaped underscore of a pattern literally', () => {
    const grants = ['GRANT ALL PRIVILEGES ON `my\\_db`.* TO `u`@`%`'];
    expect([judgeGrants(grants, 'my_db').status, judgeGrants(grants, 'myxdb').status]).toEqual([
      'ok',
      'fail',
    ]);
  });
});

describe('a ClickHouse server', () => {
  it.each([
    ['25.3.1.1', 'ok'],
    ['26.1.2.3', 'ok'],
    ['25.2.9.1', 'fail'],
    ['24.12.1.1', 'fail'],
  ])('of version %s is %s', (version, status) => {
    expect(clickhouse.judgeVersion(version).status).toBe(status);
  });

  it.each([
    [['GRANT SELECT, INSERT, CREATE TABLE ON default.* TO unkey'], 'ok'],
    [['GRANT SELECT ON default.* TO unkey', 'GRANT INSERT ON default.* TO unkey'], 'ok'],
    [['GRANT ALL ON *.* TO default WITH GRANT OPTION'], 'ok'],
    [['GRANT SELECT ON default.* TO unkey'], 'fail'],
    [[], 'fail'],
  ])('with the rights %j is %s', (grants, status) => {
    expect(clickhouse.judgeGrants(grants).status).toBe(status);
  });

  it.each([
    [true, ['GRANT ALL ON *.* TO default'], 'ok'],
    [true, ['GRANT ACCESS MANAGEMENT ON *.* TO unkey'], 'ok'],
    [true, ['GRANT SELECT, INSERT ON default.* TO unkey'], 'warn'],
    [false, ['GRANT ALL ON *.* TO default'], 'warn'],
  ])('can set up users of workspaces: vault %s, rights %j: %s', (hasVault, grants, status) => {
    expect(clickhouse.judgeProvisioning(hasVault, grants).status).toBe(status);
  });

  it.each([
    ['authentication', undefined, 'authentication'],
    ['network', 'ENOTFOUND', 'DNS'],
    ['network', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'TLS'],
    ['network', 'ECONNREFUSED', 'TCP'],
    ['server', undefined, 'no'],
  ] as const)('that fails with %s %s is told by its step', (failure, code, step) => {
    const cause = code === undefined ? undefined : Object.assign(new Error(code), { code });
    const finding = clickhouse.judgeConnectFailure(new AnalyticsStoreError(failure, 'no', { cause }));
    expect(finding).toMatchObject({ status: 'fail', detail: expect.stringMatching(new RegExp(`^${step}`)) });
  });
});

describe('thresholds', () => {
  const settings = {
    database: 'unkey',
    charset: 'utf8mb4',
    maxConnections: 151,
    isolation: 'REPEATABLE-READ',
    readOnly: false,
  };

  it.each([
    [{}, 'ok'],
    [{ charset: 'latin1' }, 'fail'],
    [{ maxConnections: 49 }, 'warn'],
    [{ maxConnections: 50 }, 'ok'],
    [{ isolation: 'READ-UNCOMMITTED' }, 'warn'],
    [{ isolation: 'READ-COMMITTED' }, 'ok'],
  ])('settings %j are %s', (change, status) => {
    expect(judgeSettings({ ...settings, ...change }).status).toBe(status);
  });

  it.each([
    [0, 'ok'],
    [-500, 'ok'],
    [501, 'warn'],
    [-5000, 'warn'],
    [5001, 'fail'],
  ])('a clock %i ms off is %s', (skew, status) => {
    expect(judgeClock(skew).status).toBe(status);
  });

  it.each([
    [10, 'ok'],
    [10.1, 'warn'],
    [250, 'warn'],
    [251, 'fail'],
  ])('a latency of %d ms is %s', (ms, status) => {
    expect(judgeLatency(ms).status).toBe(status);
  });

  it.each([
    [0, true, 'ok'],
    [2, true, 'ok'],
    [3, true, 'warn'],
    [0, false, 'fail'],
    [null, true, 'warn'],
    [undefined, false, 'warn'],
  ])('a replica %s s behind, read-only %s, is %s', (lag, readOnly, status) => {
    expect(judgeLag(lag, readOnly).status).toBe(status);
  });

  it('pending migrations are mended by migrate up, others by hand', () => {
    const entry = (state: 'applied' | 'pending' | 'changed' | 'ahead') =>
      ({ version: '1', name: 'x', state, failedStatement: undefined, finishedAt: undefined }) as const;
    expect(judgeMigrations([entry('applied'), entry('ahead')]).status).toBe('ok');
    expect(judgeMigrations([entry('applied'), entry('pending')])).toMatchObject({
      status: 'fail',
      remedy: 'unkey migrate up',
    });
    expect(judgeMigrations([entry('changed')])).toMatchObject({
      status: 'fail',
      remedy: expect.stringContaining('migrate status'),
    });
  });
});

describe('running checks', () => {
  const options = { timeoutMs: 10_000, signal: new AbortController().signal };
  const check = (id: string, run: Check['run'], parent?: string): Check => ({
    id,
    run,
    remedy: 'mend it',
    ...(parent === undefined ? {} : { parent }),
  });

  it('skips the children of what failed, and theirs', async () => {
    const ran: string[] = [];
    const results = await runChecks(
      [
        check('c', async () => ok(''), 'b'),
        check('b', async () => ok(''), 'a'),
        check('a', async () => fail('broken', 'mend it')),
        check('d', async () => {
          ran.push('d');
          return ok('fine');
        }),
      ],
      options,
    );
    expect(results.map(({ id, status, detail }) => [id, status, detail])).toEqual([
      ['a', 'fail', 'broken'],
      ['b', 'skipped', 'a failed'],
      ['c', 'skipped', 'a failed'],
      ['d', 'ok', 'fine'],
    ]);
    expect(ran).toEqual(['d', 'd', 'd']);
  });

  it('measures when the work of the others is done', async () => {
    const ran: string[] = [];
    const noting = (id: string) => async () => {
      await new Promise(setImmediate);
      ran.push(id);
      return ok('');
    };
    await runChecks(
      [
        { ...check('latency', noting('latency'), 'connect'), isMeasurement: true },
        check('connect', noting('connect')),
        check('a', noting('a')),
        check('b', noting('b'), 'a'),
      ],
      options,
    );
    expect(ran.slice(-3)).toEqual(['latency', 'latency', 'latency']);
    expect(ran).toHaveLength(12);
  });

  it('takes a warning parent as good enough', async () => {
    const results = await runChecks(
      [check('a', async () => warn('hm', 'x')), check('b', async () => ok(''), 'a')],
      options,
    );
    expect(results.map(({ status }) => status)).toEqual(['warn', 'ok']);
  });

  it('takes what throws as failed, with its remedy and without its secrets', async () => {
    const [result] = await runChecks(
      [check('a', async () => Promise.reject(new Error('cannot reach redis://:s3cret@r')))],
      options,
    );
    expect(result).toMatchObject({
      status: 'fail',
      remedy: 'mend it',
      detail: 'cannot reach redis://:***@r',
    });
  });

  it('ends a check that listens to nothing', async () => {
    const hanging = check('a', () => new Promise(() => undefined));
    const [result] = await runChecks([hanging], { ...options, timeoutMs: 20 });
    expect(result).toMatchObject({ status: 'fail', detail: 'no answer within 20 ms' });
  });
});

describe('the exit code', () => {
  const results = (statuses: Record<string, CheckResult['status']>): CheckResult[] =>
    Object.entries(statuses).map(([id, status]) => ({ id, status, latencyMs: null, detail: '' }));

  it.each<[Record<string, CheckResult['status']>, number]>([
    [{ config: 'ok', 'redis.connect': 'ok' }, 0],
    [{ config: 'fail', 'mysql.connect': 'fail' }, 3],
    [{ 'mysql.migrations': 'fail', root: 'skipped' }, 9],
    [{ 'mysql.migrations': 'fail', 'redis.connect': 'fail' }, 8],
    [{ server: 'fail' }, 8],
    [{ 'mysql.grants': 'fail' }, 1],
    [{ host: 'warn' }, 0],
  ])('of %j is %i', (statuses, code) => {
    expect(exitCodeOf(results(statuses), false)).toBe(code);
  });

  it('counts warnings under --strict', () => {
    expect(exitCodeOf(results({ host: 'warn' }), true)).toBe(1);
  });
});

describe('--only and --skip', () => {
  const ids = ['config', 'redis.connect', 'redis.version'];

  it('take ids and their first words', () => {
    const chosen = (only?: string[], skip?: string[]) => ids.filter(selection(ids, only, skip));
    expect(chosen(['redis'])).toEqual(['redis.connect', 'redis.version']);
    expect(chosen(['redis'], ['redis.version'])).toEqual(['redis.connect']);
    expect(chosen(undefined, ['redis'])).toEqual(['config']);
  });

  it('refuse an id that does not exist, with the nearest', () => {
    expect(() => selection(ids, ['redis.conect'], undefined)).toThrow("did you mean 'redis.connect'?");
  });
});
