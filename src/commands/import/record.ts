// What a file holds, before anybody judges it as a key.
import type { Field } from './fields.ts';

/** Where a record stands: `row` counts records from 1, a header and blank lines aside; `line` is that of its beginning. */
export interface Place {
  readonly row: number;
  readonly line: number;
}

/** The members of a record, by the field that each is for. Empty ones are left out. */
export interface ReadRecord extends Place {
  readonly cells: readonly (readonly [field: Field, value: unknown])[];
}

/** Something that is no record of its format. */
export interface BadRecord extends Place {
  /** What is wrong, for people. Quotes nothing of the file, which may hold keys. */
  readonly problem: string;
}

export type InputRecord = ReadRecord | BadRecord;

/** Makes records of lines, in order. A line may complete no record, or several. */
export interface RecordReader {
  push(line: Line): InputRecord[];
  /** To be called after the last line. @throws CliError when the file as a whole is none of the format */
  end(): InputRecord[];
}

export interface Line {
  /** From 1. */
  readonly number: number;
  /** Without its LF, but with a CR before that; undefined when it is longer than {@link MAX_RECORD_LENGTH}. */
  readonly text: string | undefined;
}

/** Characters. A key with the most meta data, permissions and roles that it may have takes a third of it. */
export const MAX_RECORD_LENGTH = 1024 * 1024;

export const TOO_LONG = `is longer than ${MAX_RECORD_LENGTH} characters`;

/** What decoding makes of bytes that are not UTF-8. */
const REPLACEMENT = '\uFFFD';

/** Why the text of a record cannot be used, whatever its format; undefined when it can. */
export function textProblem(text: string): string | undefined {
  return text.includes(REPLACEMENT) ? 'holds bytes that are not UTF-8' : undefined;
}

/** Whether a cell says nothing. */
export function isBlank(value: unknown): boolean {
  return value === '' || value === null || value === undefined;
}
