// JSON Web Tokens as bearer tokens. Source: the JWT section of the HTTP contract. Signatures are jose's business, the
// form of the token and its claims are checked here because the contract is stricter than the standard.

import { compactVerify } from 'jose';
import type { Clock } from '../../lib/clock.ts';
import { Fault } from '../../lib/fault.ts';
import { isObject, type JsonObject } from '../../lib/json.ts';
import type { Logger } from '../../lib/logger.ts';
import type { OrgWorkspace, WorkspaceByOrg } from '../workspaces/workspace-by-org.ts';
import type { Resolver } from './authenticator.ts';
import { extractBearer } from './bearer.ts';
import { ClaimError, type ClaimRules, type JwtIdentity, readClaims } from './jwt-claims.ts';
import type { KeySet, KeySource } from './jwt-keys.ts';
import type { Principal } from './principal.ts';
import { translateWorkosSlugs } from './workos.ts';

export interface JwtDeps {
  readonly rules: ClaimRules;
  readonly keys: KeySource;
  /** `workos`: the claimed permissions are WorkOS slugs, to be translated. */
  readonly provider: 'workos' | undefined;
  readonly workspaces: WorkspaceByOrg;
  readonly clock: Clock;
  readonly log: Logger;
}

const TOKEN = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;

/**
 * Resolves a bearer with exactly two dots as a token of one issuer; yields on any other. Throws the Faults `malformed`
 * (form, signature or claims), `forbidden` and `workspace_disabled` (the organisation's workspace), or
 * `service_unavailable` (no keys, or no answer from the store).
 */
export function createJwtResolver(deps: JwtDeps): Resolver {
  return {
    kind: 'jwt',
    async resolve({ authorization }) {
      const token = tokenOf(authorization);
      if (token === undefined) return undefined;
      const header = readHeader(token, deps.keys.algorithm);
      const payload = await verifySignature(token, header, deps.keys);
      const identity = identityOf(payload, deps);
      const workspace = await findWorkspace(identity.orgId, deps.workspaces);
      return toPrincipal({ header, payload, identity, workspace }, deps);
    },
  };
}

function tokenOf(authorization: string | undefined): string | undefined {
  // The three parts of a token hold no dot, the scheme and the blanks around it neither.
  if (authorization?.split('.').length !== 3) return undefined;
  try {
    return extractBearer(authorization);
  } catch (error) {
    // No bearer at all: the chain reports it when nobody else accepts the request.
    if (error instanceof Fault) return undefined;
    throw error;
  }
}

function malformed(internal: string, cause?: unknown): Fault {
  return new Fault('unkey:authentication:malformed', {
    public: 'The provided token is not valid.',
    internal,
    cause,
  });
}

function readHeader(token: string, algorithm: string): JsonObject & { readonly kid?: string } {
  if (!TOKEN.test(token)) throw malformed('a part of the token is empty or not base64url');
  const header = parseObject(Buffer.from(token.slice(0, token.indexOf('.')), 'base64url'));
  if (header === undefined) throw malformed('the token header is not a JSON object');
  if (header.alg !== algorithm) throw malformed(`the token is not signed with ${algorithm}`);
  const { kid } = header;
  if (kid !== undefined && typeof kid !== 'string') throw malformed('kid is not a string');
  return header;
}

async function verifySignature(
  token: string,
  header: { readonly kid?: string },
  source: KeySource,
): Promise<JsonObject> {
  const kid = header.kid === '' ? undefined : header.kid;
  const held = await source.current();
  let payload = await verifyWith(token, held, kid, source.algorithm);
  if (payload === undefined && !held.knows(kid)) {
    const newer = await source.newerThan(held);
    if (newer !== undefined) payload = await verifyWith(token, newer, kid, source.algorithm);
  }
  if (payload === undefined) throw malformed('no key verifies the token');
  const claims = parseObject(payload);
  if (claims === undefined) throw malformed('the token payload is not a JSON object');
  return claims;
}

/** The signed payload, or undefined when none of the set's keys verifies the token. */
async function verifyWith(
  token: string,
  set: KeySet,
  kid: string | undefined,
  algorithm: string,
): Promise<Uint8Array | undefined> {
  for (const key of set.candidates(kid)) {
    // Whatever jose objects to (signature, critical headers, unfit key), the token is not verified by this key.
    const payload = await compactVerify(token, key, { algorithms: [algorithm] }).then(
      (verified) => verified.payload,
      () => undefined,
    );
    if (payload !== undefined) return payload;
  }
  return undefined;
}

function identityOf(payload: JsonObject, { rules, clock }: JwtDeps): JwtIdentity {
  try {
    return readClaims(payload, rules, clock.now());
  } catch (error) {
    if (error instanceof ClaimError) throw malformed('the token was refused by its claims', error);
    throw error;
  }
}

async function findWorkspace(orgId: string, workspaces: WorkspaceByOrg): Promise<OrgWorkspace> {
  const workspace = await workspaces.find(orgId);
  if (workspace === null) {
    throw new Fault('unkey:authorization:forbidden', {
      public: 'The organisation of this token has no workspace.',
      internal: `no workspace for organisation ${orgId}`,
    });
  }
  if (!workspace.enabled) {
    throw new Fault('unkey:authorization:workspace_disabled', { public: 'The workspace is disabled.' });
  }
  return workspace;
}

function toPrincipal(
  token: {
    readonly header: JsonObject;
    readonly payload: JsonObject;
    readonly identity: JwtIdentity;
    readonly workspace: OrgWorkspace;
  },
  { provider, log }: JwtDeps,
): Principal {
  const { identity, workspace } = token;
  return {
    version: 'v1',
    type: 'JWT',
    subject: { id: identity.subjectId, name: identity.subjectName, type: 'user' },
    workspaceId: workspace.id,
    permissions:
      provider === 'workos'
        ? translateWorkosSlugs(identity.permissions, workspace.id, log)
        : identity.permissions,
    source: { kind: 'jwt', header: token.header, payload: token.payload },
  };
}

/** The JSON object that the bytes are, or undefined: a token that holds anything else is malformed, whatever the reason. */
function parseObject(bytes: Uint8Array): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
