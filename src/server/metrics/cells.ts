// The values of the declared series. prom-client hashes the labels of every single update; here a label set is found by
// one look-up a label, which takes a sixth of the time, and prom-client is handed the values when somebody reads them.
import type { LabelSet, Series } from './series.ts';

/** What prom-client's registry asks of a metric, as its own keep it. */
export interface ReadableMetric {
  readonly name: string;
  get(): Readings;
}

/** A metric as prom-client's own render themselves, for its exposition and for its merging of several processes. */
export interface Readings {
  readonly name: string;
  readonly help: string;
  readonly type: Series['type'];
  /** How the values of several processes are made one. */
  readonly aggregator: string;
  readonly values: readonly Reading[];
}

export interface Reading {
  /** Of a histogram's parts, which have names of their own. */
  readonly metricName?: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

/** Label values in the order of the series' declaration → the cell of that label set. */
type Branch<Kind> = Map<string | undefined, Branch<Kind> | Kind>;

const NO_LABELS: LabelSet = {};

/** One cell for each label set that was ever used. */
class LabelTree<Kind extends object> {
  readonly #names: readonly string[];
  readonly #create: () => Kind;
  readonly #root: Branch<Kind> = new Map();
  #bare: Kind | undefined;
  readonly #all: [LabelSet, Kind][] = [];

  constructor(names: readonly string[], create: () => Kind) {
    this.#names = names;
    this.#create = create;
  }

  /** The label sets in the order of their first use. */
  get all(): readonly (readonly [LabelSet, Kind])[] {
    return this.#all;
  }

  at(labels: LabelSet = NO_LABELS): Kind {
    if (this.#names.length === 0) {
      this.#bare ??= this.#grown(NO_LABELS);
      return this.#bare;
    }
    let branch = this.#root;
    for (let depth = 0; ; depth++) {
      const value = labels[this.#names[depth] as string];
      const isLast = depth === this.#names.length - 1;
      let next = branch.get(value);
      if (next === undefined) {
        next = isLast ? this.#grown(labels) : new Map();
        branch.set(value, next);
      }
      if (isLast) return next as Kind;
      branch = next as Branch<Kind>;
    }
  }

  #grown(labels: LabelSet): Kind {
    const cell = this.#create();
    const own: Record<string, string> = {};
    for (const name of this.#names) {
      const value = labels[name];
      if (value !== undefined) own[name] = value;
    }
    this.#all.push([own, cell]);
    return cell;
  }
}

/** The value of a counter or gauge with one label set. */
export interface Cell {
  value: number;
}

/** A counter or gauge: one number for each label set. */
export class Numbers implements ReadableMetric {
  readonly name: string;
  readonly type: Series['type'];
  readonly #series: Series;
  readonly #cells: LabelTree<Cell>;

  constructor(name: string, series: Series) {
    this.name = name;
    this.type = series.type;
    this.#series = series;
    this.#cells = new LabelTree(series.labels ?? [], () => ({ value: 0 }));
  }

  /** The cell of the label set, made with 0 when it is new. */
  at(labels: LabelSet | undefined): Cell {
    return this.#cells.at(labels);
  }

  get(): Readings {
    return described(
      this.name,
      this.#series,
      this.#cells.all.map(([labels, { value }]) => ({ labels, value })),
    );
  }
}

interface Distribution {
  /** Observations in each bucket alone; the last one is for what is above all bounds. */
  readonly counts: number[];
  sum: number;
}

/** A histogram: counts by upper bound, and their sum, for each label set. */
export class Distributions implements ReadableMetric {
  readonly name: string;
  readonly #series: Series;
  readonly #bounds: readonly number[];
  readonly #cells: LabelTree<Distribution>;

  constructor(name: string, series: Series) {
    this.name = name;
    this.#series = series;
    const bounds = series.buckets ?? [];
    this.#bounds = bounds;
    this.#cells = new LabelTree(series.labels ?? [], () => ({
      counts: new Array<number>(bounds.length + 1).fill(0),
      sum: 0,
    }));
  }

  /** Makes sure that the label set is shown, with 0 until something is observed. */
  show(labels: LabelSet): void {
    this.#cells.at(labels);
  }

  observe(labels: LabelSet, value: number): void {
    const cell = this.#cells.at(labels);
    const bounds = this.#bounds;
    let bucket = 0;
    while (bucket < bounds.length && value > (bounds[bucket] as number)) bucket++;
    cell.counts[bucket] = (cell.counts[bucket] as number) + 1;
    cell.sum += value;
  }

  get(): Readings {
    const values = this.#cells.all.flatMap(([labels, { counts, sum }]) => {
      let below = 0;
      const buckets = counts.map((count, index): Reading => {
        below += count;
        const le = this.#bounds[index] ?? '+Inf';
        return { metricName: `${this.name}_bucket`, labels: { le, ...labels }, value: below };
      });
      return [
        ...buckets,
        { metricName: `${this.name}_sum`, labels, value: sum },
        { metricName: `${this.name}_count`, labels, value: below },
      ];
    });
    return described(this.name, this.#series, values);
  }
}

function described(name: string, { help, type, merge }: Series, values: readonly Reading[]): Readings {
  return { name, help, type, aggregator: merge ?? 'sum', values };
}
