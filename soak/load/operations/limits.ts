// Checks of rate limits: identifiers that ask for more than their limit, and many that come rarely.
import { dataOf, isInDoubt } from '../../exchange.ts';
import type { LimitedCounter } from '../../ledger/limit-book.ts';
import type { LoadContext, Operation } from '../load-context.ts';

export const NAMESPACE = 'soak';

/** Identifiers that are asked for all the time; the windows end at different moments. */
const BUSY: readonly LimitedCounter[] = [
  ...Array.from({ length: 4 }, (_, index) => ({ name: `busy_${index}`, limit: 40, duration: 5_000 })),
  ...Array.from({ length: 4 }, (_, index) => ({ name: `steady_${index}`, limit: 300, duration: 20_000 })),
  ...Array.from({ length: 4 }, (_, index) => ({ name: `minute_${index}`, limit: 600, duration: 60_000 })),
];
const RARE_IDENTIFIERS = 20_000;

export const limitBusy: Operation = (context) => check(context, 'ratelimit.limit', context.random.pick(BUSY));

export const limitRare: Operation = (context) =>
  check(context, 'ratelimit.limit of many', {
    name: `rare_${context.random.integer(1, RARE_IDENTIFIERS)}`,
    limit: 20,
    duration: 60_000,
  });

function check(context: LoadContext, kind: string, counter: LimitedCounter) {
  const { limits, answers } = context.ledger;
  const { name: identifier, limit, duration } = counter;
  return {
    kind,
    warmth: NAMESPACE,
    operation: 'ratelimit.limit',
    body: { namespace: NAMESPACE, identifier, limit, duration },
    settle: (exchange) => {
      const data = dataOf(exchange);
      if (data !== undefined) {
        limits.answered(counter, Number(data.reset), data.success === true);
        answers.answered('ratelimits', exchange.life);
      } else if (isInDoubt(exchange)) {
        limits.inDoubt(counter, exchange.sentAt, exchange.endedAt);
        answers.inDoubt('ratelimits', exchange.life);
      }
    },
  } satisfies ReturnType<Operation>;
}
