// Credits that are sold: increments at any time, and new balances while nothing else happens to a key.
import { dataOf, isInDoubt, type LoadRequest } from '../../exchange.ts';
import type { Change, CreditAccount } from '../../ledger/credit-account.ts';
import type { Operation } from '../load-context.ts';

/** Accounts with less than this are topped up first, so that some run dry and none stays so. */
const LOW = 20;
const MOST_AT_ONCE = 400;

export const incrementCredits: Operation = ({ random, ledger }) => {
  const accounts = ledger.credits.filter(({ open }) => open);
  const low = accounts.filter(({ leftAtMost }) => leftAtMost < LOW);
  const candidates = low.length > 0 ? low : accounts;
  if (candidates.length === 0) return undefined;
  const account = random.pick(candidates);
  const value = random.integer(1, MOST_AT_ONCE);
  return update(account, 'increment', value, account.beginIncrement(value));
};

export const setCredits: Operation = ({ random, ledger }) => {
  const quiet = ledger.credits.filter((account) => account.open && account.quiet && account.isCertain);
  if (quiet.length === 0) return undefined;
  const account = random.pick(quiet);
  const value = random.integer(0, MOST_AT_ONCE);
  return update(account, 'set', value, account.beginSet(value));
};

function update(account: CreditAccount, operation: string, value: number, change: Change): LoadRequest {
  return {
    kind: `updateCredits, ${operation}`,
    operation: 'keys.updateCredits',
    body: { keyId: account.keyId, operation, value },
    settle: (exchange) => {
      if (dataOf(exchange) !== undefined) change.done();
      else if (isInDoubt(exchange)) change.inDoubt();
      else change.notDone();
    },
  };
}
