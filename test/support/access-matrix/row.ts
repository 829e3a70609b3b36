// What one line of the access matrix says (spec 01 §17 and §22; for rate limits also 06 §2.4): the permissions that just
// suffice for an operation, how a request names the object that it is about, and what others get.

import { errorType } from '../access.ts';
import type { Scene } from './scene.ts';

/** An answer by its status and, of refusals, its type. */
export interface Outcome {
  readonly status: number;
  readonly type?: string;
  /** The whole `data`, where that is the point. */
  readonly data?: unknown;
}

const OK: Outcome = { status: 200 };
const FORBIDDEN: Outcome = {
  status: 403,
  type: errorType('authorization/insufficient_permissions'),
};
export const missing = (what: string): Outcome => ({
  status: 404,
  type: errorType(`data/${what}_not_found`),
});

/** What callers get who may not do what they ask for. Each outcome is about the object that a request names. */
export interface Outcomes {
  /** It exists, and the caller lacks a permission. */
  readonly denied: Outcome;
  /** It does not exist, and the caller lacks a permission. */
  readonly deniedAbsent: Outcome;
  /** It does not exist, and the caller's permissions suffice. */
  readonly absent: Outcome;
  /** The caller may do everything, in another workspace; whether or not it exists. */
  readonly foreign: Outcome;
}

/** Permissions are asked for before anything is looked up: F. */
export function permissionFirst(what: string): Outcomes {
  return { ...lookedUpFirst(what), deniedAbsent: FORBIDDEN };
}

/** A caller without permission is told whether the object exists: N. */
export function lookedUpFirst(what: string): Outcomes {
  return { ...masked(what), denied: FORBIDDEN };
}

/** To a caller without permission nothing exists: M. */
export function masked(what: string): Outcomes {
  const outcome = missing(what);
  return { denied: outcome, deniedAbsent: outcome, absent: outcome, foreign: outcome };
}

/** Says nothing but "not found" with a 200: V. */
export function negative(data: unknown): Outcomes {
  const outcome = { ...OK, data };
  return { denied: outcome, deniedAbsent: outcome, absent: outcome, foreign: outcome };
}

/** A namespace that does not exist is made, for callers who may; of one elsewhere nobody hears. */
export const MADE_ON_DEMAND: Outcomes = {
  denied: FORBIDDEN,
  deniedAbsent: FORBIDDEN,
  absent: FORBIDDEN,
  foreign: OK,
};

/** The request is about the caller's workspace as a whole: others do the same in theirs. */
export const IN_OWN_WORKSPACE: Outcomes = {
  denied: FORBIDDEN,
  deniedAbsent: FORBIDDEN,
  absent: OK,
  foreign: OK,
};

export interface AccessRow {
  readonly operation: string;
  /** Exactly those that the request needs while its object exists: with one fewer the caller is denied. */
  readonly permissions: readonly string[];
  /** Whether a resource permission for everything in the workspace suffices in their place. */
  readonly byResource?: true;
  /** The kind of object that the request names; undefined for operations that are about none. */
  readonly about?: keyof Scene;
  /** The request, given the reference to the object and what else there is in the workspace of the scene. */
  readonly body: (reference: string, scene: Scene) => unknown;
  readonly outcomes: Outcomes;
}
