// What the scenarios send. All requests pass: limits and credits are too high to run out.
import type { Bed } from '../bed.ts';
import { WARM_KEYS } from '../plan.ts';
import { dataOf, type Subject } from '../subject.ts';
import type { SingleTraffic, Traffic } from './http-scenario.ts';

const PLENTY = 1_000_000_000;
const MINUTE = 60_000;
const IDENTIFIERS = 10_000;

const verifying = (keys: readonly string[]): Traffic => ({
  operation: 'keys.verifyKey',
  bodies: keys.map((key) => ({ key })),
  expected: '"VALID"',
});

export async function oneKey(subject: Subject): Promise<Traffic> {
  return verifying([await createKey(subject, {})]);
}

export async function manyKeys(_subject: Subject, { installation }: Bed): Promise<Traffic> {
  return verifying(installation.keys.slice(0, WARM_KEYS));
}

export async function unseenKeys(_subject: Subject, { installation, plan }: Bed): Promise<SingleTraffic> {
  const [first, ...unseen] = installation.keys.slice(WARM_KEYS - 1);
  const bodies = unseen.map((key) => ({ key }));
  const shares = Array.from({ length: plan.rounds + 1 }, (_, share) =>
    bodies.slice(share * plan.coldKeys, (share + 1) * plan.coldKeys),
  );
  return { ...verifying([]), shares: [[{ key: first }], ...shares] };
}

export async function limitedKey(subject: Subject): Promise<Traffic> {
  const limit = { name: 'requests', limit: PLENTY, duration: MINUTE, autoApply: true };
  return verifying([await createKey(subject, { ratelimits: [limit] })]);
}

export async function creditedKey(subject: Subject): Promise<Traffic> {
  return verifying([await createKey(subject, { credits: { remaining: PLENTY } })]);
}

const ITEM = { namespace: 'bench', limit: PLENTY, duration: MINUTE };

export async function oneIdentifier(): Promise<Traffic> {
  return {
    operation: 'ratelimit.limit',
    bodies: [{ ...ITEM, identifier: 'one' }],
    expected: '"success":true',
  };
}

export async function manyIdentifiers(): Promise<Traffic> {
  return {
    operation: 'ratelimit.limit',
    bodies: Array.from({ length: IDENTIFIERS }, (_, index) => ({ ...ITEM, identifier: `of-many-${index}` })),
    expected: '"success":true',
  };
}

export async function fiveLimits(): Promise<Traffic> {
  return {
    operation: 'ratelimit.multiLimit',
    bodies: [Array.from({ length: 5 }, (_, index) => ({ ...ITEM, identifier: `of-five-${index}` }))],
    expected: '"passed":true',
  };
}

async function createKey({ apiId, call }: Subject, body: Record<string, unknown>): Promise<string> {
  const answer = await call({ operation: 'keys.createKey', body: { apiId, prefix: 'bench', ...body } });
  return dataOf<{ key: string }>(answer).key;
}
