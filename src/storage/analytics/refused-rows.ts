import { AnalyticsStoreError } from './store-error.ts';

/** ClickHouse's codes for values that do not fit their columns. */
const BAD_VALUE_CODES: ReadonlySet<number> = new Set([
  6, // CANNOT_PARSE_TEXT
  25, // CANNOT_PARSE_ESCAPE_SEQUENCE
  26, // CANNOT_PARSE_QUOTED_STRING
  27, // CANNOT_PARSE_INPUT_ASSERTION_FAILED
  53, // TYPE_MISMATCH
  70, // CANNOT_CONVERT_TYPE
  72, // CANNOT_PARSE_NUMBER
  117, // INCORRECT_DATA
  321, // VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE
]);

/** Whether a batch was refused for what its rows hold, so that it would be again, and other rows would not. */
export function isRefusedForItsRows(error: unknown): boolean {
  return (
    error instanceof AnalyticsStoreError &&
    error.failure === 'server' &&
    error.code !== undefined &&
    BAD_VALUE_CODES.has(error.code)
  );
}
