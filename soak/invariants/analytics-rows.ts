// Whether the analytics store has a row for every answer, where nothing explains that it has not.
import { type AnswerCounts, ROW_KINDS, type RowKind } from '../ledger/answer-counts.ts';
import { NO_ROWS } from '../measure/buffer-counts.ts';
import type { NodeLife } from '../stack/node-fleet.ts';
import type { Violations } from '../violations.ts';

export interface RowFigures {
  readonly kind: RowKind;
  readonly answered: number;
  readonly inDoubt: number;
  /** Dropped or given up, as the nodes count. */
  readonly dropped: number;
  /** At most so many rows were in processes that were killed. */
  readonly lostAtMost: number;
  /** In the store. */
  readonly rows: number;
}

/**
 * @param lives all of the run, asked for their buffers before each ended
 * @param stored rows of each kind in the store
 */
export function checkAnalyticsRows(
  lives: readonly Pick<NodeLife, 'id' | 'ending' | 'buffers' | 'lostRows'>[],
  answers: AnswerCounts,
  stored: Readonly<Record<RowKind, number>>,
  violations: Violations,
): RowFigures[] {
  return ROW_KINDS.map((kind) => {
    const figures = { kind, answered: 0, inDoubt: 0, dropped: 0, lostAtMost: 0, rows: stored[kind] };
    for (const { id, ending, buffers, lostRows } of lives) {
      const { answered, inDoubt } = answers.count(kind, id);
      const { processed, dropped, failed } = buffers[kind] ?? NO_ROWS;
      figures.answered += answered;
      figures.inDoubt += inDoubt;
      figures.dropped += dropped + failed;
      const unwritten = Math.max(0, answered - processed - dropped - failed);
      figures.lostAtMost += (lostRows[kind] ?? 0) + (ending === 'killed' ? unwritten : 0);
    }
    const least = figures.answered - figures.dropped - figures.lostAtMost;
    const most = figures.answered + figures.inDoubt;
    violations.check(
      'analytics',
      figures.rows >= least && figures.rows <= most,
      () =>
        `${kind}: ${figures.rows} rows for ${figures.answered} answers; from ${least} to ${most} are explained`,
    );
    return figures;
  });
}
