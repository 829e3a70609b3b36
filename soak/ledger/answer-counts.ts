// How many analytics rows each life of a node owes: one for every verification that found its key, one for every check.

/** The buffers of the product, each of which fills a table. */
export const ROW_KINDS = ['key_verifications', 'ratelimits'] as const;
export type RowKind = (typeof ROW_KINDS)[number];

export interface AnswerCount {
  readonly answered: number;
  /** Cut, or answered 5xx: may have left a row. */
  readonly inDoubt: number;
}

export class AnswerCounts {
  readonly #counts = new Map<string, { answered: number; inDoubt: number }>();

  answered(kind: RowKind, life: string, rows = 1): void {
    this.#of(kind, life).answered += rows;
  }

  inDoubt(kind: RowKind, life: string, rows = 1): void {
    this.#of(kind, life).inDoubt += rows;
  }

  count(kind: RowKind, life: string): AnswerCount {
    return { ...this.#of(kind, life) };
  }

  #of(kind: RowKind, life: string): { answered: number; inDoubt: number } {
    const name = `${kind} ${life}`;
    let counts = this.#counts.get(name);
    if (counts === undefined) {
      counts = { answered: 0, inDoubt: 0 };
      this.#counts.set(name, counts);
    }
    return counts;
  }
}
