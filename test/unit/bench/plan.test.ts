import { expect, test } from 'vitest';
import { readRequest } from '../../../bench/plan.ts';

test('without options everything is measured in full, pinned where the machine can', () => {
  const { plan, scenarios, backend, json, list } = readRequest([], true);
  expect(plan).toMatchObject({ quick: false, listedKeys: 1_000_000, workers: 1, pinned: true });
  expect({ scenarios, backend, json, list }).toEqual({
    scenarios: undefined,
    backend: undefined,
    json: undefined,
    list: false,
  });
  expect(readRequest([], false).plan.pinned).toBe(false);
});

test('every option is heard', () => {
  const words = [
    '--quick',
    '--no-pin',
    '--seconds',
    '2.5',
    '--backend',
    'servers',
    '--workers',
    '2',
    '--list',
  ];
  const named = ['--scenario', 'createKey', '--scenario', 'import', '--json', 'out.json'];
  expect(readRequest([...words, ...named], true)).toMatchObject({
    plan: { quick: true, seconds: 2.5, workers: 2, pinned: false },
    scenarios: ['createKey', 'import'],
    backend: 'servers',
    json: 'out.json',
    list: true,
  });
});

test('a quick plan does less of everything', () => {
  const [quick, full] = [readRequest(['--quick'], false).plan, readRequest([], false).plan];
  for (const size of ['rounds', 'seconds', 'coldKeys', 'listedKeys', 'importedKeys', 'starts'] as const) {
    expect(quick[size], size).toBeLessThan(full[size]);
  }
});

test.each([
  [['--backend', 'both'], '--backend is embedded or servers, not both'],
  [['--seconds', '0'], '--seconds is a number above 0'],
  [['--seconds', 'long'], '--seconds is a number above 0'],
  [['--workers', '1.5', '--backend', 'servers'], '--workers is a whole number'],
  [['--workers', '2'], '--workers needs --backend servers'],
  [['--fast'], "Unknown option '--fast'"],
  [['createKey'], "Unexpected argument 'createKey'"],
])('%j is refused: %s', (argv, message) => {
  expect(() => readRequest(argv, true)).toThrow(message);
});
