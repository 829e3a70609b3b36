// How secrets are shown: not at all, or a connection string without its password (G-15).

import { hasDsnForm } from '../lib/dsn-form.ts';

export const MASK = '***';

const SECRET_PARAMETER = /([?&][^=&#]*(?:password|passwd|secret|token|access_key)[^=&#]*=)[^&#]*/gi;

/**
 * A connection string as it may be shown: the password, and query parameters that hold one, replaced by `***`. Takes URLs
 * and Go-style DSNs (`user:pass@tcp(host:port)/db`). Where the end of the password is uncertain, more is hidden.
 */
export function maskConnectionString(text: string): string {
  const url = hasDsnForm(text) ? null : /^([a-z][a-z0-9+.-]*:\/\/)(.*)$/is.exec(text);
  const scheme = url?.[1] ?? '';
  const rest = (url?.[2] ?? text).replace(SECRET_PARAMETER, `$1${MASK}`);
  const at = rest.lastIndexOf('@');
  if (at === -1) return scheme + rest;
  const colon = rest.indexOf(':');
  if (colon === -1 || colon > at) return scheme + rest;
  return `${scheme}${rest.slice(0, colon)}:${MASK}${rest.slice(at)}`;
}

const URL_PASSWORD = /([a-z][a-z0-9+.-]*:\/\/[^\s:/@]*):[^\s]*@/gi;
const DSN_PASSWORD = /(^|[\s'"`(])([^\s:'"`(@]+):[^\s]*@(tcp|unix)\(/gi;
const ROOT_KEY = /\bunkey_[1-9A-HJ-NP-Za-km-z]{8,}/g;
const BEARER = /\b(Bearer|Basic)\s+\S+/gi;
const PEM = /-----BEGIN [^-]*PRIVATE KEY-----[\s\S]*?(?:-----END [^-]*-----|$)/g;

/** Free text (an error message, a stack) with everything that looks like a secret replaced. The last line of defence. */
export function maskSecrets(text: string): string {
  return text
    .replace(PEM, MASK)
    .replace(URL_PASSWORD, `$1:${MASK}@`)
    .replace(DSN_PASSWORD, `$1$2:${MASK}@$3(`)
    .replace(SECRET_PARAMETER, `$1${MASK}`)
    .replace(ROOT_KEY, `unkey_${MASK}`)
    .replace(BEARER, `$1 ${MASK}`);
}
