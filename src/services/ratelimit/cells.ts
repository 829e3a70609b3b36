// What this process knows of every counter: buckets of cells. A bucket is one (workspace, namespace, identifier,
// duration); a cell is one fixed window of it. Source: cells and janitor of the limiter chapter.

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { WaitingLine } from './waiting-line.ts';
import { forgettableAfter } from './window.ts';

/** `freshUntil` of a cell that has never asked the origin. */
const NEVER = Number.NEGATIVE_INFINITY;
/** `freshUntil` of every cell of a process that has no origin to ask. */
const ALWAYS = Number.POSITIVE_INFINITY;
/** Buckets looked at before other work gets its turn. */
const SLICE = 5000;

export class Cell {
  readonly sequence: number;
  /** Tokens counted in this region, as far as this process knows. Only ever goes up. */
  val = 0;
  /** Tokens counted in all other regions. Only ever goes up. */
  imported = 0;
  /** Unix ms of request time from which the origin is asked again. Only ever goes up. */
  freshUntil: number;
  /** The read of this cell that is under way; it never rejects. */
  reading: Promise<void> | undefined = undefined;
  /** Tokens added here of which the origin has not been heard to know. */
  unconfirmed = 0;
  /** Decisions that wait for `unconfirmed` to go down. */
  waiting: WaitingLine | undefined = undefined;
  /** The count from which other regions are told; 0 until a check has passed. */
  pushThreshold = 0;
  /** The count that other regions were last told. Only ever goes up. */
  lastPushed = 0;
  /** The bucket's next cell back in time, whatever lies between. */
  older: Cell | undefined = undefined;

  constructor(sequence: number, freshUntil: number) {
    this.sequence = sequence;
    this.freshUntil = freshUntil;
  }

  /** Tokens counted anywhere. */
  get count(): number {
    return this.val + this.imported;
  }

  /** Whether the origin was asked at least once, with or without success. */
  get hydrated(): boolean {
    return this.freshUntil !== NEVER;
  }

  /** Another view of this region's count. */
  learn(val: number): void {
    if (val > this.val) this.val = val;
  }

  /** Another view of the other regions' count. */
  import(count: number): void {
    if (count > this.imported) this.imported = count;
  }

  /** No read is needed for requests before `until`, in unix ms. */
  keepFresh(until: number): void {
    if (until > this.freshUntil) this.freshUntil = until;
  }
}

export class Bucket {
  readonly workspaceId: string;
  /** By its stored name. */
  readonly namespace: string;
  /** By its stored name. */
  readonly identifier: string;
  /** Milliseconds. */
  readonly duration: number;
  /** Unix ms of request time before which every check asks the origin: strict mode, which outlives windows. */
  strictUntil = 0;
  /** Cells by descending sequence, linked by `older`. Two, as a rule. */
  newest: Cell | undefined = undefined;

  constructor(identity: BucketIdentity) {
    this.workspaceId = identity.workspaceId;
    this.namespace = identity.namespace;
    this.identifier = identity.identifier;
    this.duration = identity.duration;
  }

  *cells(): Generator<Cell> {
    for (let cell = this.newest; cell !== undefined; cell = cell.older) yield cell;
  }
}

export interface BucketIdentity {
  readonly workspaceId: string;
  /** By its stored name. */
  readonly namespace: string;
  /** By its stored name. */
  readonly identifier: string;
  readonly duration: number;
}

export class Cells {
  readonly #buckets = new Map<string, Bucket>();
  readonly #freshAtBirth: number;
  #size = 0;

  /** @param origin whether there is another place that may know more of a new cell */
  constructor({ origin }: { readonly origin: boolean }) {
    this.#freshAtBirth = origin ? NEVER : ALWAYS;
  }

  /** Cells held. */
  get size(): number {
    return this.#size;
  }

  /** The bucket; an empty one if need be. */
  bucket(identity: BucketIdentity): Bucket {
    const key = keyOf(identity);
    let bucket = this.#buckets.get(key);
    if (bucket === undefined) {
      bucket = new Bucket(identity);
      this.#buckets.set(key, bucket);
    }
    return bucket;
  }

  /** The bucket's cell of this sequence; a new one if need be. */
  cell(bucket: Bucket, sequence: number): Cell {
    let newer: Cell | undefined;
    let cell = bucket.newest;
    while (cell !== undefined && cell.sequence > sequence) {
      newer = cell;
      cell = cell.older;
    }
    if (cell?.sequence === sequence) return cell;
    const created = new Cell(sequence, this.#freshAtBirth);
    created.older = cell;
    if (newer === undefined) bucket.newest = created;
    else newer.older = created;
    this.#size++;
    return created;
  }

  /** Visits every bucket; other work gets its turn in between. */
  forEach(visit: (bucket: Bucket) => void): Promise<void> {
    return this.#walk((_key, bucket) => visit(bucket));
  }

  /**
   * Forgets cells that no decision at or after `now` (unix ms) can look at, and buckets of which nothing is left. Other
   * work gets its turn in between.
   * @returns the number of cells forgotten
   */
  async sweep(now: number): Promise<number> {
    let forgotten = 0;
    await this.#walk((key, bucket) => {
      forgotten += forgetOldCells(bucket, now);
      // Its strict deadline has passed long before: two durations after the start of the denial's window, at the latest.
      if (bucket.newest === undefined) this.#buckets.delete(key);
    });
    this.#size -= forgotten;
    return forgotten;
  }

  async #walk(visit: (key: string, bucket: Bucket) => void): Promise<void> {
    let left = SLICE;
    for (const [key, bucket] of this.#buckets) {
      if (left-- === 0) {
        await nextTurn();
        left = SLICE;
      }
      visit(key, bucket);
    }
  }
}

/** The cells that are over are the tail of the list. */
function forgetOldCells(bucket: Bucket, now: number): number {
  let newer: Cell | undefined;
  let cell = bucket.newest;
  while (cell !== undefined && now <= forgettableAfter(cell.sequence, bucket.duration)) {
    newer = cell;
    cell = cell.older;
  }
  if (newer === undefined) bucket.newest = undefined;
  else newer.older = undefined;
  let forgotten = 0;
  for (; cell !== undefined; cell = cell.older) forgotten++;
  return forgotten;
}

/**
 * Lengths in front keep parts that users choose from running into each other. Joined rather than concatenated: V8 would
 * keep a concatenated key, and all that it was made of, as a tree.
 */
function keyOf({ workspaceId, namespace, identifier, duration }: BucketIdentity): string {
  return [workspaceId.length, workspaceId, namespace.length, namespace, duration, identifier].join(':');
}
