import type { Metrics } from './metrics.ts';

/** What happens to an item that finds the buffer full: it is discarded, or its producer waits. */
export type WhenFull = 'drop' | 'wait';

export interface BoundedBufferOptions {
  /** The `name` label of the metrics. */
  readonly name: string;
  /** Most items held. */
  readonly capacity: number;
  readonly whenFull: WhenFull;
  readonly metrics: Metrics;
}

const SAMPLE_MS = 60_000;

/**
 * A first-in-first-out buffer that holds so much and no more. Once closed it takes nothing in; what it holds, and what
 * producers already wait with, can still be taken out. Source: the limits chapter, section shared primitives.
 */
export class BoundedBuffer<T extends object | string> {
  readonly #options: BoundedBufferOptions;
  /** A ring: taking from the front of a plain array would move all the others. */
  readonly #slots: Array<T | undefined> = [];
  readonly #waiting: Array<{ readonly item: T; readonly taken: (isIn: true) => void }> = [];
  readonly #sampling: NodeJS.Timeout;
  #first = 0;
  #size = 0;
  #closed = false;

  constructor(options: BoundedBufferOptions) {
    this.#options = options;
    this.#sampling = setInterval(() => this.#sample(), SAMPLE_MS).unref();
    this.#sample();
  }

  /** Items held, and those that producers wait with. */
  get size(): number {
    return this.#size + this.#waiting.length;
  }

  /** Takes the item in. With `drop`, at once: false when the buffer is full or closed, and the item is discarded. */
  push(item: T): boolean {
    if (this.#closed) return this.#refuse('closed');
    if (this.#size >= this.#options.capacity) return this.#refuse('dropped');
    this.#append(item);
    return true;
  }

  /** Takes the item in as soon as there is room; false when the buffer was closed before. */
  async offer(item: T): Promise<boolean> {
    if (this.#closed) return this.#refuse('closed');
    if (this.#size >= this.#options.capacity) {
      const { promise, resolve: taken } = Promise.withResolvers<true>();
      this.#waiting.push({ item, taken });
      return promise;
    }
    this.#append(item);
    return true;
  }

  /** The oldest item, which it no longer holds; undefined when empty. */
  take(): T | undefined {
    if (this.#size === 0) return undefined;
    const item = this.#slots[this.#first];
    this.#slots[this.#first] = undefined;
    this.#first = (this.#first + 1) % this.#options.capacity;
    this.#size--;
    const next = this.#waiting.shift();
    if (next !== undefined) {
      this.#append(next.item);
      next.taken(true);
    }
    return item;
  }

  /** Takes nothing in from now on. Harmless when repeated. */
  close(): void {
    this.#closed = true;
    clearInterval(this.#sampling);
  }

  #append(item: T): void {
    this.#slots[(this.#first + this.#size) % this.#options.capacity] = item;
    this.#size++;
    this.#countState('buffered');
  }

  #refuse(state: 'dropped' | 'closed'): false {
    this.#countState(state);
    this.#options.metrics.count('unkey_buffer_errors_total', { name: this.#options.name, state });
    return false;
  }

  #countState(state: 'buffered' | 'dropped' | 'closed'): void {
    this.#options.metrics.count('unkey_buffer_state_total', { name: this.#options.name, state });
  }

  #sample(): void {
    const { name, capacity, whenFull, metrics } = this.#options;
    const labels = { name, drop: String(whenFull === 'drop') };
    metrics.gauge('unkey_buffer_size_percentage', labels, this.#size / capacity);
  }
}
