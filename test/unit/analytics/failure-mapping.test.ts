// What callers hear when the store fails: the table of the analytics chapter, section 1.6.
import { describe, expect, test } from 'vitest';
import { Fault, publicDetail } from '../../../src/lib/fault.ts';
import { queryFailure } from '../../../src/services/analytics/reading/failure-mapping.ts';
import { AnalyticsStoreError, UndecodableColumnError } from '../../../src/storage/analytics/store-error.ts';

const TIMEOUT = 'user:unprocessable_entity:query_execution_timeout';
const MEMORY = 'user:unprocessable_entity:query_memory_limit_exceeded';
const ROWS = 'user:unprocessable_entity:query_rows_limit_exceeded';
const QUOTA = 'user:too_many_requests:query_quota_exceeded';
const INVALID = 'user:bad_request:invalid_analytics_query';
const CONNECTION = 'unkey:data:analytics_connection_failed';

function faultOf(error: unknown): Fault {
  const fault = queryFailure(error);
  if (!(fault instanceof Fault)) throw new Error('not a fault');
  return fault;
}

const server = (message: string, code?: number, codeName?: string) =>
  faultOf(new AnalyticsStoreError('server', message, { code, codeName }));

test.each([
  ['Limit for result exceeded, max bytes: 4.00 MiB', undefined, MEMORY],
  ['Limit for result exceeded, max rows: 10.00', undefined, ROWS],
  ['Quota for user `ws_1` has been exceeded', undefined, QUOTA],
  ['Timeout exceeded: elapsed 10 s', undefined, TIMEOUT],
  ['Estimated query execution time is too long', 160, TIMEOUT],
  ['Memory limit (for query) exceeded', undefined, MEMORY],
  ['Too many rows', undefined, ROWS],
  ['Limit for rows_to_read exceeded', undefined, ROWS],
  ['Limit for rows (controlled by …)', undefined, ROWS],
  ['refused', 158, ROWS],
  ['refused', 198, ROWS],
  ['refused', 159, TIMEOUT],
  ['refused', 241, MEMORY],
  ['refused', 201, QUOTA],
  ['refused', 202, QUOTA],
  ['refused', 394, TIMEOUT],
  ['refused', 396, MEMORY],
  ['Limit for result exceeded, max rows: 10.00', 396, ROWS],
  ['Limit for result exceeded, max bytes: 4.00 MiB', 396, MEMORY],
  ['refused', 9999, INVALID],
  ['refused', undefined, INVALID],
] as const)('%s (code %s)', (message, code, expected) => {
  expect(server(message, code).code).toBe(expected);
});

test.each([
  ['TOO_MANY_ROWS', ROWS],
  ['QUERY_WAS_CANCELLED', TIMEOUT],
  ['TOO_MANY_ROWS_OR_BYTES', ROWS],
])('the name %s', (name, expected) => {
  expect(server('refused', undefined, name).code).toBe(expected);
});

test('a code that settles the matter goes before the text, which quotes the query', () => {
  const fault = server(
    'Unknown expression identifier `memory_quota_timeout` in scope SELECT memory_quota_timeout',
    47,
  );
  expect(fault.code).toBe(INVALID);
  expect(publicDetail(fault)).toContain('Unknown');
});

describe('the detail of a query that cannot run', () => {
  test.each([
    [
      'not enough privileges. To execute this query, grant SELECT(platform) ON default.t',
      497,
      'instead of *',
    ],
    ['unknown function foo', undefined, 'Unknown function'],
    ['No matching signature', undefined, 'Unknown function'],
    ['Missing columns: x', undefined, 'Unknown column'],
    ['There is no column x', undefined, 'Unknown column'],
    ['Cannot find column x', undefined, 'Unknown column'],
    ['Syntax error: failed at position 1', 62, 'syntax'],
    ['Unrecognized token', undefined, 'syntax'],
    ['Something about default.key_verifications_raw_v2 of ws_1', 43, 'could not be run'],
  ] as const)('%s', (message, code, part) => {
    const detail = publicDetail(server(message, code));
    expect(detail).toContain(part);
    expect(detail).not.toMatch(/default\.|ws_1/);
  });
});

test('a column without a JSON form is a wrong query', () => {
  expect(faultOf(new UndecodableColumnError('latency_avg', 'AggregateFunction(avg, Float64)')).code).toBe(
    INVALID,
  );
});

test.each(['network', 'authentication'] as const)('%s: the connection is at fault', (failure) => {
  const fault = faultOf(new AnalyticsStoreError(failure, 'connect ECONNREFUSED 10.0.0.1:8123'));
  expect(fault.code).toBe(CONNECTION);
  expect(publicDetail(fault)).not.toContain('10.0.0.1');
});

test('a statement that the embedded reader refuses is a wrong query', () => {
  expect(faultOf(new AnalyticsStoreError('refused', 'table default.x is not readable')).code).toBe(INVALID);
});

test('a bug stays a bug', () => {
  const bug = new TypeError('undefined is not a function');
  expect(queryFailure(bug)).toBe(bug);
});
