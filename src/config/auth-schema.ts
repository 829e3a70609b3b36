// The entries of `[[auth]]`: which credentials are accepted. Unknown fields are errors.
import Joi from 'joi';
import type { SettingMeta } from './setting-meta.ts';

const HIDDEN: SettingMeta = { secret: 'hidden' };

/** Smallest signing secret of a JWT entry, in bytes. */
const MIN_SECRET_BYTES = 32;

export const authEntrySchemas = {
  jwt: Joi.object({
    type: Joi.string().valid('jwt').required(),
    issuer: Joi.string()
      .pattern(/\S/)
      .required()
      .messages({ 'string.empty': 'must not be blank', 'string.pattern.base': 'must not be blank' })
      .description('accepted `iss`'),
    audience: Joi.string().allow('').description('required `aud`, when set'),
    secrets: Joi.array()
      .items(
        Joi.string()
          .min(MIN_SECRET_BYTES, 'utf8')
          .messages({ 'string.min': `must be at least ${MIN_SECRET_BYTES} bytes long` }),
      )
      .min(1)
      .meta(HIDDEN)
      .description('HS256 secrets'),
    jwks_url: Joi.string()
      .allow('')
      .pattern(/^https:\/\/[^/?#\s]+/i)
      .messages({ 'string.pattern.base': 'must be an absolute https URL' })
      .description('RS256 key set'),
    provider: Joi.string()
      .allow('')
      .valid('', 'workos')
      .description('identity provider whose claims are mapped'),
  }).description('a token signed by another system'),
  portal_session: Joi.object({ type: Joi.string().valid('portal_session').required() }).description(
    'a portal session token',
  ),
  root_key: Joi.object({
    type: Joi.string().valid('root_key').required(),
    enabled: Joi.boolean()
      .valid(true)
      .messages({ 'any.only': 'must be true; remove the entry to switch root keys off' }),
  }).description('a root key'),
} as const;

export type AuthType = keyof typeof authEntrySchemas;

/** The schema of one `[[auth]]` entry by its `type`; undefined for an unknown type. */
export function authEntrySchema(type: unknown): Joi.ObjectSchema | undefined {
  return typeof type === 'string' && Object.hasOwn(authEntrySchemas, type)
    ? authEntrySchemas[type as AuthType]
    : undefined;
}

export const AUTH_TYPES: readonly string[] = Object.keys(authEntrySchemas);
