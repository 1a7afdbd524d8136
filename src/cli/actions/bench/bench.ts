/** `dit bench [DIMENSIONS…] --out DIR`: many interleaved measurements, kept as they come, to be compared later. */

import { randomInt } from 'node:crypto';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { DitError, EXIT, messageOf } from '../../../base/errors.js';
import { escapeText } from '../../../base/escape.js';
import { quoting } from '../../../base/foreign.js';
import { assembleBench } from '../../../bench/assemble.js';
import type { Dimension } from '../../../bench/contract/dimension.js';
import { type MeasurementPlan, planLength } from '../../../bench/contract/plan.js';
import {
  type AskedSettings,
  type BenchSettings,
  newSettings,
  refuseOtherEnvironment,
  refuseOtherSettings,
} from '../../../bench/contract/settings.js';
import { DIMENSIONS, dimensionsNamed } from '../../../bench/dimensions.js';
import { benchEnvironment } from '../../../bench/environment.js';
import { type FoundJournal, findJournal, Journal, journalHead } from '../../../bench/journal.js';
import { runBench } from '../../../bench/run-bench.js';
import {
  type BenchEnvironment,
  CSV_DIMENSION_FACTS,
  CSV_DIMENSIONS,
  type CsvDimension,
  MOST_SAMPLES,
} from '../../../model/bench/bench.js';
import { CSV_SHAPES } from '../../../model/bench/bench-csv.js';
import { withFileLock } from '../../../platform/files/file-lock.js';
import { makeFolders, removeEmptyFolder } from '../../../platform/files/folders.js';
import { type Owner, sudoUser } from '../../../platform/files/owner.js';
import { readHostInfo } from '../../../platform/host-info.js';
import { packageVersion } from '../../../platform/package-files.js';
import { plural } from '../../../render/common/format.js';
import { resultsIn, writeResults } from '../../../store/write-results.js';
import { prepareChecks } from '../../common/check-context.js';
import type { EngineOptions } from '../../common/choose-engine.js';
import type { CommandContext } from '../../common/context.js';
import { exitCodeOf } from '../../common/outcome.js';
import { errorLines } from '../../common/report-error.js';
import { themeFor } from '../../common/theme.js';
import { ProgressLine } from './progress.js';
import { renderBench } from './summary.js';

export interface BenchOptions extends EngineOptions {
  readonly list?: true;
  readonly out?: string;
  readonly iterations?: number;
  readonly coldStarts?: number;
  readonly pulls?: number;
  readonly warmup?: number;
  readonly seed?: number;
  readonly platform?: string;
  readonly image?: string;
}

export async function bench(
  names: readonly string[],
  options: BenchOptions,
  context: CommandContext,
): Promise<number> {
  if (options.list === true) {
    await listDimensions(context);
    return EXIT.ok;
  }
  const asked = askedSettings(names, options);
  if (options.out === undefined) {
    throw usage('bench-no-directory', 'dit bench needs an output directory', 'add --out DIR');
  }
  const directory = resolve(options.out);
  const made = makeDirectories(directory, context.env);
  try {
    return await locked(directory, () => benchInto(directory, asked, options, context));
  } finally {
    for (const each of made.toReversed()) removeEmptyFolder(each);
  }
}

async function benchInto(
  directory: string,
  asked: AskedSettings,
  options: BenchOptions,
  context: CommandContext,
): Promise<number> {
  const { stderr, env } = context;
  const found = findJournal(directory);
  if (found === undefined) {
    refuseForeignData(directory);
    refuseTooMany(asked);
  } else refuseOtherSettings(asked, found.content.head.settings, directory);
  if (found !== undefined && isComplete(found)) {
    await stderr.line('dit: this benchmark is complete; its files are written anew');
    await finish(directory, found.content, context);
    return EXIT.ok;
  }
  const image = found?.content.head.settings.image || options.image;
  const prepared = await prepareChecks(
    { engine: options.engine, host: options.host, ...(image ? { image } : {}) },
    context,
  );
  let journal: Journal | undefined;
  const progress = new ProgressLine(stderr);
  try {
    const { engine } = prepared.context;
    const environment = benchEnvironment(readHostInfo(), engine, packageVersion());
    journal =
      found === undefined
        ? beginJournal(directory, asked, environment, sudoUser(env))
        : goOn(directory, found, environment);
    const { head } = journal;
    await stderr.line(
      `dit: seed ${head.settings.seed}; data: ${escapeText(directory)}` +
        (found === undefined ? '' : `; ${plural(found.content.steps.length, 'measurement')} there`),
    );
    const leftBehind = await runBench({
      journal,
      dimensions: dimensionsNamed(head.settings.dimensions),
      context: { ...prepared.context, say: () => {} },
      report: (state) => progress.show(state),
    });
    progress.clear();
    for (const what of leftBehind) {
      const remedy = 'docker ps -a --filter label=dev.dit.run';
      await stderr.write(errorLines(quoting`clean-up is not complete: ${what}`, remedy));
    }
    await finish(directory, journal.content, context);
    return EXIT.ok;
  } catch (error) {
    progress.clear();
    if (journal === undefined) throw error;
    return await endEarly(directory, journal, error, context);
  } finally {
    journal?.close();
    await prepared.close();
  }
}

/** The files are written of what there is; the same command goes on. @throws the error */
async function endEarly(
  directory: string,
  journal: Journal,
  error: unknown,
  context: CommandContext,
): Promise<number> {
  const { head, steps } = journal.content;
  const planned = planLength(head.measurements);
  const fact = `${steps.length} of ${planned} measurements are there`;
  const goOnWith = `dit bench --out ${directory}`;
  try {
    saveResults(directory, journal.content, context);
  } catch (unwritten) {
    // What stopped the benchmark may be why, and says more.
    await context.stderr.write(errorLines(messageOf(unwritten), undefined));
  }
  const { signal, stderr } = context;
  if (!signal.aborted) {
    await stderr.line(`dit: ${fact}; to go on later: ${escapeText(goOnWith)}`);
    throw error;
  }
  await stderr.write(errorLines(quoting`${messageOf(signal.reason)}: ${fact}`, goOnWith));
  return exitCodeOf(signal.reason);
}

async function finish(
  directory: string,
  content: Journal['content'],
  context: CommandContext,
): Promise<void> {
  const { stdout } = context;
  const data = saveResults(directory, content, context);
  await stdout.write(renderBench(data, themeFor(stdout), stdout.width));
  await stdout.line(`data: ${escapeText(directory)}`);
}

function saveResults(directory: string, content: Journal['content'], { env }: CommandContext) {
  const data = assembleBench(content);
  try {
    writeResults(directory, data, sudoUser(env));
  } catch (error) {
    throw unwritable(directory, error);
  }
  return data;
}

const isComplete = ({ content: { head, steps } }: FoundJournal): boolean =>
  steps.length === planLength(head.measurements);

function beginJournal(
  directory: string,
  asked: AskedSettings,
  environment: BenchEnvironment,
  owner: Owner | undefined,
): Journal {
  const settings = newSettings(asked, { seed: randomInt(2 ** 32), platform: hostname() });
  const dimensions = dimensionsNamed(settings.dimensions);
  return Journal.begin(
    directory,
    journalHead({
      settings,
      environment,
      measurements: measurementsOf(settings),
      facts: factsOf(dimensions),
      started: new Date().toISOString(),
    }),
    owner,
  );
}

const measurementsOf = (settings: BenchSettings): MeasurementPlan[] =>
  dimensionsNamed(settings.dimensions).flatMap((dimension) => dimension.measurements(settings));

/** @throws DitError where dit compare would not read what is to be measured */
function refuseTooMany(asked: AskedSettings): void {
  const planned = measurementsOf(newSettings(asked, { seed: 0, platform: '' }));
  const values = planned.reduce((sum, { iterations, gives }) => sum + iterations * gives.length, 0);
  if (values <= MOST_SAMPLES) return;
  throw usage(
    'bench-too-many',
    `this benchmark would give ${values} values, and dit compare reads at most ${MOST_SAMPLES}`,
    'ask for fewer --iterations or fewer dimensions',
  );
}

const factsOf = (dimensions: readonly Dimension[]) =>
  Object.assign(
    {},
    ...dimensions.map(({ name, finer }) => ({ [name]: CSV_DIMENSION_FACTS[name], ...finer })),
  );

/** @throws DitError where this is not the machine and engine of the data */
function goOn(directory: string, found: FoundJournal, environment: BenchEnvironment): Journal {
  const { head, steps } = found.content;
  refuseOtherEnvironment(environment.host, head.environment.host, directory);
  refuseOtherEnvironment(environment.engine, head.environment.engine, directory);
  const journal = Journal.goOn(directory, found);
  if (steps.length > 0) {
    journal.note(
      `interrupted after ${plural(steps.length, 'measurement')}, resumed at ${new Date().toISOString()}`,
    );
  }
  return journal;
}

/** @throws DitError naming what is no dimension or no size */
function askedSettings(names: readonly string[], options: BenchOptions): AskedSettings {
  const unknown = names.find((name) => !CSV_DIMENSIONS.includes(name as CsvDimension));
  if (unknown !== undefined) {
    throw usage(
      'dimension-unknown',
      `there is no dimension '${unknown}'`,
      `use some of: ${CSV_DIMENSIONS.join(', ')}`,
    );
  }
  const { iterations, coldStarts, pulls, warmup, seed, platform, image } = options;
  const dimensions = CSV_DIMENSIONS.filter((name) => names.includes(name));
  return {
    dimensions: names.length === 0 ? undefined : dimensions,
    iterations,
    coldStarts,
    pulls,
    warmup,
    seed,
    platform,
    image,
  } satisfies Record<keyof BenchSettings, unknown>;
}

const usage = (code: string, message: string, remedy: string): DitError =>
  new DitError({ code, exitCode: EXIT.usage, message, remedy });

/** @returns those that were not there, outermost first @throws DitError */
function makeDirectories(directory: string, env: CommandContext['env']): string[] {
  try {
    return makeFolders(directory, { mode: 0o777, owner: sudoUser(env) });
  } catch (error) {
    throw unwritable(directory, error);
  }
}

const unwritable = (directory: string, error: unknown): DitError =>
  new DitError({
    code: 'bench-unwritable',
    exitCode: EXIT.usage,
    message: quoting`"${directory}" cannot be written: ${messageOf(error)}`,
    remedy: 'make room there, or name another directory: --out DIR',
    cause: error,
  });

/** @throws DitError where the directory holds results that did not come from here */
function refuseForeignData(directory: string): void {
  const [file] = resultsIn(directory);
  if (file === undefined) return;
  throw usage(
    'bench-foreign-data',
    `"${directory}" holds data of another benchmark: ${file}`,
    'name a new directory: --out DIR',
  );
}

/** Two benchmarks on one directory would mix their lines. @throws DitError */
async function locked(directory: string, work: () => Promise<number>): Promise<number> {
  let begun = false;
  try {
    return await withFileLock(directory, 0, () => {
      begun = true;
      return work();
    });
  } catch (error) {
    if (begun || !(error instanceof DitError) || error.code !== 'lock-busy') throw error;
    throw usage(
      'bench-under-way',
      `another dit bench is writing into "${directory}"`,
      'wait for it, or name another directory: --out DIR',
    );
  }
}

async function listDimensions({ stdout }: CommandContext): Promise<void> {
  const theme = themeFor(stdout);
  const settings = newSettings({}, { seed: 0, platform: '' });
  for (const { name, measures, measurements } of DIMENSIONS) {
    const planned = measurements(settings);
    const groups = planned
      .flatMap(({ gives }) => gives)
      .filter(({ dimension }) => dimension === name)
      .map(({ group }) => group);
    const { unit } = CSV_DIMENSION_FACTS[name];
    await stdout.line(`${theme.strong(name.padEnd(12))}${CSV_SHAPES[name].file}, ${unit}`);
    await stdout.line(`            ${measures}`);
    await stdout.line(`            ${theme.dim(groups.join(', '))}`);
  }
}
