// What the product must still know when the load is over, asked through the product itself.
import { setTimeout as sleep } from 'node:timers/promises';
import { dataOf, type Exchange, isFailure } from '../exchange.ts';
import type { FaultLog } from '../faults/fault-log.ts';
import type { CreditAccount } from '../ledger/credit-account.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { NamedRecords } from '../ledger/named-records.ts';
import type { Client } from '../load/client.ts';
import type { Violations } from '../violations.ts';

const AT_ONCE = 16;
/** Keys are in force everywhere after this, and one more request: see docs/operations.md. */
const FRESH_MS = 11_000;
/** A node that was killed has its spendings settled by the others within 15 s. Twice that for a machine that is busy. */
const SETTLED_WITHIN_MS = 30_000;
const POLL_MS = 500;
const ATTEMPTS = 5;

export interface FinalDeps {
  readonly client: Client;
  readonly ledger: Ledger;
  readonly violations: Violations;
  readonly faults: FaultLog;
  processesOf(life: string): number;
  readonly signal: AbortSignal;
}

export async function checkFinalState(deps: FinalDeps): Promise<void> {
  const { ledger } = deps;
  await checkCredits(deps);
  await sleep(FRESH_MS, undefined, { signal: deps.signal });
  await checkKeys(deps);
  await checkRoles(deps);
  await checkNames(deps, ledger.identities, 'identities.getIdentity', 'identity');
  await checkNames(deps, ledger.roles, 'permissions.getRole', 'role');
  await checkSecrets(deps);
}

/** A balance is right at once, or within the time in which others settle for a dead node. */
async function checkCredits(deps: FinalDeps): Promise<void> {
  const deadline = Date.now() + SETTLED_WITHIN_MS;
  await inTurns(
    deps,
    deps.ledger.credits.filter(({ retired }) => !retired),
    async (account) => {
      for (;;) {
        const balance = await storedBalance(deps, account);
        const [least, most] = account.expectedBalance();
        const isRight = balance !== undefined && balance >= least && balance <= most;
        if (isRight || Date.now() > deadline) {
          deps.violations.check(
            'credits',
            isRight,
            () => `${account.keyId}: the stored balance is ${balance}, not from ${least} to ${most}`,
          );
          return;
        }
        await sleep(POLL_MS, undefined, { signal: deps.signal });
      }
    },
  );
}

async function storedBalance({ client }: FinalDeps, { keyId }: CreditAccount): Promise<number | undefined> {
  const credits = dataOf(await ask(client, 'keys.getKey', { keyId }))?.credits as
    | { remaining?: number }
    | undefined;
  return credits?.remaining;
}

async function checkKeys(deps: FinalDeps): Promise<void> {
  const { ledger, client, violations, faults, processesOf } = deps;
  await inTurns(
    deps,
    ledger.keys.filter(({ unsure }) => !unsure),
    async (record) => {
      const exchange = await ask(client, 'keys.verifyKey', { key: record.key });
      const code = dataOf(exchange)?.code;
      if (typeof code === 'string' && code !== 'NOT_FOUND')
        ledger.answers.answered('key_verifications', exchange.life);
      const { sentAt, endedAt, life } = exchange;
      const storeWasAway = faults.touches(record.changedAt, endedAt, ['restart-mysql']);
      const wrong =
        typeof code === 'string'
          ? record.judge(code, { sentAt, life, processes: processesOf(life), storeWasAway })
          : `${record.keyId} is ${record.state} and ${unanswered(exchange)}`;
      violations.check(
        record.state === 'live' ? 'writes' : 'changes',
        wrong === undefined,
        () => wrong ?? '',
      );
    },
  );
}

async function checkRoles(deps: FinalDeps): Promise<void> {
  const present = ({ roles }: { readonly roles: ReadonlySet<string> }): string[] =>
    [...roles].filter((role) => deps.ledger.roles.get(role) === 'present');
  const holders = deps.ledger.keys.filter(
    (key) => !key.unsure && key.state !== 'deleted' && present(key).length > 0,
  );
  await inTurns(deps, holders, async (record) => {
    const told = dataOf(await ask(deps.client, 'keys.getKey', { keyId: record.keyId }))?.roles;
    const missing = present(record).filter((role) => !(told as string[] | undefined)?.includes(role));
    deps.violations.check(
      'writes',
      missing.length === 0,
      () => `${record.keyId} lacks ${missing.join(', ')}`,
    );
  });
}

async function checkNames(
  deps: FinalDeps,
  records: NamedRecords,
  operation: string,
  field: string,
): Promise<void> {
  await inTurns(deps, records.sure(), async ({ name, isPresent }) => {
    const exchange = await ask(deps.client, operation, { [field]: name });
    const { outcome } = exchange;
    const status = outcome.kind === 'answered' ? outcome.status : undefined;
    deps.violations.check(
      'writes',
      status === (isPresent ? 200 : 404),
      () => `${name} should be ${isPresent ? 'there' : 'gone'} and ${unanswered(exchange)}`,
    );
  });
}

async function checkSecrets(deps: FinalDeps): Promise<void> {
  await inTurns(deps, deps.ledger.recoverable, async ({ keyId, key }) => {
    const exchange = await ask(deps.client, 'keys.getKey', { keyId, decrypt: true });
    deps.violations.check(
      'secrets',
      dataOf(exchange)?.plaintext === key,
      () => `${keyId} cannot be read any more: ${unanswered(exchange)}`,
    );
  });
}

/** The load was held against what was in its way; here only the answer counts, so that failures are asked again. */
async function ask(client: Client, operation: string, body: unknown): Promise<Exchange> {
  for (let attempt = 1; ; attempt++) {
    const exchange = await client.call(operation, body);
    if (!isFailure(exchange) || attempt === ATTEMPTS) return exchange;
    await sleep(POLL_MS);
  }
}

function unanswered({ outcome, life }: Exchange): string {
  return outcome.kind === 'answered'
    ? `${life} answered ${outcome.status}`
    : `${life} did not answer: ${outcome.reason}`;
}

/** Works on all items, some at a time. @throws the signal's reason once it is aborted */
async function inTurns<Item>(
  { signal }: FinalDeps,
  items: readonly Item[],
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const rest = [...items];
  const lane = async (): Promise<void> => {
    for (let item = rest.pop(); item !== undefined; item = rest.pop()) {
      signal.throwIfAborted();
      await work(item);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
}
