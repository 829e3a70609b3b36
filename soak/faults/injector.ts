// Does to the stack what the faults say, one at a time, and undoes it.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../../test/support/prng.ts';
import { isInDoubt } from '../exchange.ts';
import { type AnswerCounts, ROW_KINDS } from '../ledger/answer-counts.ts';
import type { Client } from '../load/client.ts';
import { NO_ROWS } from '../measure/buffer-counts.ts';
import { processTree } from '../measure/processes.ts';
import type { NodeLife } from '../stack/node-fleet.ts';
import type { Stack } from '../stack/stack.ts';
import type { FaultKind } from './fault-kinds.ts';
import type { StruckFault } from './fault-log.ts';

export interface InjectorDeps {
  readonly stack: Stack;
  readonly client: Client;
  readonly answers: AnswerCounts;
  readonly random: Random;
  /** Ends holds early. */
  readonly signal: AbortSignal;
}

type Injection = (deps: InjectorDeps, fault: StruckFault, holdMs: number) => Promise<void>;

const SLOW_MS = 8_000;
/** What a buffer holds, in rows: in its queue, and in the batches that are being written. */
const BUFFER_ROWS = 20_000 + 2 * 10_000;
/** So many rows a request leaves, at most. */
const CHECKS_PER_REQUEST = 100;
const FILLERS_AT_ONCE = 4;

/** Strikes, holds and heals; resolves when everything is there again. */
export function inject(
  kind: FaultKind,
  deps: InjectorDeps,
  fault: StruckFault,
  holdMs: number,
): Promise<void> {
  return INJECTIONS[kind](deps, fault, holdMs);
}

const INJECTIONS: Readonly<Record<FaultKind, Injection>> = {
  'kill-node': async ({ stack: { fleet }, random, signal }, fault, holdMs) => {
    // The first node is spared, so that one process lives as long as can be: its memory is judged.
    const place = random.pick(fleet.places.slice(1));
    fault.target = place.name;
    await fleet.killNode(place);
    await hold(holdMs, signal);
    await fleet.startNode(place);
  },

  'kill-worker': async ({ stack: { fleet }, random, answers }, fault) => {
    const place = random.pick(fleet.places.filter(({ workers }) => workers > 1));
    const life = place.lives.at(-1);
    if (life === undefined) throw new Error(`${place.name} does not run`);
    const { pid } = life.process;
    const [, ...workers] = await processTree(pid);
    const victim = random.pick(workers);
    fault.target = `a worker of ${place.name}`;
    await fleet.scrapeAll();
    const { buffers } = life;
    process.kill(victim, 'SIGKILL');
    await untilWorkers(life, workers.length, victim);
    // At most what the whole node had not written yet.
    for (const kind of ROW_KINDS) {
      const { processed, failed, dropped } = buffers[kind] ?? NO_ROWS;
      const unwritten = answers.count(kind, life.id).answered - processed - failed - dropped;
      life.lostRows[kind] = (life.lostRows[kind] ?? 0) + Math.max(0, unwritten);
    }
  },

  'roll-nodes': async ({ stack: { fleet } }, fault) => {
    fault.target = 'all nodes';
    for (const place of fleet.places) {
      await fleet.stopNode(place);
      await fleet.startNode(place);
    }
  },

  'restart-redis': async ({ stack: { redis }, signal }, fault, holdMs) => {
    fault.target = 'Redis';
    await redis.kill();
    await hold(holdMs, signal);
    await redis.restart();
  },

  'pause-redis': async ({ stack: { redis }, signal }, fault, holdMs) => {
    fault.target = 'Redis';
    await redis.pause();
    await hold(holdMs, signal);
    await redis.resume();
  },

  'restart-mysql': async ({ stack: { mysql }, signal }, fault, holdMs) => {
    fault.target = 'MySQL';
    await mysql.kill();
    await hold(holdMs, signal);
    await mysql.restart();
  },

  'fill-analytics': async (deps, fault) => {
    const { clickhouse, fleet } = deps.stack;
    fault.target = 'analytics store';
    await clickhouse.fault({ kind: 'down' });
    await fillBuffers(deps, BUFFER_ROWS * fleet.processes * 1.1);
    await clickhouse.fault({ kind: 'none' });
  },

  'slow-analytics': async ({ stack: { clickhouse }, signal }, fault, holdMs) => {
    fault.target = 'analytics store';
    await clickhouse.fault({ kind: 'slow', ms: SLOW_MS });
    await hold(holdMs, signal);
    await clickhouse.fault({ kind: 'none' });
  },

  'rotate-vault': async ({ stack: { vault } }, fault) => {
    fault.target = 'Vault';
    await vault.rotate();
  },
};

async function hold(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}

/** Resolves once the node has as many workers as before, without the one that was killed. */
async function untilWorkers(life: NodeLife, count: number, victim: number): Promise<void> {
  for (;;) {
    const [primary, ...workers] = await processTree(life.process.pid);
    if (primary === undefined) throw new Error(`${life.id} ended with its worker`);
    if (workers.length >= count && !workers.includes(victim)) return;
    await sleep(100);
  }
}

/** Leaves that many rows of rate-limit checks, beside what the load leaves. */
async function fillBuffers({ client, answers, signal }: InjectorDeps, rows: number): Promise<void> {
  let left = Math.ceil(rows / CHECKS_PER_REQUEST);
  const fill = async (): Promise<void> => {
    while (left-- > 0 && !signal.aborted) {
      const checks = Array.from({ length: CHECKS_PER_REQUEST }, (_, index) => ({
        namespace: 'filler',
        identifier: `filler_${index}`,
        limit: 1_000_000,
        duration: 60_000,
      }));
      const exchange = await client.call('ratelimit.multiLimit', checks);
      if (isInDoubt(exchange)) answers.inDoubt('ratelimits', exchange.life, checks.length);
      else if (exchange.outcome.kind === 'answered')
        answers.answered('ratelimits', exchange.life, checks.length);
    }
  };
  await Promise.all(Array.from({ length: FILLERS_AT_ONCE }, fill));
}
