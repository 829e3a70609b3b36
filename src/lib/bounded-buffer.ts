import type { Metrics } from './metrics.ts';

export interface BoundedBufferOptions<T> {
  /** The `name` label of the metrics. */
  readonly name: string;
  /** Most items held. */
  readonly capacity: number;
  /** A further condition that an item has to meet to be taken in. */
  readonly hasRoomFor?: (item: T) => boolean;
  readonly metrics: Metrics;
}

const SAMPLE_MS = 60_000;

/**
 * A first-in-first-out buffer that holds so much and no more: what finds it full is discarded. Once closed it takes nothing
 * in; what it holds can still be taken out. Source: the limits chapter, section shared primitives.
 */
export class BoundedBuffer<T extends object | string> {
  readonly #options: BoundedBufferOptions<T>;
  /** A ring: taking from the front of a plain array would move all the others. */
  readonly #slots: Array<T | undefined> = [];
  readonly #sampling: NodeJS.Timeout;
  #first = 0;
  #size = 0;
  #closed = false;

  constructor(options: BoundedBufferOptions<T>) {
    this.#options = options;
    this.#sampling = setInterval(() => this.#sample(), SAMPLE_MS).unref();
    this.#sample();
  }

  /** Items held. */
  get size(): number {
    return this.#size;
  }

  /** Takes the item in; false when the buffer is full or closed, and the item is discarded. */
  push(item: T): boolean {
    if (this.#closed) return this.#refuse('closed');
    const { capacity, hasRoomFor } = this.#options;
    if (this.#size >= capacity || hasRoomFor?.(item) === false) return this.#refuse('dropped');
    this.#slots[(this.#first + this.#size) % capacity] = item;
    this.#size++;
    this.#countState('buffered');
    return true;
  }

  /** The oldest item, which it no longer holds; undefined when empty. */
  take(): T | undefined {
    if (this.#size === 0) return undefined;
    const item = this.#slots[this.#first];
    this.#slots[this.#first] = undefined;
    this.#first = (this.#first + 1) % this.#options.capacity;
    this.#size--;
    return item;
  }

  /** Takes nothing in from now on. Harmless when repeated. */
  close(): void {
    this.#closed = true;
    clearInterval(this.#sampling);
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
    const { name, capacity, metrics } = this.#options;
    metrics.gauge('unkey_buffer_size_percentage', { name, drop: 'true' }, this.#size / capacity);
  }
}
