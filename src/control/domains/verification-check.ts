// Whether the DNS shows that a domain is its workspace's, and leads here. Source: the verification loop of the platform
// chapter, section minimal control plane.

import { isApexDomain } from '../../services/domains/domain-name.ts';
import type { Dns } from './dns.ts';

export interface DomainToCheck {
  readonly domain: string;
  readonly targetCname: string;
  readonly verificationToken: string;
  /** Whether the name is verified for another workspace: a CNAME alone does not take it away. */
  readonly isHeldElsewhere: boolean;
}

export interface CheckOutcome {
  /** Whether the domain's CNAME record leads to its target. */
  readonly cnameVerified: boolean;
  /** Whether the ownership record is there; true when none is asked for. */
  readonly ownershipVerified: boolean;
  /** What is missing, for its owner to read; null when the domain is verified. */
  readonly missing: string | null;
}

/** @throws DnsError when the DNS cannot be asked */
export async function checkDomain(dns: Dns, domain: DomainToCheck): Promise<CheckOutcome> {
  const { domain: name, targetCname, verificationToken, isHeldElsewhere } = domain;
  const record = { name: `_unkey.${name}`, value: `unkey-domain-verify=${verificationToken}` };
  const isApex = isApexDomain(name);
  const [cnames, texts, hasAddress] = await Promise.all([
    dns.cnames(name),
    dns.texts(record.name),
    isApex ? dns.hasAddress(name) : true,
  ]);
  const cnameVerified = cnames.includes(targetCname.toLowerCase());
  const needsRecord = !cnameVerified || isHeldElsewhere;
  const hasRecord = texts.some((text) => text.toLowerCase() === record.value.toLowerCase());
  const problems = [
    ...(needsRecord && !hasRecord ? [recordProblem(domain, record.name, cnameVerified)] : []),
    ...(hasAddress ? [] : [`${name} leads to no address`]),
  ];
  return {
    cnameVerified,
    ownershipVerified: !needsRecord || hasRecord,
    missing: problems.length === 0 ? null : problems.join('; '),
  };
}

function recordProblem({ domain, targetCname }: DomainToCheck, record: string, hasCname: boolean): string {
  return hasCname
    ? `another workspace has this domain: the TXT record at ${record} has to show that it is yours`
    : `neither a CNAME record of ${domain} to ${targetCname} nor the TXT record at ${record} was found`;
}
