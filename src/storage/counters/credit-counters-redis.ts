import { randomUUID } from 'node:crypto';
import {
  COUNTER_TTL_MS,
  type CounterDecision,
  type CreditCounters,
  HYDRATION_TTL_MS,
  LEDGER_TTL_MS,
} from './credit-counters.ts';
import { BEAT, BEGIN_HYDRATION, ENLIST, FINISH_HYDRATION, LAPSED, SPEND } from './credit-scripts.ts';
import { type RedisConnection, RedisError } from './redis-connection.ts';
import { defineScript } from './redis-script.ts';

const PROCESSES = 'credits:processes';
/** Keys that one page of a process's list holds, more or less. */
const PAGE = 200;
const OUTCOMES: readonly CounterDecision['outcome'][] = ['absent', 'short', 'taken'];

// The hash tag of what belongs to a counter is the counter's whole name: on a cluster they share its slot.
const counterOf = (keyId: string): string => `credits:${keyId}`;
const ledgersOf = (keyId: string): string => `{credits:${keyId}}:spent`;
const hydrationOf = (keyId: string): string => `{credits:${keyId}}:hydration`;
const listOf = (processId: string): string => `credits:enlisted:${processId}`;
const seconds = (ms: number): number => Math.ceil(ms / 1_000);

/** Credits in Redis; any number of nodes may share it. Every method rejects as RedisConnection.run does. */
export function createRedisCreditCounters({ redis }: { readonly redis: RedisConnection }): CreditCounters {
  const script = (name: string, lua: string, keys: number) => defineScript(redis, { name, lua, keys });
  const spend = script('unkeySpendCredits', SPEND, 2);
  const beginHydration = script('unkeyBeginHydration', BEGIN_HYDRATION, 3);
  const finishHydration = script('unkeyFinishHydration', FINISH_HYDRATION, 3);
  const enlist = script('unkeyEnlist', ENLIST, 1);
  const beat = script('unkeyBeat', BEAT, 1);
  const lapsed = script('unkeyLapsed', LAPSED, 1);

  return {
    async spend(keyId, cost, { id, enlistFor }) {
      const life = seconds(LEDGER_TTL_MS);
      // In this order: should the connection break between the two, nothing is spent of which nobody could find out.
      const [, reply] = await Promise.all([
        enlistFor === undefined ? undefined : enlist(listOf(enlistFor), keyId, life),
        spend(counterOf(keyId), ledgersOf(keyId), cost, id, life),
      ]);
      const [outcome, remaining] = reply as [number, number];
      return { outcome: OUTCOMES[outcome] ?? 'absent', remaining };
    },
    async beginHydration(keyId) {
      const reply = await beginHydration(
        counterOf(keyId),
        hydrationOf(keyId),
        ledgersOf(keyId),
        randomUUID(),
        seconds(HYDRATION_TTL_MS),
      );
      if (reply === null) return undefined;
      const [token, pairs] = reply as [string, string[]];
      return { token, spent: toAmounts(pairs) };
    },
    async finishHydration(keyId, { token, remaining, struckLedgers }) {
      const reply = await finishHydration(
        counterOf(keyId),
        hydrationOf(keyId),
        ledgersOf(keyId),
        token,
        remaining,
        seconds(COUNTER_TTL_MS),
        ...struckLedgers,
      );
      return reply === 1;
    },
    // Commands of their own for each key, which find their own way on a cluster; they travel in one write all the same.
    async drop(keyIds) {
      await redis.run((client) =>
        Promise.all(keyIds.map((keyId) => client.del(counterOf(keyId), hydrationOf(keyId)))),
      );
    },
    spent: (keyIds) =>
      redis.run((client) =>
        Promise.all(
          keyIds.map(async (keyId) =>
            toAmounts(Object.entries(await client.hgetall(ledgersOf(keyId))).flat()),
          ),
        ),
      ),
    async strike(keyId, ledgerIds) {
      if (ledgerIds.length === 0) return;
      await redis.run((client) => client.hdel(ledgersOf(keyId), ...ledgerIds));
    },

    async dismiss(processId, keyIds) {
      if (keyIds.length === 0) return;
      await redis.run((client) => client.srem(listOf(processId), ...keyIds));
    },
    async beat(processId) {
      const [isNew] = await Promise.all([
        beat(PROCESSES, processId, LEDGER_TTL_MS),
        redis.run((client) => client.expire(listOf(processId), seconds(LEDGER_TTL_MS))),
      ]);
      return isNew === 1;
    },
    lapsed: async (silentMs) => (await lapsed(PROCESSES, silentMs)) as string[],
    async enlisted(processId, cursor = '0') {
      const [next, keyIds] = await redis.run((client) =>
        client.sscan(listOf(processId), cursor, 'COUNT', PAGE),
      );
      return { keyIds, cursor: next === '0' ? undefined : next };
    },
    async discharge(processId) {
      await redis.run((client) =>
        Promise.all([client.zrem(PROCESSES, processId), client.del(listOf(processId))]),
      );
    },
  };
}

/** `[ledger, amount, ledger, amount, …]` as Redis lists a hash. */
function toAmounts(pairs: readonly string[]): Map<string, number> {
  const amounts = new Map<string, number>();
  for (let i = 0; i + 1 < pairs.length; i += 2) {
    const amount = Number(pairs[i + 1]);
    if (!Number.isSafeInteger(amount) || amount < 0)
      throw new RedisError('a ledger in Redis holds no amount');
    amounts.set(pairs[i] as string, amount);
  }
  return amounts;
}
