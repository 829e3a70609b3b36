// What a key with credits may have been granted and charged, by what the soak itself has seen.
//
// A request in doubt (cut, or answered 5xx) may have been carried out or not, so amounts are ranges. Requests overlap: what
// was in flight when an answer was decided is counted for the product each time.

export class CreditAccount {
  readonly keyId: string;
  readonly key: string;
  /** Sold for certain since the last `set`, the balance of then included. */
  #sold: number;
  /** Sold perhaps: increments in doubt or in flight. */
  #perhapsSold = 0;
  #granted = 0;
  /** Charged perhaps: spendings in doubt. */
  #perhapsSpent = 0;
  #inFlight = 0;
  #pending = 0;
  #retired = false;
  #setting = false;
  grantedInAll = 0;

  constructor(keyId: string, key: string, sold: number) {
    this.keyId = keyId;
    this.key = key;
    this.#sold = sold;
  }

  /** Whether its balance is not known any more: a `set` of it is in doubt. */
  get retired(): boolean {
    return this.#retired;
  }

  /** Whether it may be used: its balance is known, and no `set` is under way. */
  get open(): boolean {
    return !this.#retired && !this.#setting;
  }

  /** Whether nothing is in flight, so that a `set` meets nothing else. */
  get quiet(): boolean {
    return this.#pending === 0;
  }

  /** Whether nothing of it is in doubt: a request in doubt could be carried out after a `set`. */
  get isCertain(): boolean {
    return this.#perhapsSold === 0 && this.#perhapsSpent === 0;
  }

  /** What may be left at most, as far as is known. */
  get leftAtMost(): number {
    return this.#sold + this.#perhapsSold - this.#granted;
  }

  /** A verification of that cost is sent. */
  beginSpend(cost: number): Spending {
    this.#pending++;
    this.#inFlight += cost;
    const soldWhenSent = this.#sold;
    const end = (): void => {
      this.#pending--;
      this.#inFlight -= cost;
    };
    return {
      granted: () => {
        end();
        this.#granted += cost;
        this.grantedInAll += cost;
        const most = this.#sold + this.#perhapsSold;
        return this.#granted <= most
          ? undefined
          : `${this.keyId}: ${this.#granted} credits were granted of at most ${most}`;
      },
      refused: () => {
        end();
        const mostGone = this.#granted + this.#perhapsSpent + this.#inFlight;
        return soldWhenSent - mostGone < cost
          ? undefined
          : `${this.keyId}: refused a cost of ${cost} although at most ${mostGone} of ${soldWhenSent} credits were gone`;
      },
      inDoubt: () => {
        end();
        this.#perhapsSpent += cost;
      },
      notSent: end,
    };
  }

  /** An increment of that value is sent. */
  beginIncrement(value: number): Change {
    this.#pending++;
    this.#perhapsSold += value;
    return {
      done: () => {
        this.#pending--;
        this.#perhapsSold -= value;
        this.#sold += value;
      },
      inDoubt: () => {
        this.#pending--;
      },
      notDone: () => {
        this.#pending--;
        this.#perhapsSold -= value;
      },
    };
  }

  /** The balance is set to that value, while the account is quiet and nobody else uses it. */
  beginSet(value: number): Change {
    this.#pending++;
    this.#setting = true;
    const end = (): void => {
      this.#pending--;
      this.#setting = false;
    };
    return {
      done: () => {
        end();
        this.#sold = value;
        this.#perhapsSold = 0;
        this.#granted = 0;
        this.#perhapsSpent = 0;
      },
      inDoubt: () => {
        end();
        this.#retired = true;
      },
      notDone: end,
    };
  }

  /** What the stored balance must be in the end, at least and at most. */
  expectedBalance(): readonly [number, number] {
    return [
      Math.max(0, this.#sold - this.#granted - this.#perhapsSpent),
      this.#sold + this.#perhapsSold - this.#granted,
    ];
  }
}

/** A spending that was sent. Call one of these once; the first two tell what is wrong with the answer, if anything. */
export interface Spending {
  granted(): string | undefined;
  refused(): string | undefined;
  inDoubt(): void;
  notSent(): void;
}

/** A change of a balance that was sent. Call one of these once. */
export interface Change {
  done(): void;
  inDoubt(): void;
  notDone(): void;
}
