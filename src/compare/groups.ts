/** The groups of all platforms, summarised. */
import { type Foreign, raw } from '../base/foreign.js';
import type { Bench, BenchDimension, BenchSample } from '../model/bench/bench.js';
import type { Bounds, ComparedGroup, GroupSummary } from '../model/bench/bench-comparison.js';
import { around, mean, standardDeviation, tMargin } from '../stats/moments.js';
import { outliers } from '../stats/outliers.js';
import { studyMargin, studyMedian } from '../stats/study.js';
import { bootstrapMedian, quantile } from '../stats/summary.js';

const DEVIATION = '/deviation';

/**
 * A limit's groups ("50%") get one beside them that holds how far each measurement is from the limit, whichever way:
 * the mean of shares may be right where no single one is.
 */
export function withDeviations(bench: Bench): Bench {
  return {
    ...bench,
    dimensions: bench.dimensions.map((dimension) => {
      if (dimension.name !== 'cpu') return dimension;
      const limits = dimension.groups.filter((group) => /^\d+(\.\d+)?%$/.test(raw(group)));
      const deviations = dimension.samples
        .filter(({ group }) => limits.includes(group))
        .map((sample) => ({
          ...sample,
          group: raw(sample.group) + DEVIATION,
          value: Math.abs(sample.value - Number(sample.group.slice(0, -1))),
        }));
      return {
        ...dimension,
        groups: dimension.groups.flatMap((group) =>
          limits.includes(group) ? [group, raw(group) + DEVIATION] : [group],
        ),
        samples: [...dimension.samples, ...deviations],
      };
    }),
  };
}

/** Of a group that is derived from another: the doctor has looked at that one. */
export const isDerived = (group: Foreign): boolean => group.endsWith(DEVIATION);

/** In the order of the first benchmark that has them; summaries in the order of the benchmarks. */
export function compareGroups(benches: readonly Bench[]): ComparedGroup[] {
  const order = new Map<string, { dimension: BenchDimension; groups: Set<Foreign> }>();
  for (const bench of benches) {
    for (const dimension of bench.dimensions) {
      const entry = order.get(dimension.name) ?? { dimension, groups: new Set() };
      for (const group of dimension.groups) entry.groups.add(group);
      order.set(dimension.name, entry);
    }
  }
  return [...order.values()].flatMap(({ dimension: { name, unit, better }, groups }) =>
    [...groups].map((group) => ({
      dimension: name,
      unit,
      better,
      group,
      summaries: benches.map(({ dimensions }) => {
        const own = dimensions.find((each) => each.name === name);
        return own === undefined ? undefined : summary(own, group);
      }),
    })),
  );
}

function summary(dimension: BenchDimension, group: Foreign): GroupSummary | undefined {
  const samples = dimension.samples.filter((sample) => sample.group === group);
  const missing = (dimension.missing ?? []).filter((each) => each.group === group).length;
  if (samples.length === 0 && missing === 0) return undefined;
  samples.sort((a, b) => a.order - b.order);
  const values = valuesOf({ samples });
  const centre = mean(values);
  return {
    samples,
    missing,
    mean: centre,
    median: quantile(values, 0.5),
    sd: standardDeviation(values),
    min: quantile(values, 0),
    max: quantile(values, 1),
    meanBounds: around(centre, tMargin(values)),
    medianBounds: medianBounds(values),
    study: { median: studyMedian(values), margin: studyMargin(values) },
    outliers: outliers(values).map(({ index, score }) => {
      const { iteration, value } = samples[index] as BenchSample;
      return { iteration, value, score };
    }),
  };
}

export const valuesOf = ({ samples }: Pick<GroupSummary, 'samples'>): number[] =>
  samples.map(({ value }) => value);

function medianBounds(values: readonly number[]): Bounds {
  if (values.length < 2) return { low: Number.NaN, high: Number.NaN };
  return bootstrapMedian(values, { resamples: resamplesOf(values.length) });
}

/** 10,000; of thousands of values fewer, which takes a second and not a minute. */
export const resamplesOf = (values: number): number =>
  Math.max(1000, Math.min(10_000, Math.floor(2e7 / values)));
