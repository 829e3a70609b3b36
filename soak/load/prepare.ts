// What the load finds when it begins: keys that nobody changes, keys with a limit, accounts with credits.
import { dataOf } from '../exchange.ts';
import { CreditAccount } from '../ledger/credit-account.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Client } from './client.ts';
import { NAMESPACE } from './operations/limits.ts';
import { KEY_LIMIT } from './operations/verify.ts';

const PLAIN_KEYS = 100;
const LIMITED_KEYS = 8;
const RECOVERABLE_KEYS = 5;
const ACCOUNTS = 40;
const CREDITS = 200;

export interface PreparedKeys {
  readonly plainKeys: readonly string[];
  readonly limitedKeys: readonly { readonly keyId: string; readonly key: string }[];
}

/** @throws Error when anything is not answered 200 */
export async function prepareLoad(client: Client, ledger: Ledger, apiId: string): Promise<PreparedKeys> {
  const call = async (operation: string, body: unknown) => {
    const exchange = await client.call(operation, body);
    const data = dataOf(exchange);
    if (data === undefined) throw new Error(`${operation}: ${JSON.stringify(exchange.outcome)}`);
    return { data, life: exchange.life };
  };
  const make = async (count: number, more: object) => {
    const keys: { keyId: string; key: string }[] = [];
    for (let made = 0; made < count; made++) {
      const { data } = await call('keys.createKey', { apiId, prefix: 'soak', ...more });
      keys.push({ keyId: String(data.keyId), key: String(data.key) });
    }
    return keys;
  };
  const plain = await make(PLAIN_KEYS, {});
  const limitedKeys = await make(LIMITED_KEYS, { ratelimits: [KEY_LIMIT] });
  ledger.recoverable.push(...(await make(RECOVERABLE_KEYS, { recoverable: true })));
  for (const { keyId, key } of await make(ACCOUNTS, { credits: { remaining: CREDITS } })) {
    ledger.credits.push(new CreditAccount(keyId, key, CREDITS));
  }
  // Looks only; a namespace that is known to a node is what goes on without the store.
  const looked = await call('ratelimit.limit', {
    namespace: NAMESPACE,
    identifier: 'nobody',
    limit: 1,
    duration: 1_000,
    cost: 0,
  });
  ledger.answers.answered('ratelimits', looked.life);
  return { plainKeys: plain.map(({ key }) => key), limitedKeys };
}
