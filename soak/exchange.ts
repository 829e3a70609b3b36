// What passes between the load and the product, as all parts of a soak see it.

/** The parts of an answer's body that the soak looks at. */
export interface AnswerBody {
  readonly data?: Readonly<Record<string, unknown>> | undefined;
  readonly error?: { readonly type: string; readonly detail?: string } | undefined;
}

export type Outcome =
  | { readonly kind: 'answered'; readonly status: number; readonly body: AnswerBody }
  /** No node took the connection: it was certainly not carried out. */
  | { readonly kind: 'unsent'; readonly reason: string }
  /** Sent, and no whole answer came back: it may have been carried out. */
  | { readonly kind: 'broken'; readonly reason: string };

export interface Exchange {
  /** Unix milliseconds at which the request was given to a node. */
  readonly sentAt: number;
  /** Unix milliseconds at which its outcome was known. */
  readonly endedAt: number;
  /** The life of a node that it went to, `api-2#3`; empty when it was unsent. */
  readonly life: string;
  readonly outcome: Outcome;
}

/** One request of the load. */
export interface LoadRequest {
  /** What it is in tables: `verifyKey with credits`. */
  readonly kind: string;
  /** Whether it is answered from memory once this life of a node has answered the like: see `tolerances.ts`. */
  readonly warmth?: string;
  readonly operation: string;
  readonly body: unknown;
  /** Statuses that are right for it beside 200. */
  readonly expected?: readonly number[];
  /** Books what became of it. */
  settle(exchange: Exchange): void;
}

/** `data` of a 200, empty where the operation has none; undefined for every other outcome. */
export function dataOf({ outcome }: Exchange): Readonly<Record<string, unknown>> | undefined {
  return outcome.kind === 'answered' && outcome.status === 200 ? (outcome.body.data ?? {}) : undefined;
}

/** Whether the request may have been carried out although nobody said so: it was cut, ran out of time, or failed inside. */
export function isInDoubt({ outcome }: Exchange): boolean {
  return outcome.kind === 'broken' || (outcome.kind === 'answered' && isServerFailure(outcome.status));
}

/** Whether the outcome is one that no caller has brought about. */
export function isFailure({ outcome }: Exchange): boolean {
  return outcome.kind !== 'answered' || isServerFailure(outcome.status);
}

/** 408 is what a deadline of the service answers, such as that of a new connection to the database. */
function isServerFailure(status: number): boolean {
  return status >= 500 || status === 408;
}
