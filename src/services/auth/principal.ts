/** Who is asking: what every resolver yields and every protected operation receives. */
export interface Principal {
  readonly version: 'v1';
  readonly type: 'API_KEY' | 'JWT' | 'PORTAL_SESSION';
  readonly subject: {
    readonly id: string;
    /** Key name or `root key`; the JWT's name, e-mail or subject; the portal's externalId. */
    readonly name: string;
    readonly type: 'rootkey' | 'user';
  };
  /** The workspace that every read and write of the request is scoped to. */
  readonly workspaceId: string;
  /** Granted permission strings, tuples and resource permissions alike; duplicates are harmless. */
  readonly permissions: readonly string[];
  readonly source: PrincipalSource;
}

export type PrincipalSource =
  | { readonly kind: 'rootKey'; readonly keyId: string; readonly keyspaceId: string }
  | {
      readonly kind: 'jwt';
      readonly header: Readonly<Record<string, unknown>>;
      readonly payload: Readonly<Record<string, unknown>>;
    }
  | {
      readonly kind: 'portalSession';
      readonly sessionId: string;
      readonly portalId: string;
      readonly externalId: string;
      readonly keyspaceIds: readonly string[];
    };

/** Address and agent of the caller: for IP allow-lists, audit events and logs. */
export interface ClientInfo {
  readonly ip: string;
  readonly userAgent: string;
}
