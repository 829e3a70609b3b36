// What the DNS says of a name.

import { Resolver } from 'node:dns/promises';

/** Each question rejects with a DnsError when nobody answers it; a name that does not exist has no records. */
export interface Dns {
  /** Names that CNAME records lead to, in lower case, without a dot at the end. */
  cnames(name: string): Promise<readonly string[]>;
  /** TXT records, the parts of each joined. */
  texts(name: string): Promise<readonly string[]>;
  /** Whether the name leads to an address. */
  hasAddress(name: string): Promise<boolean>;
}

/** The DNS could not be asked. */
export class DnsError extends Error {
  override readonly name = 'DnsError';
}

/** Milliseconds that a server has for an answer, and how often it is asked. */
const TIMEOUT_MS = 3_000;
const TRIES = 2;

/** Asks the name servers of this machine. @param servers others, as `address:port`; for tests */
export function systemDns(servers?: readonly string[]): Dns {
  const resolver = new Resolver({ timeout: TIMEOUT_MS, tries: TRIES });
  if (servers !== undefined) resolver.setServers(servers);
  return {
    async cnames(name) {
      const targets = await records(() => resolver.resolveCname(name));
      return targets.map((target) => target.toLowerCase().replace(/\.$/, ''));
    },
    async texts(name) {
      const texts = await records(() => resolver.resolveTxt(name));
      return texts.map((parts) => parts.join(''));
    },
    async hasAddress(name) {
      if ((await records(() => resolver.resolve4(name))).length > 0) return true;
      return (await records(() => resolver.resolve6(name))).length > 0;
    },
  };
}

/** Codes that say that there is no such record. */
const NONE: readonly unknown[] = ['ENODATA', 'ENOTFOUND'];

async function records<T>(ask: () => Promise<T[]>): Promise<T[]> {
  try {
    return await ask();
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    if (NONE.includes(code)) return [];
    throw new DnsError(`the DNS did not answer (${code})`, { cause });
  }
}
