import { open } from 'node:fs/promises';
import { fileFailure } from './file-failure.ts';
import type { RowFailure } from './rows.ts';

/** The part of a report that is known to be right: what comes behind it belongs to batches that were not acknowledged. */
export interface ReportMark {
  readonly path: string;
  readonly bytes: number;
}

/** Where rows that were not imported are told: one JSON line each. */
export interface FailureReport {
  /** @throws CliError when the file cannot be written */
  add(failures: readonly RowFailure[]): Promise<ReportMark>;
  close(): Promise<void>;
}

/**
 * Begins the report anew, or goes on behind a mark of the same file.
 *
 * @throws CliError when the file cannot be written
 */
export async function openFailureReport(path: string, mark: ReportMark | undefined): Promise<FailureReport> {
  try {
    const handle = await open(path, 'a');
    let bytes = mark?.path === path ? Math.min(mark.bytes, (await handle.stat()).size) : 0;
    await handle.truncate(bytes);
    return {
      async add(failures) {
        const lines = Buffer.from(failures.map(lineOf).join(''));
        try {
          await handle.appendFile(lines);
        } catch (error) {
          throw fileFailure('failure report', path, error);
        }
        bytes += lines.length;
        return { path, bytes };
      },
      close: () => handle.close(),
    };
  } catch (error) {
    throw fileFailure('failure report', path, error);
  }
}

function lineOf({ row, line, code, reason }: RowFailure): string {
  return `${JSON.stringify({ row, line, code, reason })}\n`;
}
