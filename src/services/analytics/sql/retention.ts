// Queries that ask for data older than the log retention are refused with a reason (spec 07 §2.6). This is a service to
// the caller: what bounds the data is the retention predicate of the database.
import { retentionFault } from './faults.ts';
import { momentOf } from './time-value.ts';
import type { BinaryOperator, Expression, Query } from './tree.ts';
import { selectsOf } from './walk.ts';

export interface RetentionOptions {
  /** 0 switches the check off. */
  readonly retentionDays: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** @throws Fault query_range_exceeds_retention, its detail says `<N> days`. */
export function assertRetention(query: Query, { retentionDays, now }: RetentionOptions): void {
  if (retentionDays <= 0) return;
  const earliest = new Date(now);
  earliest.setUTCDate(earliest.getUTCDate() - retentionDays);
  const assertRecent = (bound: Expression): void => {
    const value = momentOf(bound, now);
    if (value !== undefined && value < earliest.getTime()) throw retentionFault(retentionDays);
  };
  for (const select of selectsOf(query)) {
    if (select.where !== undefined) forEachLowerBound(select.where, assertRecent);
  }
}

/** The operators that bound `time` from below when it stands on the left, and when it stands on the right. */
const TIME_LEFT: readonly BinaryOperator[] = ['>', '>=', '='];
const TIME_RIGHT: readonly BinaryOperator[] = ['<', '<=', '='];

function forEachLowerBound(condition: Expression, visit: (bound: Expression) => void): void {
  switch (condition.kind) {
    case 'paren':
      forEachLowerBound(condition.value, visit);
      break;
    case 'between':
      if (isTime(condition.value) && !condition.negated) visit(condition.low);
      for (const part of [condition.value, condition.low, condition.high]) forEachLowerBound(part, visit);
      break;
    case 'binary':
      if (isTime(condition.left) && TIME_LEFT.includes(condition.operator)) visit(condition.right);
      if (isTime(condition.right) && TIME_RIGHT.includes(condition.operator)) visit(condition.left);
      forEachLowerBound(condition.left, visit);
      forEachLowerBound(condition.right, visit);
      break;
  }
}

function isTime(expression: Expression): boolean {
  return expression.kind === 'column' && expression.parts.at(-1)?.text.toLowerCase() === 'time';
}
