/** What a benchmark was asked to do; a directory holds the data of one set of settings. */

import { DitError, EXIT } from '../../base/errors.js';
import { type Foreign, joinForeign, quoting } from '../../base/foreign.js';
import { own } from '../../base/own.js';
import { CSV_DIMENSIONS, type CsvDimension } from '../../model/bench/bench.js';

export interface BenchSettings {
  /** In the order of CSV_DIMENSIONS. */
  readonly dimensions: readonly CsvDimension[];
  readonly iterations: number;
  readonly coldStarts: number;
  readonly pulls: number;
  /** Of each measurement, before the first that counts. */
  readonly warmup: number;
  readonly seed: number;
  readonly platform: string;
  /** '': the built-in one. */
  readonly image: string;
}

/** What the command line says; the rest is as it was, or a default. */
export type AskedSettings = { readonly [K in keyof BenchSettings]?: BenchSettings[K] | undefined };

const ITERATIONS = 50;
const COLD_STARTS = 20;
const PULLS = 10;
const WARMUP = 1;

/** @param fallback of what has no fixed default */
export function newSettings(
  asked: AskedSettings,
  fallback: Pick<BenchSettings, 'seed' | 'platform'>,
): BenchSettings {
  const iterations = asked.iterations ?? ITERATIONS;
  return {
    dimensions: asked.dimensions ?? CSV_DIMENSIONS,
    iterations,
    coldStarts: asked.coldStarts ?? Math.min(COLD_STARTS, iterations),
    pulls: asked.pulls ?? Math.min(PULLS, iterations),
    warmup: asked.warmup ?? WARMUP,
    seed: asked.seed ?? fallback.seed,
    platform: asked.platform ?? fallback.platform,
    image: asked.image ?? '',
  };
}

const OPTIONS: Readonly<Record<keyof BenchSettings, string>> = {
  dimensions: 'dimensions',
  iterations: '--iterations',
  coldStarts: '--cold-starts',
  pulls: '--pulls',
  warmup: '--warmup',
  seed: '--seed',
  platform: '--platform',
  image: '--image',
};

/** @throws DitError where something else is asked for than `directory` has been measured with */
export function refuseOtherSettings(
  asked: AskedSettings,
  recorded: BenchSettings,
  directory: string,
): void {
  const differences = (Object.keys(OPTIONS) as (keyof BenchSettings)[]).flatMap((key) => {
    const [wanted, is] = [asked[key], recorded[key]].map((value) => value?.toString());
    return wanted === undefined || wanted === is ? [] : [`${OPTIONS[key]} ${is}, not ${wanted}`];
  });
  if (differences.length === 0) return;
  throw new DitError({
    code: 'bench-other-plan',
    exitCode: EXIT.usage,
    message: `"${directory}" holds a benchmark with other settings: ${differences.join('; ')}`,
    remedy: `resume it: dit bench --out ${directory}; or name another directory`,
  });
}

type Environment = Readonly<Record<string, Foreign>>;

/** The machine's load changes all the time. */
export const LOAD_LABEL = 'load average';

/** @throws DitError where the data of `directory` were measured elsewhere: the two must not be mixed */
export function refuseOtherEnvironment(
  here: Environment,
  recorded: Environment,
  directory: string,
): void {
  const differences = [...new Set([...Object.keys(recorded), ...Object.keys(here)])]
    .filter((label) => label !== LOAD_LABEL && own(here, label) !== own(recorded, label))
    .map(
      (label) => quoting`${label} "${own(recorded, label) ?? ''}", not "${own(here, label) ?? ''}"`,
    );
  if (differences.length === 0) return;
  throw new DitError({
    code: 'bench-other-environment',
    exitCode: EXIT.usage,
    message: quoting`"${directory}" was measured elsewhere: ${joinForeign(differences, '; ')}`,
    remedy: 'measure this one into another directory: --out DIR',
  });
}
