/** What the operations on a key's own permissions take. */
export interface KeyPermissionsBody {
  readonly keyId: string;
  readonly permissions: readonly string[];
}

/** What the operations on a key's roles take. */
export interface KeyRolesBody {
  readonly keyId: string;
  readonly roles: readonly string[];
}
