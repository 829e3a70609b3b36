import { describe, expect, test } from 'vitest';
import { FAULT_KINDS } from '../../../soak/faults/fault-kinds.ts';
import { readOptions } from '../../../soak/options.ts';
import { seedOf } from '../../support/prng.ts';

describe('the options of a soak', () => {
  test('are ten minutes of all faults on three nodes unless said otherwise', () => {
    const options = readOptions([]);
    expect(options).toMatchObject({
      durationMs: 600_000,
      workers: [1, 1, 2],
      faults: FAULT_KINDS,
      rate: undefined,
    });
    expect(options.seed.equals(readOptions([]).seed)).toBe(false);
  });

  test('take a seed as a number, or as it was printed', () => {
    expect(readOptions(['--seed', '7']).seed).toEqual(seedOf(7));
    expect(readOptions(['--seed', seedOf(7).toString('base64')]).seed).toEqual(seedOf(7));
  });

  test('kill no worker where there is none', () => {
    expect(readOptions(['--workers', '1,1']).faults).not.toContain('kill-worker');
  });

  test.each([
    [['--minutes', '0'], '--minutes: 0'],
    [['--rate', 'much'], '--rate: much'],
    [['--workers', '1'], 'at least two nodes'],
    [['--workers', '1,1.5'], '--workers: 1.5'],
    [['--faults', 'flood'], '--faults: flood is none of roll-nodes'],
    [['--seed', 'short'], '32 bytes'],
    [['--unknown'], '--unknown'],
  ])('refuse %j in words', (args, words) => {
    expect(() => readOptions(args)).toThrow(words.replace('roll-nodes', FAULT_KINDS[0]));
  });
});
