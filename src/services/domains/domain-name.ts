// Names of custom domains, as the API and the control plane both read them. Source: the domain parsing of the platform
// chapter (UTS #46 lookup, without its transitional rules, and the public-suffix list).

import { domainToASCII, domainToUnicode } from 'node:url';
import { getDomain } from 'tldts';

/** ASCII that no label holds. Node's conversion would take some of it for the parts of a URL, and drop others. */
const FOREIGN_ASCII = /[^a-z0-9.\-\u0080-\u{10ffff}]/iu;
/** What the STD3 rules refuse beyond ASCII. */
const FOREIGN_SYMBOLS = /[≠≮≯]/;
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const NUMBER = /^(?:\d+|0x[0-9a-f]*)$/;
const LONGEST_NAME = 253;

/**
 * The name in lower-case ASCII, Unicode labels as Punycode; undefined when the text is no name that could be registered, or
 * one below such a name. Wildcards, addresses, bare public suffixes and names with a dot at the end are none.
 */
export function parseDomainName(text: string): string | undefined {
  if (text.endsWith('.') || FOREIGN_ASCII.test(text)) return undefined;
  const name = domainToASCII(text);
  const labels = name.split('.');
  const last = labels.at(-1) ?? '';
  if (name.length > LONGEST_NAME || last.length < 2 || NUMBER.test(last)) return undefined;
  if (!labels.every((label) => LABEL.test(label))) return undefined;
  const readable = domainToUnicode(name);
  if (FOREIGN_SYMBOLS.test(readable) || readable.split('.').some(hasWrongHyphens)) return undefined;
  return registrableDomain(name) === null ? undefined : name;
}

/** Whether a parsed name is the one that was registered, rather than a name below it. */
export function isApexDomain(name: string): boolean {
  return registrableDomain(name) === name;
}

function registrableDomain(name: string): string | null {
  return getDomain(name, { allowPrivateDomains: true });
}

/** @param label in Unicode */
function hasWrongHyphens(label: string): boolean {
  return label.startsWith('-') || label.endsWith('-') || label.slice(2, 4) === '--';
}
