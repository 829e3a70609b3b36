// Which failures each fault explains. Everything else is a bug. The sources are docs/credits.md, docs/operations.md ("When
// the store is down", "When Redis is down"), docs/vault.md ("When it is away") and docs/analytics.md; docs/reliability.md
// shows this table to people.
import type { Exchange, LoadRequest } from './exchange.ts';
import type { FaultKind } from './faults/fault-kinds.ts';

export interface Failure {
  readonly request: Pick<LoadRequest, 'kind' | 'operation'>;
  readonly outcome: Exchange['outcome'];
  /** Whether the process that answered has answered the same from its cache before. */
  readonly isWarm: boolean;
}

type Tolerates = (failure: Failure) => boolean;

const nothing: Tolerates = () => false;
/** A connection that broke with the process at its other end. */
const cut: Tolerates = ({ outcome }) => outcome.kind === 'broken';
const unavailable: Tolerates = ({ outcome }) =>
  outcome.kind === 'answered' &&
  outcome.status === 500 &&
  outcome.body.error?.type.endsWith('/service_unavailable') === true;

const timedOut: Tolerates = ({ outcome }) => outcome.kind === 'answered' && outcome.status === 408;

export const TOLERANCES: Readonly<Record<FaultKind, Tolerates>> = {
  'kill-node': cut,
  'kill-worker': cut,
  // A drained node cuts nothing.
  'roll-nodes': nothing,
  // Redis is never needed to answer.
  'restart-redis': nothing,
  'pause-redis': nothing,
  // What a process has in its caches goes on, everything else says that it is unavailable.
  'restart-mysql': (failure) => !failure.isWarm && (unavailable(failure) || timedOut(failure)),
  'fill-analytics': ({ request, outcome }) =>
    request.operation.startsWith('analytics.') && outcome.kind === 'answered' && outcome.status === 503,
  'slow-analytics': ({ request, outcome }) =>
    request.operation.startsWith('analytics.') &&
    outcome.kind === 'answered' &&
    (outcome.status === 503 || outcome.status === 422),
  'rotate-vault': (failure) =>
    (failure.request.kind === 'createKey, recoverable' && unavailable(failure)) ||
    // The password of the workspace's analytics user is in the Vault.
    (failure.request.operation.startsWith('analytics.') &&
      failure.outcome.kind === 'answered' &&
      failure.outcome.status === 503),
};

/** Whether one of the faults explains the failure. */
export function isTolerated(failure: Failure, faults: readonly FaultKind[]): boolean {
  return faults.some((kind) => TOLERANCES[kind](failure));
}
