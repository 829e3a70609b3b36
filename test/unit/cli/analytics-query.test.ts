// `unkey analytics query|top` through the API: where they ask, what they print, how refusals end.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { endpointOf } from '../../../src/commands/analytics/endpoints.ts';
import { rankingQuery, SUBJECTS } from '../../../src/commands/analytics/subjects.ts';
import { EXIT } from '../../../src/commands/cli/exit-codes.ts';
import { runCli } from '../../../src/commands/cli/run.ts';
import { RATELIMIT_TABLES, VERIFICATION_TABLES } from '../../../src/services/analytics/public-tables.ts';
import { checkQuery } from '../../../src/services/analytics/sql/check-query.ts';
import { type MemoryIoOptions, memoryIo } from '../../support/cli-io.ts';
import { type CannedAnswer, recordingServer } from '../../support/recording-server.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const COUNT = 'SELECT count() AS n FROM key_verifications_v1';

const rows = (...data: object[]): CannedAnswer => ({ body: { meta: { requestId: 'req_1' }, data } });
const refusal = (status: number, code: string): CannedAnswer => ({
  status,
  body: {
    meta: { requestId: 'req_2' },
    error: { title: 'A title', detail: 'A detail.', status, type: `https://docs.test/errors/${code}` },
  },
});

interface Run extends MemoryIoOptions {
  readonly answer?: Parameters<typeof recordingServer>[0];
}

/** Runs `unkey analytics …` against a server of its own. */
async function analytics(argv: readonly string[], { answer = () => rows(), ...options }: Run = {}) {
  const server = await recordingServer(answer);
  const env = {
    UNKEY_ROOT_KEY: 'unkey_root',
    UNKEY_API_BASE_URL: server.url,
    HOME: '/nonexistent',
    ...options.env,
  };
  const io = memoryIo({ ...options, env });
  const code = await runCli(['analytics', ...argv], io);
  return { code, out: io.out(), err: io.err(), requests: server.requests };
}

describe('a query', () => {
  it('goes to the endpoint of its table, with the root key', async () => {
    const { requests, code } = await analytics(['query', COUNT]);
    expect(code).toBe(EXIT.done);
    expect(requests).toEqual([
      {
        method: 'POST',
        path: '/v2/analytics.getVerifications',
        authorization: 'Bearer unkey_root',
        body: { query: COUNT },
      },
    ]);
  });

  it.each([
    ['SELECT * FROM ratelimits_per_day_v1', 'analytics.getRatelimits'],
    ['WITH c AS (SELECT path FROM "gateway_requests_v1") SELECT * FROM c', 'analytics.getGatewayRequests'],
    ['SELECT message FROM `runtime_logs_v1`', 'analytics.getRuntimeLogs'],
    ["SELECT 'ratelimits_v1' FROM key_verifications_v1 -- ratelimits_v1", 'analytics.getVerifications'],
    ['SELECT 1 FROM elsewhere', 'analytics.getVerifications'],
    ["SELECT 'unterminated FROM ratelimits_v1", 'analytics.getVerifications'],
  ])('%s asks %s', (sql, operation) => {
    expect(endpointOf(sql).operation).toBe(operation);
  });

  it('comes from the line, from stdin or from a file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'unkey-query-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    await writeFile(join(folder, 'q.sql'), COUNT);
    for (const argv of [[COUNT], ['-'], ['--file', 'q.sql']]) {
      const { requests } = await analytics(['query', ...argv], { stdin: COUNT, cwd: folder });
      expect(requests.map(({ body }) => body)).toEqual([{ query: COUNT }]);
    }
  });

  it.each([
    [[], 'give a query'],
    [[COUNT, '--file', 'q.sql'], 'not both'],
    [['--file', 'nowhere.sql'], 'nowhere.sql (ENOENT)'],
    [[COUNT, '--output', 'xml'], '--output takes table, json, csv'],
    [[COUNT, '--workspace', 'local', '--api-url', 'http://localhost'], '--api-url is for calls to the API'],
    [[COUNT, '--database', 'sqlite::memory:'], '--database is for the stores'],
  ])('with %j is a usage error, and nothing is asked', async (argv, message) => {
    const { code, err, requests } = await analytics(['query', ...argv]);
    expect([code, requests.length]).toEqual([EXIT.usage, 0]);
    expect(err).toContain(message);
  });
});

describe('an answer', () => {
  const answer = () =>
    ({
      body: '{"meta":{"requestId":"req_1"},"data":[{"big":18446744073709551615,"share":0.5,"name":"a,b"}]}',
    }) satisfies CannedAnswer;

  it('is a table', async () => {
    expect((await analytics(['query', COUNT], { answer })).out).toBe(
      '                 big  share  name\n18446744073709551615    0.5  a,b\n',
    );
  });

  it('is one document with --json, with integers as they are', async () => {
    for (const flags of [['--json'], ['--output', 'json']]) {
      expect((await analytics(['query', COUNT, ...flags], { answer })).out).toBe(
        '{"data":[{"big":18446744073709551615,"share":0.5,"name":"a,b"}]}\n',
      );
    }
  });

  it('is CSV with --output csv', async () => {
    expect((await analytics(['query', COUNT, '--output', 'csv'], { answer })).out).toBe(
      'big,share,name\n18446744073709551615,0.5,"a,b"\n',
    );
  });

  it('is a table where other commands print for people', async () => {
    const { out } = await analytics(['query', COUNT], { answer, env: { UNKEY_OUTPUT: 'human' } });
    expect(out).toMatch(/^ +big /);
  });
});

describe('a refusal', () => {
  it.each<[number, string, number, string]>([
    [403, 'insufficient_permissions', EXIT.denied, 'unkey root-key create'],
    [412, 'analytics_not_configured', EXIT.conflict, 'unkey analytics provision --workspace'],
    [400, 'invalid_analytics_table', EXIT.failed, 'ratelimits_per_hour_v1'],
    [400, 'query_range_exceeds_retention', EXIT.failed, 'shorter time'],
    [429, 'query_quota_exceeded', EXIT.limited, 'unkey analytics status'],
    [422, 'query_execution_timeout', EXIT.failed, ''],
    [500, 'service_unavailable', EXIT.unreachable, ''],
  ])('%i %s ends with %i and says what to do', async (status, code, exit, hint) => {
    const human = await analytics(['query', COUNT], { answer: () => refusal(status, code) });
    expect(human).toMatchObject({ code: exit, out: '' });
    expect(human.err).toContain('A detail.');
    expect(human.err).toContain('request id: req_2');
    expect(human.err).toContain(hint);
    const json = await analytics(['query', COUNT, '--json'], { answer: () => refusal(status, code) });
    expect(JSON.parse(json.out)).toMatchObject({ error: { code, requestId: 'req_2' } });
  });

  it('without a root key nothing is asked', async () => {
    const { code, requests } = await analytics(['query', COUNT], { env: { UNKEY_ROOT_KEY: '' } });
    expect([code, requests]).toEqual([EXIT.denied, []]);
  });
});

describe('a ranking', () => {
  const ranked = [
    { id: 'key_1', total_count: 4, refused_count: 1 },
    { id: 'key_2', total_count: 2, refused_count: 0 },
    { id: 'key_gone', total_count: 1, refused_count: 0 },
  ];
  /** A server that knows the name of the first key. */
  const server: Run['answer'] = ({ path, body }) => {
    if (path !== '/v2/keys.getKey') return rows(...ranked);
    const { keyId } = body as { keyId: string };
    if (keyId === 'key_gone') return refusal(404, 'key_not_found');
    return {
      body: { meta: { requestId: 'req_3' }, data: { keyId, ...(keyId === 'key_1' && { name: 'CI' }) } },
    };
  };

  it('of keys asks for their names, and does without those it cannot get', async () => {
    const { code, out, err } = await analytics(['top', 'keys'], { answer: server });
    expect(code).toBe(EXIT.done);
    expect(out.split('\n').slice(0, 4)).toEqual([
      'NAME  KEY       TOTAL  REFUSED',
      `CI    key_1         4    25.0%  ${'#'.repeat(40)}`,
      `      key_2         2     0.0%  ${'#'.repeat(20)}`,
      `      key_gone      1     0.0%  ${'#'.repeat(10)}`,
    ]);
    expect(err).toMatch(/^verifications since \S+Z\n$/);
  });

  it('says once why it has no names', async () => {
    const { out, err } = await analytics(['top', 'keys', '--json'], {
      answer: ({ path }) =>
        path === '/v2/keys.getKey' ? refusal(403, 'insufficient_permissions') : rows(...ranked),
    });
    expect(JSON.parse(out).rows.map(({ name }: { name: unknown }) => name)).toEqual([null, null, null]);
    expect(err).toBe('names of keys could not be read: A detail.\n');
  });

  it('is one document with --json', async () => {
    const { out } = await analytics(['top', 'outcomes', '--since', '90m', '--json'], {
      answer: () => rows({ id: 'VALID', total_count: 3, refused_count: 0 }),
    });
    expect(JSON.parse(out)).toEqual({
      subject: 'outcomes',
      seconds: 5400,
      roundedTo: 'minute',
      rows: [{ id: 'VALID', name: null, total: 3, refused: 0 }],
    });
  });

  it('of nothing says so, and prints no chart', async () => {
    const { code, out, err } = await analytics(['top', 'identifiers'], { answer: () => rows() });
    expect([code, out]).toEqual([EXIT.done, '']);
    expect(err).toMatch(/^checks of rate limits since \S+: none\n$/);
  });

  it.each([
    ['keys', 'key_verifications_per_minute_v1', '24h'],
    ['apis', 'key_verifications_per_hour_v1', '25h'],
    ['identifiers', 'ratelimits_per_day_v1', '720h'],
  ])('of %s reads %s for the last %s', async (subject, table, since) => {
    const { requests } = await analytics(['top', subject, '--since', since, '--limit', '3']);
    const [{ body } = { body: undefined }] = requests;
    expect(body).toMatchObject({ query: expect.stringMatching(`FROM ${table} .* LIMIT 3$`) });
  });

  it.each(SUBJECTS.flatMap((subject) => [3600, 7 * 86_400, 30 * 86_400].map((s) => [subject, s] as const)))(
    'of %s over %i seconds is a query that passes the checks',
    async (subject, seconds) => {
      const { sql, endpoint } = rankingQuery(subject, seconds, 10);
      const tables = endpoint.operation.endsWith('Ratelimits') ? RATELIMIT_TABLES : VERIFICATION_TABLES;
      const options = {
        workspaceId: 'ws_1',
        aliases: tables,
        allowedTables: [...tables.values()],
        securityFilters: [],
        rowLimit: 1000,
        retentionDays: seconds / 86_400 < 1 ? 1 : seconds / 86_400,
        now: 400 * DAY_MS,
      };
      await expect(checkQuery(sql, options)).resolves.toContain("workspace_id = 'ws_1'");
    },
  );

  it.each([
    [['bananas']],
    [['keys', '--since', 'yesterday']],
    [['keys', '--since', '0']],
    [['keys', '-n', '101']],
  ])('with %j is a usage error', async (argv) => {
    expect((await analytics(['top', ...argv])).code).toBe(EXIT.usage);
  });
});
