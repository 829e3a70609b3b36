// What a token claims, checked strictly. Source: the JWT section of the HTTP contract, steps 2, 3 and 5.

import { isObject, type JsonObject } from '../../lib/json.ts';

/** Claims that a principal is made of. */
export interface JwtIdentity {
  readonly subjectId: string;
  readonly subjectName: string;
  readonly orgId: string;
  readonly permissions: readonly string[];
}

export interface ClaimRules {
  readonly issuer: string;
  /** Blank or undefined: any audience will do. */
  readonly audience: string | undefined;
}

/** Says why claims are refused, for the operator; the caller learns only that the token is malformed. */
export class ClaimError extends Error {
  override readonly name = 'ClaimError';
}

const MAX_TEXT_BYTES = 255;
const MAX_AUDIENCES = 10;

/** Checks the claims against the rules at `now` (unix ms, no clock skew) and reads the identity. Throws a ClaimError. */
export function readClaims(payload: JsonObject, rules: ClaimRules, now: number): JwtIdentity {
  const issuer = shortText(payload, 'iss');
  const subject = shortText(payload, 'sub');
  shortText(payload, 'jti');
  const audience = audienceOf(payload);
  const seconds = Math.floor(now / 1000);
  const expires = seconds1970(payload, 'exp');
  const notBefore = seconds1970(payload, 'nbf');
  const issuedAt = seconds1970(payload, 'iat');

  if (expires === 0 || issuedAt === 0) throw new ClaimError('exp and iat are required');
  if (seconds > expires) throw new ClaimError('the token has expired');
  if (seconds < notBefore) throw new ClaimError('the token is not valid yet');
  if (issuer !== rules.issuer) throw new ClaimError('iss is not the configured issuer');
  const wanted = rules.audience;
  if (wanted !== undefined && wanted.trim() !== '' && !audience.includes(wanted)) {
    throw new ClaimError('aud does not hold the configured audience');
  }

  const user = object(payload, 'user');
  const subjectId = subject || text(user, 'id');
  const orgId = text(object(payload, 'org'), 'id');
  if (subjectId === '') throw new ClaimError('sub or user.id is required');
  if (orgId === '') throw new ClaimError('org.id is required');
  const perms = texts(payload, 'perms');
  const permissions = texts(payload, 'permissions');
  return {
    subjectId,
    subjectName: text(payload, 'name') || text(user, 'email') || subjectId,
    orgId,
    permissions: perms.length > 0 ? perms : permissions,
  };
}

// Each reader takes null like an absent claim and refuses every other type than its own.

function text(claims: JsonObject, name: string): string {
  const value = claims[name] ?? '';
  if (typeof value !== 'string') throw new ClaimError(`${name} is not a string`);
  return value;
}

function shortText(claims: JsonObject, name: string): string {
  const value = text(claims, name);
  if (Buffer.byteLength(value) > MAX_TEXT_BYTES) throw new ClaimError(`${name} is too long`);
  return value;
}

function texts(claims: JsonObject, name: string): string[] {
  const value = claims[name] ?? [];
  if (!Array.isArray(value)) throw new ClaimError(`${name} is not an array`);
  return value.map((entry: unknown) => {
    if (typeof entry !== 'string') throw new ClaimError(`${name} holds something else than strings`);
    return entry;
  });
}

function audienceOf(claims: JsonObject): string[] {
  const audience = texts(claims, 'aud');
  if (audience.length > MAX_AUDIENCES) throw new ClaimError('aud has too many entries');
  if (audience.some((entry) => Buffer.byteLength(entry) > MAX_TEXT_BYTES)) {
    throw new ClaimError('an entry of aud is too long');
  }
  return audience;
}

/** A time claim in whole seconds; 0 when absent. */
function seconds1970(claims: JsonObject, name: string): number {
  const value = claims[name] ?? 0;
  if (!Number.isSafeInteger(value)) throw new ClaimError(`${name} is not an integer`);
  return value as number;
}

function object(claims: JsonObject, name: string): JsonObject {
  const value = claims[name] ?? {};
  if (!isObject(value)) throw new ClaimError(`${name} is not an object`);
  return value;
}
