// Checks each given value against the schema, and the entries of [[auth]] against theirs.
import type Joi from 'joi';
import { nearest } from '../lib/nearest.ts';
import { AUTH_TYPES, authEntrySchema } from './auth-schema.ts';
import type { Setting } from './catalogue.ts';
import { type ConfigProblem, describeProblem } from './problems.ts';
import { MASK } from './redact.ts';
import type { Given } from './resolve.ts';

const JOI_OPTIONS: Joi.ValidationOptions = {
  abortEarly: false,
  convert: false,
  errors: { label: false, wrap: { label: false } },
};

/** A value as a message may show it. */
function shown(value: unknown, secret: boolean): string | undefined {
  if (value === undefined) return undefined;
  if (secret) return MASK;
  return typeof value === 'string' ? JSON.stringify(value) : (JSON.stringify(value) ?? String(value));
}

/** A Joi path as a TOML path: `auth[0].secrets[1]`. */
function joined(parts: readonly (string | number)[]): string {
  return parts.reduce<string>(
    (path, part) => (typeof part === 'number' ? `${path}[${part}]` : path === '' ? part : `${path}.${part}`),
    '',
  );
}

/** Every value that its setting's schema refuses. `[[auth]]` is checked by {@link authProblems}. */
export function valueProblems(
  schema: Joi.ObjectSchema,
  catalogue: readonly Setting[],
  given: ReadonlyMap<string, Given>,
): ConfigProblem[] {
  return catalogue.flatMap((setting) => {
    const entry = given.get(setting.path);
    if (entry === undefined || setting.kind === 'entries') return [];
    const { error } = schema.extract(setting.path.split('.')).validate(entry.value, JOI_OPTIONS);
    const problems = (error?.details ?? []).map((detail) => ({
      path: `${setting.path}${joined(detail.path)}`,
      what: detail.message,
      got: shown(detail.context?.value, setting.secret !== undefined),
      origin: entry.origin,
    }));
    // Several rules of one value may say the same.
    const lines = problems.map(describeProblem);
    return problems.filter((_, index) => lines.indexOf(lines[index] ?? '') === index);
  });
}

const SECRET_FIELDS = new Set(['secrets']);

/** What is wrong with the entries of `[[auth]]`. `originOf` tells the place of a path inside the file. */
export function authProblems(
  entries: Given | undefined,
  originOf: (path: string) => string,
): ConfigProblem[] {
  if (entries === undefined) return [];
  const { value } = entries;
  if (!Array.isArray(value)) {
    return [
      { path: 'auth', what: 'must be a list of entries', got: `a ${typeof value}`, origin: entries.origin },
    ];
  }
  return value.flatMap((entry: unknown, index) => entryProblems(entry, `auth[${index}]`, originOf));
}

function entryProblems(entry: unknown, path: string, originOf: (path: string) => string): ConfigProblem[] {
  const fields = typeof entry === 'object' && entry !== null ? (entry as Record<string, unknown>) : {};
  const schema = authEntrySchema(fields.type);
  if (schema === undefined) {
    const at = `${path}.type`;
    const offer = typeof fields.type === 'string' ? nearest(fields.type, AUTH_TYPES) : undefined;
    const what = `must be one of ${AUTH_TYPES.join(', ')}${offer === undefined ? '' : `; did you mean ${offer}?`}`;
    return [
      {
        path: at,
        what: fields.type === undefined ? `is required; ${what}` : what,
        got: shown(fields.type, false),
        origin: originOf(at),
      },
    ];
  }
  const problems: ConfigProblem[] = (schema.validate(entry, JOI_OPTIONS).error?.details ?? []).map(
    (detail) => {
      const at = `${path}.${joined(detail.path)}`;
      const unknown = detail.type === 'object.unknown';
      const missing = detail.type === 'any.required';
      return {
        path: at,
        what: unknown ? 'unknown field' : detail.message,
        // The value of an unknown field may be a misspelt secret.
        got: missing
          ? undefined
          : shown(detail.context?.value, unknown || SECRET_FIELDS.has(String(detail.path[0]))),
        origin: originOf(at),
      };
    },
  );
  if (fields.type === 'jwt') problems.push(...jwtProblems(fields, path, originOf));
  return problems;
}

function jwtProblems(
  fields: Readonly<Record<string, unknown>>,
  path: string,
  originOf: (path: string) => string,
): ConfigProblem[] {
  const hasSecrets = fields.secrets !== undefined;
  const hasJwks = fields.jwks_url !== undefined && fields.jwks_url !== '';
  const problems: ConfigProblem[] = [];
  if (hasSecrets === hasJwks) {
    const what = hasSecrets ? 'takes secrets or jwks_url, not both' : 'needs one of secrets and jwks_url';
    problems.push({ path, what, origin: originOf(path) });
  }
  if (fields.provider === 'workos' && !hasJwks) {
    const at = `${path}.provider`;
    problems.push({ path: at, what: 'workos needs jwks_url', got: '"workos"', origin: originOf(at) });
  }
  return problems;
}
