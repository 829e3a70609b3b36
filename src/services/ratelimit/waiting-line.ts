/** Somebody who cannot go on yet. */
export interface Waiter {
  /** Set by a waiter that left before its turn; it is passed over. */
  gone: boolean;
  /** Goes on, or goes to stand elsewhere; false when it must stay. */
  attempt(): boolean;
  /** The line's own. */
  next?: Waiter | undefined;
}

/** First come, first served: while the head of the line must stay, nobody behind it is looked at. */
export class WaitingLine {
  #first: Waiter | undefined;
  #last: Waiter | undefined;

  add(waiter: Waiter): void {
    waiter.next = undefined;
    if (this.#last === undefined) this.#first = waiter;
    else this.#last.next = waiter;
    this.#last = waiter;
  }

  /** Lets as many go as can. True when nobody is left. */
  serve(): boolean {
    for (let head = this.#first; head !== undefined; head = this.#first) {
      const { next } = head;
      if (!head.gone && !head.attempt()) return false;
      this.#first = next;
    }
    this.#last = undefined;
    return true;
  }
}
