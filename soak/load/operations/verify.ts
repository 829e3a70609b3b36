// Verifications: of keys that stay as they are, of keys that come and go, with a limit, with credits.
import { dataOf, type Exchange, isInDoubt } from '../../exchange.ts';
import type { LimitedCounter } from '../../ledger/limit-book.ts';
import type { LoadContext, Operation } from '../load-context.ts';

/** Only the youngest keys are verified and changed, so that each is used more than once. */
const YOUNG_KEYS = 300;
const COSTS = [1, 1, 1, 2, 5];

/** The limit of {@link LoadContext.limitedKeys}. */
export const KEY_LIMIT = { name: 'requests', limit: 50, duration: 10_000, autoApply: true } as const;

export const verifyPlain: Operation = (context) => {
  const key = context.random.pick(context.plainKeys);
  return {
    kind: 'verifyKey',
    warmth: key,
    operation: 'keys.verifyKey',
    body: { key },
    settle: (exchange) => {
      const code = verified(context, exchange);
      if (code === undefined) return;
      context.violations.check(
        'writes',
        code === 'VALID',
        () => `a plain key answered ${code} on ${exchange.life}`,
      );
    },
  };
};

export const verifyChanging: Operation = (context) => {
  const { ledger, random, violations, faults } = context;
  const record = ledger.pickKey(random, YOUNG_KEYS);
  if (record === undefined) return undefined;
  const { version } = record;
  return {
    kind: 'verifyKey of a new key',
    operation: 'keys.verifyKey',
    body: { key: record.key },
    settle: (exchange) => {
      const code = verified(context, exchange);
      if (code === undefined || record.version !== version) return;
      const { sentAt, endedAt, life } = exchange;
      const wrong = record.judge(code, {
        sentAt,
        life,
        processes: context.processesOf(life),
        storeWasAway: faults.touches(record.changedAt, endedAt, ['restart-mysql']),
      });
      violations.check(
        record.state === 'live' ? 'writes' : 'changes',
        wrong === undefined,
        () => wrong ?? '',
      );
    },
  };
};

export const verifyLimited: Operation = (context) => {
  const { keyId, key } = context.random.pick(context.limitedKeys);
  const counter: LimitedCounter = {
    name: `key/${keyId}`,
    limit: KEY_LIMIT.limit,
    duration: KEY_LIMIT.duration,
  };
  return {
    kind: 'verifyKey with limit',
    operation: 'keys.verifyKey',
    body: { key },
    settle: (exchange) => {
      const code = verified(context, exchange);
      const { limits } = context.ledger;
      if (isInDoubt(exchange)) limits.inDoubt(counter, exchange.sentAt, exchange.endedAt);
      const [limit] = (dataOf(exchange)?.ratelimits ?? []) as { readonly reset: number }[];
      if (code === undefined || limit === undefined) return;
      limits.answered(counter, limit.reset, code === 'VALID');
    },
  };
};

export const verifyCredited: Operation = (context) => {
  const { random, ledger, violations } = context;
  const accounts = ledger.credits.filter(({ open }) => open);
  if (accounts.length === 0) return undefined;
  const account = random.pick(accounts);
  const cost = random.pick(COSTS);
  const spending = account.beginSpend(cost);
  return {
    kind: 'verifyKey with credits',
    operation: 'keys.verifyKey',
    body: { key: account.key, credits: { cost } },
    settle: (exchange) => {
      const code = verified(context, exchange);
      if (code === 'VALID' || code === 'USAGE_EXCEEDED') {
        const wrong = code === 'VALID' ? spending.granted() : spending.refused();
        violations.check('credits', wrong === undefined, () => `${wrong} (${exchange.life})`);
        return;
      }
      if (isInDoubt(exchange)) spending.inDoubt();
      else spending.notSent();
      violations.check('writes', code === undefined, () => `${account.keyId} with credits answered ${code}`);
    },
  };
};

/** The code of a verification; books the analytics row that it owes. */
function verified({ ledger }: LoadContext, exchange: Exchange): string | undefined {
  const code = dataOf(exchange)?.code;
  if (isInDoubt(exchange)) ledger.answers.inDoubt('key_verifications', exchange.life);
  if (typeof code !== 'string') return undefined;
  // A key that was not found is nobody's, and leaves no row.
  if (code !== 'NOT_FOUND') ledger.answers.answered('key_verifications', exchange.life);
  return code;
}
