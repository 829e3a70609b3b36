import { table } from '../admin/table.ts';
import type { Output } from '../cli/output.ts';
import type { RowFailure } from './rows.ts';
import type { Totals } from './totals.ts';

export interface Outcome {
  readonly totals: Totals;
  readonly dryRun: boolean;
  /** The first failures. */
  readonly examples: readonly RowFailure[];
  /** The file with all failures; undefined when nobody asked for it. */
  readonly report: string | undefined;
  /** Whether a hash in hexadecimal was among the rows. */
  readonly hexHashes: boolean;
}

/** Prints what became of the rows: the result on stdout, what to look at on stderr. */
export function sayResult(output: Output, outcome: Outcome): void {
  const { totals, dryRun, examples, report, hexHashes } = outcome;
  const { rows, imported, alreadyThere, failed } = totals;
  const counts = dryRun ? { rows, valid: imported, failed } : { rows, imported, alreadyThere, failed };
  output.result({ dryRun, ...counts, failures: examples }, () =>
    table([
      ['rows', String(rows)],
      ...(dryRun
        ? [['valid', String(imported)]]
        : [
            ['imported', String(imported)],
            ['already there', String(alreadyThere)],
          ]),
      ['failed', String(failed)],
    ]),
  );
  if (report === undefined) sayExamples(output, examples, failed);
  if (hexHashes) {
    output.warn(
      'some hashes are hexadecimal: those verify only under a migration for prefixed API keys; the SHA-256 of whole keys goes into the field sha256Hex',
    );
  }
}

function sayExamples(output: Output, examples: readonly RowFailure[], failed: number): void {
  for (const { row, line, reason } of examples) output.warn(`row ${row} (line ${line}): ${reason}`);
  if (failed > examples.length) {
    output.note(`${failed - examples.length} more rows failed; --failures <path> has them all told`);
  }
}
