import { expect, test } from 'vitest';
import { MEASURES, SCENARIOS } from '../../../bench/registry.ts';
import { select } from '../../../bench/selection.ts';
import { TARGETS } from '../../../bench/targets.ts';

const scenarios = [
  { name: 'on both', backends: ['embedded', 'servers'], home: ['servers'] },
  { name: 'inside', backends: ['embedded'], home: ['embedded'] },
] as const;
const measures = [{ name: 'extra' }] as const;

const chosen = (names: readonly string[] | undefined, backend?: 'embedded' | 'servers') => {
  const selection = select({ scenarios: names, backend }, scenarios, measures);
  return {
    scenarios: selection.scenarios.map((one) => `${one.backend}: ${one.scenario.name}`),
    measures: selection.measures.map(({ name }) => name),
  };
};

test('without names every scenario runs where it belongs, embedded ones first, and nothing else', () => {
  expect(chosen(undefined)).toEqual({ scenarios: ['embedded: inside', 'servers: on both'], measures: [] });
});

test('names are found whatever their case', () => {
  expect(chosen(['ON BOTH', 'Extra'])).toEqual({ scenarios: ['servers: on both'], measures: ['extra'] });
});

test('a backend takes all scenarios that can run on it', () => {
  expect(chosen(undefined, 'embedded').scenarios).toEqual(['embedded: on both', 'embedded: inside']);
  expect(chosen(undefined, 'servers').scenarios).toEqual(['servers: on both']);
});

test('all is everything', () => {
  expect(chosen(['all'])).toEqual({
    scenarios: ['embedded: inside', 'servers: on both'],
    measures: ['extra'],
  });
});

test('an unknown name is refused with those that there are', () => {
  expect(() => chosen(['outside'])).toThrow(
    'nothing to measure is called outside; there is on both, inside, extra',
  );
});

test('a named scenario that the backend does not have is refused', () => {
  expect(() => chosen(['inside'], 'servers')).toThrow('inside cannot run with --backend servers');
});

test('what can be measured has names of its own, and every scenario a home that it can run on', () => {
  const names = [...SCENARIOS, ...MEASURES].map(({ name }) => name.toLowerCase());
  expect(new Set(names).size).toBe(names.length);
  for (const { name, backends, home } of SCENARIOS) {
    expect(home.length, name).toBeGreaterThan(0);
    expect(backends, name).toEqual(expect.arrayContaining([...home]));
  }
});

test('every target is of a scenario at its home', () => {
  for (const { scenario, backend } of TARGETS) {
    expect(SCENARIOS.find(({ name }) => name === scenario)?.home, scenario).toContain(backend);
  }
});
