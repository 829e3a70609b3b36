import { runInBackground } from './request-scope.ts';

export interface TurnQueue<T> {
  /** Hands an item over; its work is done after what runs now, in the order of handing over. */
  add(item: T): void;
}

/**
 * Does small pieces of work soon, behind the back of whoever hands them over: a turn of the event loop takes those that
 * have come since the one before, `perTurn` at most, so that requests are served in between.
 * @param work must not throw
 */
export function createTurnQueue<T>(perTurn: number, work: (item: T) => void): TurnQueue<T> {
  let waiting: T[] = [];
  const schedule = (): void => void setImmediate(takeTurn);
  const takeTurn = (): void => {
    const items = waiting;
    waiting = items.length > perTurn ? items.splice(perTurn) : [];
    for (const item of items) work(item);
    if (waiting.length > 0) schedule();
  };
  return {
    add(item) {
      if (waiting.push(item) === 1) runInBackground(schedule);
    },
  };
}
