import type { Bucket, Cell, Cells } from './cells.ts';
import type { RateLimitRequest } from './limiter.ts';
import { storedName } from './stored-name.ts';
import { sequenceAt, weightedPrevious } from './window.ts';

/** A request with where it counts. What it finds there may change until the moment of its decision. */
export class Check {
  readonly request: RateLimitRequest;
  /** Unix ms. */
  readonly time: number;
  readonly sequence: number;
  readonly bucket: Bucket;
  readonly current: Cell;
  readonly previous: Cell;
  /** Whether a denial shortly before makes this one ask the origin, however fresh its cells are. */
  readonly strict: boolean;
  /** Whether either cell has never asked the origin. */
  readonly cold: boolean;

  /** Creates what cells are missing. @param now unix ms, for a request without a time of its own */
  constructor(request: RateLimitRequest, cells: Cells, now: number) {
    const { workspaceId, duration, time = now } = request;
    this.request = request;
    this.time = time;
    this.sequence = sequenceAt(time, duration);
    this.bucket = cells.bucket({
      workspaceId,
      namespace: storedName(request.namespace),
      identifier: storedName(request.identifier),
      duration,
    });
    this.current = cells.cell(this.bucket, this.sequence);
    this.previous = cells.cell(this.bucket, this.sequence - 1);
    this.strict = time < this.bucket.strictUntil;
    this.cold = !(this.current.hydrated && this.previous.hydrated);
  }

  /** Tokens that weigh on the request, without its own. */
  get used(): number {
    return this.current.count + weightedPrevious(this.previous.count, this.time, this.request.duration);
  }

  /** The name of one of its cells at the origin, which other programs share: the layout is fixed. */
  originKey(cell: Cell): string {
    const { workspaceId, namespace, identifier, duration } = this.request;
    return `${workspaceId}-${namespace}-${identifier}-${duration}:${cell.sequence}`;
  }
}
