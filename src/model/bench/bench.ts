/**
 * The data of one benchmark directory: `bench.json` (everything) and nine CSV files in the shapes of an
 * earlier study, so that its data and dit's can be compared (bench-csv.ts reads and writes those).
 */
import type { Foreign } from '../../base/foreign.js';

export const BENCH_SCHEMA = 'dit.bench/1';
/** The file in the directory; the CSV files beside it hold the same values, unrounded. Where it is, they are not read. */
export const BENCH_FILE = 'bench.json';

/** The dimensions that have a CSV file, in the order of its number; `bench.json` may hold others. */
export const CSV_DIMENSIONS = [
  'startup',
  'copyup',
  'cpu',
  'write',
  'metadata',
  'pull',
  'namespaces',
  'network',
  'memory',
] as const;
export type CsvDimension = (typeof CSV_DIMENSIONS)[number];

/** A dimension's name; it has no dot, because `--fail-on` cuts at dots. */
export const DIMENSION_NAME = /^[a-z][a-z0-9-]*$/;

export type BenchUnit = 'ms' | 'MB/s' | 'Mbit/s' | 'MB' | '%' | 'ops/s';

/** One measurement, as measured: never rounded, clamped or dropped. */
export interface BenchSample {
  /** From 1, in each group. */
  readonly iteration: number;
  /** One of the dimension's groups. */
  readonly group: Foreign;
  /** Of the dimension's unit; finite. May be negative where the difference of two measurements is. */
  readonly value: number;
  /** Place in the whole run, over all dimensions, from 0: drift is looked for along it. */
  readonly order: number;
  /** Wall clock when it was taken, ms since 1970; absent in CSV files. */
  readonly at?: number;
}

/** A measurement that was tried and gave nothing. */
export interface MissingSample {
  readonly iteration: number;
  readonly group: Foreign;
  /** In words; untrusted where it holds an engine's message. */
  readonly reason: Foreign;
}

/**
 * What was measured, in one unit. A group is what is summarised and compared on its own; its name is made
 * of parts with "/" between them, and each part selects it in `--fail-on`:
 *
 * | dimension  | groups                                       |
 * |------------|----------------------------------------------|
 * | startup    | "alpine/warm", "alpine/cold": image and mode |
 * | copyup     | "100MB": size of the lower file              |
 * | cpu        | "50%": the limit; the value is the measured share, % of one CPU |
 * | write      | "overlayfs", "volume" …: mode                |
 * | metadata   | "overlayfs/500": mode and number of files    |
 * | pull       | "alpine": image                              |
 * | namespaces | "namespace_create" …: operation              |
 * | network    | "bridge", "host" …: mode; round trip         |
 * | memory     | "3/per-container", "3/total": containers; the total measured on its own (the sum of PSS against RSS of each), not the sum of the other |
 */
export interface BenchDimension {
  readonly name: string;
  readonly unit: BenchUnit;
  /** Which change is an improvement; "neither" where nearer to a target is better. */
  readonly better: 'lower' | 'higher' | 'neither';
  /** In the order to print. */
  readonly groups: readonly Foreign[];
  /** In the order in which they were taken. */
  readonly samples: readonly BenchSample[];
  readonly missing?: readonly MissingSample[];
}

export interface BenchEnvironment {
  /** Label → value, for people and for "these differ": {"kernel": "6.8.0", "CPU": "…"}. Untrusted. */
  readonly host: Readonly<Record<string, Foreign>>;
  readonly engine: Readonly<Record<string, Foreign>>;
}

export interface Bench {
  readonly schema: typeof BENCH_SCHEMA;
  /** The name that the comparison prints; untrusted. */
  readonly platform: Foreign;
  /** Of the random order of the blocks; null where the order was not random or is not known. */
  readonly seed: number | null;
  readonly environment: BenchEnvironment;
  /** ISO 8601, UTC; '' where it is not known. */
  readonly started: Foreign;
  /** '' where the run was interrupted, or where it is not known. */
  readonly ended: Foreign;
  readonly dimensions: readonly BenchDimension[];
  /** What a reader must know: "page cache not dropped: not root". Untrusted. */
  readonly notes: readonly Foreign[];
}

/** No benchmark has more; a comparison of what has would take hours and gigabytes. */
export const MOST_SAMPLES = 100_000;
export const MOST_GROUPS = 500;
/** Of one measurement. */
export const MOST_ITERATIONS = 10_000;

/** Unit and direction of the dimensions that have a CSV file. */
export const CSV_DIMENSION_FACTS: Readonly<
  Record<CsvDimension, Pick<BenchDimension, 'unit' | 'better'>>
> = {
  startup: { unit: 'ms', better: 'lower' },
  copyup: { unit: 'ms', better: 'lower' },
  cpu: { unit: '%', better: 'neither' },
  write: { unit: 'MB/s', better: 'higher' },
  metadata: { unit: 'ms', better: 'lower' },
  pull: { unit: 'ms', better: 'lower' },
  namespaces: { unit: 'ms', better: 'lower' },
  network: { unit: 'ms', better: 'lower' },
  memory: { unit: 'MB', better: 'lower' },
};
