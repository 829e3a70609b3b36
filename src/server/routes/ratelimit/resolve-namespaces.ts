import { after, type MaybePromise } from '../../../lib/maybe-promise.ts';
import type { Namespace } from '../../../services/ratelimit/namespace.ts';
import type { OperationContext } from '../../operation.ts';
import { authorizeNamespaceCreation } from './namespace-permissions.ts';

/**
 * The namespace that a check names, deleted or not. One that does not exist is made, for callers who may: others get a
 * Fault `insufficient_permissions`, and nothing is made.
 */
export function resolveNamespace(context: OperationContext, value: string): MaybePromise<Namespace> {
  const { principal, client, services } = context;
  return after(services.namespaces.find(principal.workspaceId, value), (found) => {
    if (found !== null) return found;
    authorizeNamespaceCreation(principal, context.log);
    return services.namespaces.create({ principal, client }, value);
  });
}

/** The same for several checks: each with its namespace, in order. */
export async function resolveNamespaces<Check extends { readonly namespace: string }>(
  context: OperationContext,
  checks: readonly Check[],
): Promise<Array<{ readonly check: Check; readonly namespace: Namespace }>> {
  const { principal, client, services, log } = context;
  const values = [...new Set(checks.map(({ namespace }) => namespace))];
  const found = await services.namespaces.findMany(principal.workspaceId, values);
  const missing = values.filter((value) => !found.get(value));
  if (missing.length > 0) authorizeNamespaceCreation(principal, log);
  const made =
    missing.length > 0
      ? await services.namespaces.createMany({ principal, client }, missing)
      : new Map<string, Namespace>();
  return checks.map((check) => {
    const namespace = found.get(check.namespace) ?? made.get(check.namespace);
    if (namespace === undefined) throw new Error('a namespace was neither found nor made');
    return { check, namespace };
  });
}
