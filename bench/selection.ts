// Which of what can be measured a run measures, and where.
import type { Backend, Request } from './plan.ts';

/** A scenario on one backend. */
export interface Placed<Scenario> {
  readonly scenario: Scenario;
  readonly backend: Backend;
}

export interface Selection<Scenario, Measure> {
  /** Embedded first, so that each backend is prepared once. */
  readonly scenarios: readonly Placed<Scenario>[];
  readonly measures: readonly Measure[];
}

/** What `--scenario` takes for everything. */
const EVERYTHING = 'all';

/** @throws Error for a name that nothing has, and for a scenario that cannot run on the backend */
export function select<
  Scenario extends {
    readonly name: string;
    readonly backends: readonly Backend[];
    readonly home: readonly Backend[];
  },
  Measure extends { readonly name: string },
>(
  { scenarios: names, backend }: Pick<Request, 'scenarios' | 'backend'>,
  scenarios: readonly Scenario[],
  measures: readonly Measure[],
): Selection<Scenario, Measure> {
  const known = [...scenarios, ...measures].map(({ name }) => name);
  const wanted = new Set(names?.map((name) => name.toLowerCase()));
  const unknown = [...wanted].filter(
    (name) => name !== EVERYTHING && !known.some((one) => one.toLowerCase() === name),
  );
  if (unknown.length > 0) {
    throw new Error(`nothing to measure is called ${unknown.join(', ')}; there is ${known.join(', ')}`);
  }
  const isNamed = ({ name }: { name: string }) => wanted.has(EVERYTHING) || wanted.has(name.toLowerCase());
  const chosen = names === undefined ? scenarios : scenarios.filter(isNamed);
  const placed = chosen.flatMap((scenario) =>
    (backend === undefined ? scenario.home : scenario.backends.filter((one) => one === backend)).map(
      (one) => ({
        scenario,
        backend: one,
      }),
    ),
  );
  const nowhere = chosen.filter((scenario) => !placed.some((one) => one.scenario === scenario));
  if (nowhere.length > 0 && names !== undefined && !wanted.has(EVERYTHING)) {
    throw new Error(`${nowhere.map(({ name }) => name).join(', ')} cannot run with --backend ${backend}`);
  }
  return {
    scenarios: placed.toSorted((a, b) => Number(a.backend === 'servers') - Number(b.backend === 'servers')),
    measures: names === undefined ? [] : measures.filter(isNamed),
  };
}
