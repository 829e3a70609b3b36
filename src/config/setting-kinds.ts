// The kinds of values that settings take, as Joi schemas whose messages name what was expected.
import ipaddr from 'ipaddr.js';
import Joi from 'joi';
import type { SettingMeta } from './setting-meta.ts';

/** What `Schema.meta()` is given, checked; Joi itself takes any object. */
export const meta = (values: SettingMeta) => values;

/** A text; absent when empty. */
export const text = () => Joi.string().allow('');

/** A text that may be empty and then means the empty text. */
export const label = () => text().meta(meta({ mayBeEmpty: true }));

/** An integer in a range, both ends allowed; `otherwise` ends the sentence that says so. */
const integer = (min: number, max: number, otherwise = '') =>
  Joi.number()
    .integer()
    .min(min)
    .max(max)
    .messages(
      Object.fromEntries(
        ['number.base', 'number.integer', 'number.min', 'number.max'].map((type) => [
          type,
          `must be an integer from ${min} to ${max}${otherwise}`,
        ]),
      ),
    );

/** A port; 0 where it has a meaning. */
export const port = (min: 0 | 1) => integer(min, 65_535);

/** A number of processes, no more than any machine has use for, or `auto`. */
export const workerCount = () => integer(1, 1024, ', or "auto"').allow('auto');

/** A share, from none to all. */
export const ratio = () =>
  Joi.number()
    .min(0)
    .max(1)
    .messages({ 'number.min': 'must be from 0 to 1', 'number.max': 'must be from 0 to 1' });

const DURATION = /^(?:0|\+?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|ms|s|m|h))+)$/;
const NO_DURATION = 'must be a duration such as 500ms, 30s or 1h30m';

/** A Go-style duration. A pattern and not `parseDuration`, so that the JSON Schema of the file carries it. */
export const duration = () =>
  Joi.string()
    .pattern(DURATION)
    .messages({ 'string.pattern.base': NO_DURATION, 'string.base': NO_DURATION, 'string.empty': NO_DURATION })
    .meta(meta({ duration: true }));

const matching = (pattern: RegExp, expected: string) =>
  text()
    .pattern(pattern)
    .messages({ 'string.pattern.base': `must be ${expected}` });

const HTTP_URL = /^https?:\/\/[^/?#\s]+/i;
const HTTP_ORIGIN_OR_EMBEDDED = /^(?:https?:\/\/[^/?#\s]+$|embedded:$)/i;
const HTTP_OR_EMBEDDED = /^(?:https?:\/\/[^/?#\s]+|embedded:$)/i;
const REDIS_URL = /^(?:rediss?:\/\/\S+|memory:$)/i;
const CLICKHOUSE_URL = /^(?:clickhouse|https?):\/\/\S+$/i;
const CLICKHOUSE_OR_CHDB = /^(?:(?:clickhouse|https?):\/\/\S+|chdb:.*)$/i;
const DATABASE_URL =
  /^(?:mysql:\/\/\S+|sqlite:.+|(?:[^@]*@|.*@)?(?:tcp|unix)\([^)]+\)\/[^/]+|(?:.*@)?\/[^/]+)$/is;

export const httpUrl = () => matching(HTTP_URL, 'an absolute http or https URL');
export const httpOriginOrEmbedded = () =>
  matching(
    HTTP_ORIGIN_OR_EMBEDDED,
    'an absolute http or https URL without path, query or fragment, or embedded:',
  );
export const httpOrEmbeddedUrl = () =>
  matching(HTTP_OR_EMBEDDED, 'an absolute http or https URL, or embedded:');
/** A domain under which labels of up to 63 characters are made. */
export const domain = () =>
  matching(
    /^(?=.{1,189}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/,
    'a domain in lower case, such as apps.example.com',
  );
export const redisUrl = () =>
  matching(REDIS_URL, 'redis://…, rediss://… or memory:')
    .custom((value: string, { error }) =>
      !REDIS_URL.test(value) || isDecodable(value) ? value : error('url.undecodable'),
    )
    .messages({ 'url.undecodable': 'must be a URL with its user and password percent-encoded' });
export const clickhouseUrl = () => matching(CLICKHOUSE_URL, 'clickhouse://… or http(s)://…');
export const clickhouseOrChdbUrl = () =>
  matching(CLICKHOUSE_OR_CHDB, 'clickhouse://…, http(s)://…, chdb: or chdb:<directory>');
export const databaseUrl = () =>
  matching(
    DATABASE_URL,
    'user:password@tcp(host:port)/database, mysql://…, sqlite:<path> or sqlite::memory:',
  );

/** Whether the value is a URL whose user and password can be told. */
function isDecodable(value: string): boolean {
  const url = URL.parse(value);
  if (url === null) return false;
  try {
    decodeURIComponent(`${url.username}:${url.password}`);
    return true;
  } catch {
    return false;
  }
}

/** An IP address or a CIDR range. */
export const address = () =>
  Joi.string()
    .custom((value: string, { error }) =>
      ipaddr.isValid(value) || ipaddr.isValidCIDR(value) ? value : error('address.invalid'),
    )
    .messages({ 'address.invalid': 'must be an IP address or a CIDR range' });
