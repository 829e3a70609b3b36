// What the load saw, second by second.

export interface Second {
  /** Unix milliseconds at which it begins. */
  readonly at: number;
  readonly answered: number;
  /** Answered 5xx, cut, or taken by no node, whether or not that is tolerated. */
  readonly failed: number;
  /** Milliseconds from when a request was due to its answer; undefined when there was none. */
  readonly p50Ms: number | undefined;
  readonly p99Ms: number | undefined;
}

interface Bucket {
  answered: number;
  failed: number;
  latencies: number[];
}

const EMPTY: Readonly<Bucket> = { answered: 0, failed: 0, latencies: [] };

/** An answer belongs to the second in which it was due, a failure to that in which it came about. */
export class Timeline {
  readonly #buckets = new Map<number, Bucket>();

  /** @param dueAt unix milliseconds. @param latencyMs from then to the answer */
  answered(dueAt: number, latencyMs: number): void {
    const bucket = this.#bucket(dueAt);
    bucket.answered++;
    bucket.latencies.push(latencyMs);
  }

  /** @param at unix milliseconds */
  failed(at: number): void {
    this.#bucket(at).failed++;
  }

  #bucket(at: number): Bucket {
    const second = Math.floor(at / 1_000);
    let bucket = this.#buckets.get(second);
    if (bucket === undefined) {
      bucket = { answered: 0, failed: 0, latencies: [] };
      this.#buckets.set(second, bucket);
    }
    return bucket;
  }

  /** All seconds so far, in order, those without any request included. */
  seconds(): Second[] {
    const numbers = [...this.#buckets.keys()].sort((a, b) => a - b);
    const [first, last] = [numbers[0], numbers.at(-1)];
    if (first === undefined || last === undefined) return [];
    return Array.from({ length: last - first + 1 }, (_, index) => this.#second(first + index));
  }

  /** `count` seconds as one, from that second of the epoch on. */
  recent(second: number, count: number): Omit<Second, 'at'> {
    const buckets = Array.from({ length: count }, (_, index) => this.#buckets.get(second + index) ?? EMPTY);
    return {
      answered: buckets.reduce((sum, { answered }) => sum + answered, 0),
      failed: buckets.reduce((sum, { failed }) => sum + failed, 0),
      ...quantiles(buckets.flatMap(({ latencies }) => latencies)),
    };
  }

  /** p50 and p99 of everything that was answered. */
  overall(): { readonly p50Ms: number | undefined; readonly p99Ms: number | undefined } {
    return quantiles([...this.#buckets.values()].flatMap(({ latencies }) => latencies));
  }

  #second(number: number): Second {
    const { answered, failed, latencies } = this.#buckets.get(number) ?? EMPTY;
    return { at: number * 1_000, answered, failed, ...quantiles(latencies) };
  }
}

function quantiles(values: readonly number[]): { p50Ms: number | undefined; p99Ms: number | undefined } {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (fraction: number): number | undefined =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * fraction))];
  return { p50Ms: at(0.5), p99Ms: at(0.99) };
}
