import type { Caller } from '../audit/audit-log.ts';
import type { PermissionView, RoleView } from '../permissions/permission-view.ts';
import { reportingStoreFailure } from '../store-fault.ts';
import {
  addPermissions,
  type GivenPermissions,
  type KeyGrantDeps,
  removePermissions,
  setPermissions,
} from './key-permissions.ts';
import { addRoles, removeRoles, setRoles } from './key-roles.ts';
import type { LiveKey } from './live-key.ts';

/**
 * What keys are granted: their own permissions and their roles. Every method yields what the key has then and throws as
 * the function of its name does, or a Fault `service_unavailable` when the store does not answer. Asks for no permission
 * but through `authorizeCreate`: the rest is the operation's.
 */
export interface KeyGrantService {
  addPermissions(caller: Caller, key: LiveKey, given: GivenPermissions): Promise<PermissionView[]>;
  removePermissions(caller: Caller, key: LiveKey, slugs: readonly string[]): Promise<PermissionView[]>;
  setPermissions(caller: Caller, key: LiveKey, given: GivenPermissions): Promise<PermissionView[]>;
  addRoles(caller: Caller, key: LiveKey, names: readonly string[]): Promise<RoleView[]>;
  removeRoles(caller: Caller, key: LiveKey, names: readonly string[]): Promise<RoleView[]>;
  setRoles(caller: Caller, key: LiveKey, names: readonly string[]): Promise<RoleView[]>;
}

export function createKeyGrantService(deps: KeyGrantDeps): KeyGrantService {
  return {
    addPermissions: (caller, key, given) =>
      reportingStoreFailure('adding permissions to a key', () => addPermissions(deps, caller, key, given)),
    removePermissions: (caller, key, slugs) =>
      reportingStoreFailure('removing permissions from a key', () =>
        removePermissions(deps, caller, key, slugs),
      ),
    setPermissions: (caller, key, given) =>
      reportingStoreFailure('setting the permissions of a key', () =>
        setPermissions(deps, caller, key, given),
      ),
    addRoles: (caller, key, names) =>
      reportingStoreFailure('adding roles to a key', () => addRoles(deps, caller, key, names)),
    removeRoles: (caller, key, names) =>
      reportingStoreFailure('removing roles from a key', () => removeRoles(deps, caller, key, names)),
    setRoles: (caller, key, names) =>
      reportingStoreFailure('setting the roles of a key', () => setRoles(deps, caller, key, names)),
  };
}
