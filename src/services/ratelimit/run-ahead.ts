// How far this process may run ahead of the origin: while others have not heard of tokens given out here, only a small
// share of what is left may be given out on top. A decision that would go further waits until the origin has confirmed.
// Reasons and figures: docs/adr/0010-rate-limit-run-ahead.md.

import type { MaybePromise } from '../../lib/maybe-promise.ts';
import type { Cell } from './cells.ts';
import type { Check } from './check.ts';
import { type Waiter, WaitingLine } from './waiting-line.ts';

/** The part of what is left that may be unconfirmed. */
const SHARE = 0.05;
/** The longest that one decision waits in all. */
const PATIENCE_MS = 300;

/**
 * Yields what `decide` yields, which is called at once, or as soon as nothing holds the checks back, but after 300 ms in
 * any case. `decide` must not pause, so that the next in line sees what it did.
 */
export function inStep<T>(checks: readonly Check[], decide: () => T): MaybePromise<T> {
  const first = heldBackBy(checks);
  if (first === undefined) return decide();
  return new Promise<T>((resolve, reject) => {
    let holder = first;
    const finish = (): void => {
      clearTimeout(patience);
      waiter.gone = true;
      try {
        resolve(decide());
      } catch (error) {
        reject(error);
      }
    };
    const waiter: Waiter = {
      gone: false,
      attempt() {
        const next = heldBackBy(checks);
        if (next === holder) return false;
        if (next === undefined) finish();
        else {
          holder = next;
          stand(waiter, next);
        }
        return true;
      },
    };
    const patience = setTimeout(finish, PATIENCE_MS);
    stand(waiter, holder);
  });
}

/** Tokens of the cell are not unconfirmed any more, for better or worse; whoever waited for that goes on. */
export function settle(cell: Cell, tokens: number): void {
  cell.unconfirmed -= tokens;
  if (cell.waiting?.serve()) cell.waiting = undefined;
}

/**
 * The cell whose unconfirmed tokens must become fewer before these checks are decided; undefined when they can be decided
 * now. Looks and certain denials never wait: what is confirmed meanwhile can only add to the count.
 */
function heldBackBy(checks: readonly Check[]): Cell | undefined {
  let holder: Cell | undefined;
  for (const { request, current, used } of checks) {
    const left = request.limit - used;
    if (request.cost > left) return undefined;
    if (request.cost === 0 || current.unconfirmed === 0) continue;
    if (current.unconfirmed + request.cost > left * SHARE) holder ??= current;
  }
  return holder;
}

function stand(waiter: Waiter, cell: Cell): void {
  cell.waiting ??= new WaitingLine();
  cell.waiting.add(waiter);
}
