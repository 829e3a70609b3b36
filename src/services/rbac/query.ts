// What an operation asks of its caller: a tree of permissions, its evaluation against what is granted, and the refusal.
// Source: the RBAC evaluation section of the HTTP contract and the query tree of the authorization model.

import { Fault } from '../../lib/fault.ts';
import type { Logger } from '../../lib/logger.ts';
import type { Principal } from '../auth/principal.ts';
import { covers, formatResourcePermission, parseResourcePermission } from './resource-permission.ts';

interface Leaf {
  readonly kind: 'leaf';
  readonly value: string;
  /** True for leaves that a wider resource permission may cover; others match literally only. */
  readonly coverable: boolean;
}

interface Branch {
  readonly kind: 'all' | 'any';
  readonly of: readonly PermissionQuery[];
}

export type PermissionQuery = Leaf | Branch;

export type Evaluation =
  | { readonly satisfied: true }
  /** `missing` names required permissions only, never what is held. */
  | { readonly satisfied: false; readonly missing: string };

const SATISFIED: Evaluation = { satisfied: true };

/** A permission that only the identical granted string satisfies; `*` in it is an ordinary character. */
export function tuple(value: string): PermissionQuery {
  if (value === '') throw new Error('a permission to ask for cannot be empty');
  return { kind: 'leaf', value, coverable: false };
}

/** A permission on a resource path of the workspace: the identical string satisfies it, or a grant that covers it. */
export function resource(workspaceId: string, path: string, action: string): PermissionQuery {
  return { kind: 'leaf', value: formatResourcePermission(workspaceId, path, action), coverable: true };
}

/** Satisfied when every part is; of nothing, satisfied. */
export function allOf(...of: readonly PermissionQuery[]): PermissionQuery {
  return { kind: 'all', of };
}

/** Satisfied when one part is; of nothing, not satisfied. */
export function anyOf(...of: readonly PermissionQuery[]): PermissionQuery {
  return { kind: 'any', of };
}

/**
 * Evaluates the query against granted permission strings. What is missing reads: a leaf in single quotes; of an AND its
 * first unsatisfied part; of an OR all its alternatives joined by ` or `.
 */
export function evaluate(query: PermissionQuery, granted: readonly string[]): Evaluation {
  switch (query.kind) {
    case 'leaf':
      return holds(query, granted) ? SATISFIED : { satisfied: false, missing: `'${query.value}'` };
    case 'all': {
      for (const part of query.of) {
        const evaluation = evaluate(part, granted);
        if (!evaluation.satisfied) return evaluation;
      }
      return SATISFIED;
    }
    case 'any':
      return query.of.some((part) => evaluate(part, granted).satisfied)
        ? SATISFIED
        : { satisfied: false, missing: expression(query) };
  }
}

/** The ids that a query of alternatives may hold, and how the request named what they belong to: by them, or by slugs. */
export interface Named {
  readonly ids: readonly string[];
  readonly sent: readonly string[];
}

/**
 * Lets the principal pass or refuses it: throws the Fault `insufficient_permissions`, whose public message names what is
 * missing and never what is held, and logs the denial at warn level.
 * @param named given where a request may name things otherwise than by id: the message then leaves out the alternatives
 *   with an id that the request did not bring along. One alternative at least must have none of the ids
 */
export function authorize(principal: Principal, query: PermissionQuery, log: Logger, named?: Named): void {
  const evaluation = evaluate(query, principal.permissions);
  if (evaluation.satisfied) return;
  logDenial(principal, query, log);
  const told = named === undefined ? evaluation.missing : expression(withoutUnsent(query, named));
  throw new Fault('unkey:authorization:insufficient_permissions', {
    public: `Missing permission: ${told}`,
    internal: `${principal.subject.type} ${principal.subject.id} lacks ${evaluation.missing}`,
  });
}

/** The query without those of its alternatives that have an id which the request did not bring along. */
function withoutUnsent(query: PermissionQuery, { ids, sent }: Named): PermissionQuery {
  if (query.kind !== 'any') return query;
  const unsent = ids.filter((id) => !sent.includes(id));
  const tells = (part: PermissionQuery): boolean =>
    expression(part)
      .split(/[.:/# ()]/)
      .some((word) => unsent.includes(word));
  return { kind: 'any', of: query.of.filter((part) => !tells(part)) };
}

/** The same question for callers that answer a denial in their own words (masked routes); logs it when given a logger. */
export function isAuthorized(principal: Principal, query: PermissionQuery, log?: Logger): boolean {
  if (evaluate(query, principal.permissions).satisfied) return true;
  if (log !== undefined) logDenial(principal, query, log);
  return false;
}

/** The names of the fields are the contract's. */
function logDenial(principal: Principal, query: PermissionQuery, log: Logger): void {
  log.warn(
    {
      workspace_id: principal.workspaceId,
      principal_type: principal.type,
      subject_type: principal.subject.type,
      subject_id: principal.subject.id,
      required_permissions: expression(query),
      granted_permissions: principal.permissions,
    },
    'permission denied',
  );
}

/** Lists of a key or principal, which live as long as it is cached, as sets: of those long enough to be worth one. */
const sets = new WeakMap<readonly string[], ReadonlySet<string>>();
const LONG_LIST = 8;

function contains(granted: readonly string[], value: string): boolean {
  if (granted.length < LONG_LIST) return granted.includes(value);
  let set = sets.get(granted);
  if (set === undefined) {
    set = new Set(granted);
    sets.set(granted, set);
  }
  return set.has(value);
}

function holds(leaf: Leaf, granted: readonly string[]): boolean {
  if (contains(granted, leaf.value)) return true;
  // Parsed here and not when the question is put: nearly always the answer is found before.
  const required = leaf.coverable ? parseResourcePermission(leaf.value) : undefined;
  if (required === undefined) return false;
  // Most grants are tuples: only those that can be of the right workspace are worth parsing.
  const prefix = `unkey:v1:${required.workspaceId}:`;
  return granted.some((text) => {
    if (!text.startsWith(prefix)) return false;
    const grant = parseResourcePermission(text);
    return grant !== undefined && covers(grant, required);
  });
}

/** The query as text: leaves bare, `and` binding tighter than `or`, parentheses only where needed. */
function expression(query: PermissionQuery): string {
  if (query.kind === 'leaf') return query.value;
  const parts = query.of.map((part) => {
    const text = expression(part);
    const loose = query.kind === 'all' && part.kind === 'any' && part.of.length > 1;
    return loose ? `(${text})` : text;
  });
  return parts.join(query.kind === 'all' ? ' and ' : ' or ');
}
