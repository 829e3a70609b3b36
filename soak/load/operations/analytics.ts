// Questions to the analytics store through the product.
import { dataOf } from '../../exchange.ts';
import type { Operation } from '../load-context.ts';

export const getVerifications: Operation = ({ violations }) => ({
  kind: 'getVerifications',
  operation: 'analytics.getVerifications',
  body: { query: 'SELECT outcome, count() AS verifications FROM key_verifications_v1 GROUP BY outcome' },
  settle: (exchange) => {
    const rows = dataOf(exchange);
    if (rows === undefined) return;
    violations.check(
      'analytics',
      Array.isArray(rows),
      () => 'getVerifications answered something else than rows',
    );
  },
});
