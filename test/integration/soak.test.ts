// A soak of some seconds, so that the program cannot rot: the long ones are run by hand (docs/reliability.md).
import { expect, test } from 'vitest';
import { lineProgress } from '../../soak/report/progress.ts';
import { brokenOf } from '../../soak/result.ts';
import { runSoak } from '../../soak/soak.ts';
import { INVARIANTS } from '../../soak/violations.ts';
import { ownServerOrSkip } from '../support/own-server.ts';
import { seedOf } from '../support/prng.ts';

const LOAD_MS = 18_000;
/** Far below what any machine can do: it is the program that is tested here. */
const RATE = 12;

const possible = (await ownServerOrSkip('redis')) && (await ownServerOrSkip('mysql'));

test.runIf(possible)(
  'two nodes under load survive a paused Redis and the death of one of them',
  async () => {
    const lines: string[] = [];
    const result = await runSoak(
      {
        durationMs: LOAD_MS,
        seed: seedOf(1),
        rate: RATE,
        workers: [1, 1],
        faults: ['pause-redis', 'kill-node'],
        program: undefined,
      },
      lineProgress((line) => lines.push(line)),
      new AbortController().signal,
    );
    expect(brokenOf(result), lines.join('\n')).toEqual([]);
    const checks = Object.fromEntries(result.verdicts.map((verdict) => [verdict.invariant, verdict.checks]));
    // Memory and recovery take longer to judge, and whether a key is disabled in some seconds is up to chance.
    const { memory: _memory, recovery: _recovery, changes: _changes, ...judged } = INVARIANTS;
    const idle = Object.keys(judged).filter((invariant) => checks[invariant] === 0);
    expect(idle).toEqual([]);
    expect(result.faults.length).toBeGreaterThan(0);
    expect(result.faults.every(({ healedAt }) => healedAt !== undefined)).toBe(true);
  },
  300_000,
);
