// What a caller is told when the analytics store did not answer a query. The texts are fixed: the store's own message
// names physical tables, the workspace and the conditions that were added. Source: the mapping of ClickHouse failures in
// the analytics chapter. Unlike there, a code that settles the matter goes before the text, which quotes the caller's own
// query: a column called `memory_x` does not make a query too large.

import { Fault } from '../../../lib/fault.ts';
import { AnalyticsStoreError, UndecodableColumnError } from '../../../storage/analytics/store-error.ts';
import {
  analyticsConnectionFailed,
  queryQuotaExceeded,
  queryTimedOut,
  queryTooLarge,
  tooManyRows,
} from './analytics-faults.ts';

type Verdict = 'timeout' | 'memory' | 'rows' | 'quota' | 'query';

// Server codes by the name that ClickHouse gives them, where it is not said otherwise.
const BY_CODE: ReadonlyMap<number, Verdict> = new Map<number, Verdict>([
  [158, 'rows'], // TOO_MANY_ROWS
  [159, 'timeout'], // TIMEOUT_EXCEEDED
  [198, 'rows'], // as the chapter has it
  [201, 'quota'], // QUOTA_EXCEEDED
  [202, 'quota'], // TOO_MANY_SIMULTANEOUS_QUERIES
  [241, 'memory'], // MEMORY_LIMIT_EXCEEDED
  [394, 'timeout'], // QUERY_WAS_CANCELLED
  // The query is wrong, and the text repeats parts of it.
  [6, 'query'], // CANNOT_PARSE_TEXT
  [8, 'query'], // THERE_IS_NO_COLUMN
  [10, 'query'], // NOT_FOUND_COLUMN_IN_BLOCK
  [16, 'query'], // NO_SUCH_COLUMN_IN_TABLE
  [36, 'query'], // BAD_ARGUMENTS
  [38, 'query'], // CANNOT_PARSE_DATE
  [41, 'query'], // CANNOT_PARSE_DATETIME
  [42, 'query'], // NUMBER_OF_ARGUMENTS_DOESNT_MATCH
  [43, 'query'], // ILLEGAL_TYPE_OF_ARGUMENT
  [44, 'query'], // ILLEGAL_COLUMN
  [46, 'query'], // UNKNOWN_FUNCTION
  [47, 'query'], // UNKNOWN_IDENTIFIER
  [50, 'query'], // UNKNOWN_TYPE
  [53, 'query'], // TYPE_MISMATCH
  [60, 'query'], // UNKNOWN_TABLE
  [62, 'query'], // SYNTAX_ERROR
  [63, 'query'], // UNKNOWN_AGGREGATE_FUNCTION
  [164, 'query'], // READONLY
  [179, 'query'], // MULTIPLE_EXPRESSIONS_FOR_ALIAS
  [184, 'query'], // ILLEGAL_AGGREGATION
  [207, 'query'], // AMBIGUOUS_IDENTIFIER
  [215, 'query'], // NOT_AN_AGGREGATE
  [352, 'query'], // AMBIGUOUS_COLUMN_NAME
  [386, 'query'], // NO_COMMON_TYPE
  [452, 'query'], // SETTING_CONSTRAINT_VIOLATION
  [497, 'query'], // ACCESS_DENIED
]);

/** First match wins; looked at in the lower-cased text of errors whose code does not settle the matter. */
const BY_TEXT: readonly (readonly [needle: string, verdict: Verdict])[] = [
  ['max bytes', 'memory'],
  ['max rows', 'rows'],
  ['quota', 'quota'],
  ['timeout', 'timeout'],
  ['execution time', 'timeout'],
  ['memory', 'memory'],
  ['too many rows', 'rows'],
  ['limit for rows_to_read', 'rows'],
  ['limit for rows', 'rows'],
];

const BY_NAME: ReadonlyMap<string, Verdict> = new Map<string, Verdict>([
  ['TOO_MANY_ROWS', 'rows'],
  ['QUERY_WAS_CANCELLED', 'timeout'],
  ['TOO_MANY_ROWS_OR_BYTES', 'rows'],
]);

/** Of TOO_MANY_ROWS_OR_BYTES the text tells which of the two it was. */
const TOO_MANY_ROWS_OR_BYTES = 396;

const GENERIC = 'The query could not be run. Check its columns, functions and types.';
const NAME_COLUMNS =
  'The query reads a column that is not available. Name the documented columns instead of *.';
const UNKNOWN_COLUMN = 'Unknown column, or an alias used where it is not known.';
const UNKNOWN_FUNCTION = 'Unknown function, or one that does not take these arguments.';
const SYNTAX = 'The query has a syntax error.';
const STATES =
  'A selected column holds an intermediate state or another value without a JSON form. Name the columns to read.';

const DETAIL_BY_CODE: ReadonlyMap<number, string> = new Map([
  [497, NAME_COLUMNS],
  [46, UNKNOWN_FUNCTION],
  [47, UNKNOWN_COLUMN],
  [16, UNKNOWN_COLUMN],
  [10, UNKNOWN_COLUMN],
  [8, UNKNOWN_COLUMN],
  [62, SYNTAX],
]);

const DETAIL_BY_TEXT: readonly (readonly [needles: readonly string[], detail: string])[] = [
  [['not enough privileges'], NAME_COLUMNS],
  [['unknown function', 'no matching signature'], UNKNOWN_FUNCTION],
  [
    [
      'unknown identifier',
      'unknown expression',
      'unknown column',
      'missing columns',
      'there is no column',
      'no such column',
      'cannot find column',
    ],
    UNKNOWN_COLUMN,
  ],
  [['syntax error', 'unexpected token', 'unrecognized token', 'cannot parse'], SYNTAX],
];

/**
 * The Fault to answer with when running a query, reading its rows or decoding its columns failed. A failure that did not
 * come from the store is a bug and is yielded as it is.
 */
export function queryFailure(error: unknown): unknown {
  if (error instanceof UndecodableColumnError) return invalidQuery(STATES, error);
  if (!(error instanceof AnalyticsStoreError)) return error;
  switch (error.failure) {
    case 'network':
      return analyticsConnectionFailed('the analytics store broke off', error);
    case 'authentication':
      return analyticsConnectionFailed("the analytics store refused the workspace's user", error);
    case 'aborted':
      return queryTimedOut(error);
    case 'refused':
      return invalidQuery(GENERIC, error);
    case 'server':
      return serverFailure(error);
  }
}

function serverFailure(error: AnalyticsStoreError): Fault {
  switch (verdictOf(error)) {
    case 'timeout':
      return queryTimedOut(error);
    case 'memory':
      return queryTooLarge('the analytics query exceeds its memory', error);
    case 'rows':
      return tooManyRows(error);
    case 'quota':
      return queryQuotaExceeded('the analytics store refused by its quota', error);
    case 'query':
      return invalidQuery(detailOf(error), error);
  }
}

function verdictOf({ code, codeName, message }: AnalyticsStoreError): Verdict {
  const settled = code === undefined ? undefined : BY_CODE.get(code);
  if (settled !== undefined) return settled;
  const text = message.toLowerCase();
  const told = BY_TEXT.find(([needle]) => text.includes(needle))?.[1];
  if (told !== undefined) return told;
  if (code === TOO_MANY_ROWS_OR_BYTES) return 'memory';
  return (codeName === undefined ? undefined : BY_NAME.get(codeName)) ?? 'query';
}

function detailOf({ code, message }: AnalyticsStoreError): string {
  const settled = code === undefined ? undefined : DETAIL_BY_CODE.get(code);
  if (settled !== undefined) return settled;
  const text = message.toLowerCase();
  return DETAIL_BY_TEXT.find(([needles]) => needles.some((needle) => text.includes(needle)))?.[1] ?? GENERIC;
}

function invalidQuery(detail: string, cause: unknown): Fault {
  return new Fault('user:bad_request:invalid_analytics_query', {
    public: detail,
    internal: 'the analytics store refused the query',
    cause,
  });
}
