// What is measured. A scenario's requests all pass: limits and credits are too high to run out.
import type { Scenario } from './scenario.ts';
import { dataOf, type Subject } from './subject.ts';

export interface Plan {
  readonly rounds: number;
  readonly connections: number;
  /** Length of a round of a scenario that can repeat its requests. */
  readonly seconds: number;
  readonly storedKeys: number;
}

const PLENTY = 1_000_000_000;
const MINUTE = 60_000;
const IDENTIFIERS = 10_000;

/** Keys without limits. `keys` are stored and were not verified yet. */
export function keyScenarios({ apiId }: Subject, keys: readonly string[], plan: Plan): Scenario[] {
  const [warmKey, ...coldKeys] = keys;
  // A cold key is sent once and to one server only: warm-up and rounds, of floor and subject, share the list out. Each
  // connection may draw one body more than it sends.
  const share = Math.floor(coldKeys.length / (2 * (plan.rounds + 1))) - plan.connections;
  const unused = coldKeys.values();
  return [
    {
      name: 'verifyKey warm',
      operation: 'keys.verifyKey',
      nextBody: () => ({ key: warmKey }),
      expected: '"VALID"',
      ...lasting(plan),
    },
    {
      name: 'verifyKey cold',
      operation: 'keys.verifyKey',
      nextBody: () => ({ key: drawn(unused) }),
      expected: '"VALID"',
      extent: { requests: share },
      warmUp: { requests: share },
    },
    {
      name: 'createKey',
      operation: 'keys.createKey',
      nextBody: () => ({ apiId, prefix: 'bench' }),
      expected: '"keyId"',
      ...lasting(plan),
    },
  ];
}

/** Rate limits and credits. Makes the keys that they need. */
export async function limitScenarios(subject: Subject, plan: Plan): Promise<Scenario[]> {
  const limitedKey = await createKey(subject, {
    ratelimits: [{ name: 'requests', limit: PLENTY, duration: MINUTE, autoApply: true }],
  });
  const creditedKey = await createKey(subject, { credits: { remaining: PLENTY } });
  const item = { namespace: 'bench', limit: PLENTY, duration: MINUTE };
  let turn = 0;
  return [
    {
      name: 'ratelimit.limit, one identifier',
      operation: 'ratelimit.limit',
      nextBody: () => ({ ...item, identifier: 'one' }),
      expected: '"success":true',
      ...lasting(plan),
    },
    {
      name: 'ratelimit.limit, 10 000 identifiers',
      operation: 'ratelimit.limit',
      nextBody: () => ({ ...item, identifier: `of-many-${turn++ % IDENTIFIERS}` }),
      expected: '"success":true',
      ...lasting(plan),
    },
    {
      name: 'ratelimit.multiLimit of 5',
      operation: 'ratelimit.multiLimit',
      nextBody: () => Array.from({ length: 5 }, (_, index) => ({ ...item, identifier: `of-five-${index}` })),
      expected: '"passed":true',
      ...lasting(plan),
    },
    {
      name: 'verifyKey with a limit',
      operation: 'keys.verifyKey',
      nextBody: () => ({ key: limitedKey }),
      expected: '"VALID"',
      ...lasting(plan),
    },
    {
      name: 'verifyKey with credits',
      operation: 'keys.verifyKey',
      nextBody: () => ({ key: creditedKey }),
      expected: '"VALID"',
      ...lasting(plan),
    },
  ];
}

const lasting = ({ seconds }: Plan): Pick<Scenario, 'extent' | 'warmUp'> => ({
  extent: { seconds },
  warmUp: { seconds },
});

async function createKey({ apiId, call }: Subject, body: Record<string, unknown>): Promise<string> {
  const answer = await call({ operation: 'keys.createKey', body: { apiId, prefix: 'bench', ...body } });
  return dataOf<{ key: string }>(answer).key;
}

function drawn(keys: Iterator<string>): string {
  const { value, done } = keys.next();
  if (done) throw new Error('the cold keys ran out');
  return value;
}
