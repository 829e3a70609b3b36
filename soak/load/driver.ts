// Sends the load, books what comes of it, and holds every answer against what the faults at hand explain.
import { type Exchange, isFailure, type LoadRequest } from '../exchange.ts';
import type { FaultLog } from '../faults/fault-log.ts';
import type { Timeline } from '../measure/timeline.ts';
import { isTolerated } from '../tolerances.ts';
import type { Violations } from '../violations.ts';
import type { Client } from './client.ts';

export interface DriverDeps {
  readonly client: Client;
  readonly violations: Violations;
  readonly faults: FaultLog;
  /** How many processes answer for the node of that life. */
  processesOf(life: string): number;
  next(): LoadRequest;
}

/** How often each kind of request had each outcome: `200`, `500 service_unavailable`, `cut: ECONNRESET`. */
export type OutcomeTable = Readonly<Record<string, Readonly<Record<string, number>>>>;

export class Driver {
  /** Where requests are counted from now on. */
  timeline: Timeline;
  readonly #deps: DriverDeps;
  readonly #outcomes: Record<string, Record<string, number>> = {};
  /** What each process has in its cache for certain. Which worker of several has what nobody can tell. */
  readonly #warm = new Set<string>();

  constructor(deps: DriverDeps, timeline: Timeline) {
    this.#deps = deps;
    this.timeline = timeline;
  }

  get outcomes(): OutcomeTable {
    return this.#outcomes;
  }

  /** Sends the next request of the load. @param dueAt unix milliseconds */
  async sendNext(dueAt: number): Promise<void> {
    await this.send(this.#deps.next(), dueAt);
  }

  /** Sends one request, and resolves when its outcome is booked. */
  async send(request: LoadRequest, dueAt = Date.now()): Promise<Exchange> {
    const exchange = await this.#deps.client.call(request.operation, request.body);
    request.settle(exchange);
    if (isFailure(exchange)) this.timeline.failed(exchange.endedAt);
    else this.timeline.answered(dueAt, exchange.endedAt - dueAt);
    this.#count(request.kind, exchange);
    this.#judge(request, exchange);
    return exchange;
  }

  #count(kind: string, { outcome }: Exchange): void {
    const row = this.#outcomes[kind] ?? {};
    this.#outcomes[kind] = row;
    const name = nameOf(outcome);
    row[name] = (row[name] ?? 0) + 1;
  }

  #judge(request: LoadRequest, exchange: Exchange): void {
    const { outcome, sentAt, endedAt, life } = exchange;
    const warmth =
      request.warmth === undefined ? undefined : `${life} ${request.operation} ${request.warmth}`;
    const isRight =
      outcome.kind === 'answered' &&
      (outcome.status === 200 || request.expected?.includes(outcome.status) === true);
    if (isRight && warmth !== undefined && this.#deps.processesOf(life) === 1) this.#warm.add(warmth);
    const isWarm = warmth !== undefined && this.#warm.has(warmth);
    const faults = this.#deps.faults.during(sentAt, endedAt).map(({ kind }) => kind);
    this.#deps.violations.check('errors', isRight || isTolerated({ request, outcome, isWarm }, faults), () =>
      this.#describe(request, exchange, faults),
    );
  }

  #describe(request: LoadRequest, { outcome, life, sentAt, endedAt }: Exchange, faults: readonly string[]) {
    const detail = outcome.kind === 'answered' ? ` (${outcome.body.error?.detail ?? 'no detail'})` : '';
    const during = faults.length === 0 ? 'no fault' : faults.join(', ');
    return `${request.kind}: ${nameOf(outcome)}${detail} after ${endedAt - sentAt} ms by ${life || 'nobody'}, during ${during}`;
  }
}

function nameOf(outcome: Exchange['outcome']): string {
  if (outcome.kind === 'unsent') return `not sent: ${outcome.reason}`;
  if (outcome.kind === 'broken') return `cut: ${outcome.reason}`;
  const type = outcome.body.error?.type.split('/').at(-1);
  return type === undefined ? String(outcome.status) : `${outcome.status} ${type}`;
}
