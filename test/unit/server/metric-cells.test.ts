// The cells against the metrics of prom-client, in whose place they stand: after the same updates both read the same, in one
// process and merged from several.
import fc from 'fast-check';
import { AggregatorRegistry, Counter, Gauge, Histogram, type Metric, Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { Distributions, Numbers, type ReadableMetric } from '../../../src/server/metrics/cells.ts';
import type { LabelSet, Series } from '../../../src/server/metrics/series.ts';

const LABELS = ['first', 'second', 'third'];
const BUCKETS = [0.001, 1, 2.5, 100];

interface Update {
  readonly labels: LabelSet;
  readonly value: number;
}

/** Label sets with any of the labels, in any order; values that are a bound, between bounds, and beyond them. */
const updates: fc.Arbitrary<Update[]> = fc.array(
  fc.record({
    labels: fc
      .tuple(
        fc.shuffledSubarray(LABELS),
        fc.array(fc.constantFrom('a', 'b', '', '"\n\\'), { minLength: 3, maxLength: 3 }),
      )
      .map(([names, values]) => Object.fromEntries(names.map((name, index) => [name, values[index] ?? '']))),
    value: fc.oneof(fc.constantFrom(...BUCKETS, 0), fc.double({ min: 0, max: 1e6, noNaN: true })),
  }),
  { maxLength: 30 },
);

function registryOf(metric: unknown): Registry {
  const registry = new Registry();
  registry.registerMetric(metric as Metric<string>);
  return registry;
}

/** The lines of the exposition, each with its labels in order. */
async function linesOf(registry: Registry): Promise<string[]> {
  const lines = (await registry.metrics()).trimEnd().split('\n');
  return lines
    .map((line) =>
      line.replace(
        /\{(.*)\}/,
        (_, inner: string) =>
          `{${inner
            .split(/,(?=\w+=)/)
            .toSorted()
            .join(',')}}`,
      ),
    )
    .toSorted();
}

interface Pair {
  readonly own: ReadableMetric;
  readonly reference: unknown;
  update(one: Update): void;
}

const seriesOf = (type: Series['type'], more: Partial<Series> = {}): Series => ({
  type,
  help: 'Help with a \\ and a\nline',
  labels: LABELS,
  ...more,
});
const config = { name: 'series', help: 'Help with a \\ and a\nline', labelNames: LABELS, registers: [] };

const PAIRS: Readonly<Record<string, () => Pair>> = {
  counter: () => {
    const own = new Numbers('series', seriesOf('counter'));
    const reference = new Counter(config);
    return {
      own,
      reference,
      update: ({ labels, value }) => {
        own.at(labels).value += value;
        reference.inc(labels, value);
      },
    };
  },
  'gauge of the largest': () => {
    const own = new Numbers('series', seriesOf('gauge', { merge: 'max' }));
    const reference = new Gauge({ ...config, aggregator: 'max' });
    return {
      own,
      reference,
      update: ({ labels, value }) => {
        own.at(labels).value = value;
        reference.set(labels, value);
      },
    };
  },
  histogram: () => {
    const own = new Distributions('series', seriesOf('histogram', { buckets: BUCKETS }));
    const reference = new Histogram({ ...config, buckets: BUCKETS });
    return {
      own,
      reference,
      update: ({ labels, value }) => {
        own.observe(labels, value);
        reference.observe(labels, value);
      },
    };
  },
};

describe.each(Object.entries(PAIRS))('a %s', (_, pair) => {
  it('reads as that of prom-client', async () => {
    await fc.assert(
      fc.asyncProperty(updates, async (all) => {
        const { own, reference, update } = pair();
        for (const one of all) update(one);
        expect(await linesOf(registryOf(own))).toEqual(await linesOf(registryOf(reference)));
      }),
    );
  });

  it('is merged as those of prom-client', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(updates, { minLength: 1, maxLength: 3 }), async (workers) => {
        const pairs = workers.map((all) => {
          const one = pair();
          for (const each of all) one.update(each);
          return one;
        });
        const merged = async (metrics: readonly unknown[]): Promise<string[]> => {
          const snapshots = await Promise.all(metrics.map((metric) => registryOf(metric).getMetricsAsJSON()));
          return linesOf(AggregatorRegistry.aggregate(structuredClone(snapshots)));
        };
        expect(await merged(pairs.map(({ own }) => own))).toEqual(
          await merged(pairs.map(({ reference }) => reference)),
        );
      }),
    );
  });
});

it('takes no labels and an empty label set for the same', () => {
  const own = new Numbers('series', seriesOf('counter'));
  own.at(undefined).value += 1;
  own.at({}).value += 1;
  expect(own.get().values).toEqual([{ labels: {}, value: 2 }]);
});
