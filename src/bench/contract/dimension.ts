/** The contract of a dimension of the benchmark: what it measures, and how each measurement is taken. */

import type { MeasureContext } from '../../measure/context.js';
import type { BenchDimension, CsvDimension } from '../../model/bench/bench.js';
import type { Given, MeasurementPlan } from './plan.js';
import type { BenchSettings } from './settings.js';

export type DimensionFacts = Pick<BenchDimension, 'unit' | 'better'>;

/** One value, of the dimension's unit. */
export interface Reading extends Given {
  readonly value: number;
}

/** Takes the measurement of this name once; the sandbox of the context is that one measurement's. */
export type Measure = (measurement: string, context: MeasureContext) => Promise<readonly Reading[]>;

export interface Dimension {
  readonly name: CsvDimension;
  /** In a sentence: what the value is, from when to when, by which clock. */
  readonly measures: string;
  /** Of the finer dimensions that its measurements give values of besides its own. */
  readonly finer: Readonly<Record<string, DimensionFacts>>;
  readonly measurements: (settings: BenchSettings) => readonly MeasurementPlan[];
  /**
   * Makes what all its measurements use; the sandbox of the context lives as long as the benchmark.
   * @throws DitError exit 3 where nothing of it can be measured here
   */
  readonly prepare: (context: MeasureContext, settings: BenchSettings) => Promise<Measure>;
}

/** The image as it is named in groups: a colon is none in the study's files, and a comma would end the column. */
export const imageLabel = ({ image }: BenchSettings): string =>
  image === '' ? 'dit-builtin' : image.replaceAll(':', '_').replaceAll(',', '_');
