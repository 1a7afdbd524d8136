/** `dit trace run --runs N`: starts one after the other, their medians, and the median one's report. */

import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { analyse } from '../../../analysis/analyse.js';
import {
  medianStart,
  phaseSpreads,
  spreadOf,
  type WholeStart,
} from '../../../analysis/summaries/summarise-starts.js';
import { DitError, EXIT, type ExitCode, messageOf, systemErrorCode } from '../../../base/errors.js';
import { escapeText } from '../../../base/escape.js';
import { quoting } from '../../../base/foreign.js';
import { phaseTotals } from '../../../model/trace/totals.js';
import { windowLength } from '../../../model/trace/trace.js';
import { makeNewFolder, removeFolder } from '../../../platform/files/folders.js';
import { openInput } from '../../../platform/files/input-files.js';
import { type Owner, sudoUser } from '../../../platform/files/owner.js';
import { formatMs } from '../../../render/common/format.js';
import { renderRuns, runsJson } from '../../../render/text/runs.js';
import { newTracePath } from '../../../store/trace-store.js';
import { readTraceFile } from '../../../tracefile/reader.js';
import { fileSink } from '../../../tracefile/trace-sink.js';
import { TraceFileWriter } from '../../../tracefile/writer.js';
import type { CommandContext } from '../../common/context.js';
import { exitCodeOf } from '../../common/outcome.js';
import { errorLines } from '../../common/report-error.js';
import { reportLoss } from '../../common/report-loss.js';
import type { TraceRunOptions } from '../../common/run-options.js';
import {
  checkOptions,
  imageOf,
  prepareStarts,
  reportCleanUp,
  type StartRecorder,
} from '../../common/start-recorder.js';
import { themeFor } from '../../common/theme.js';

/** The first start after a pause finds caches cold, the client's code too. */
const DEFAULT_WARMUP = 1;
/** So many failures in a row, and the next start will fail too. */
const GIVE_UP_AFTER = 3;

export async function traceRuns(
  image: string | undefined,
  command: readonly string[],
  options: TraceRunOptions,
  context: CommandContext,
): Promise<ExitCode> {
  const { env } = context;
  const unique = randomBytes(2).toString('hex');
  const path = options.output ?? newTracePath(env, imageOf(image), new Date(), unique);
  const folder = makeFolder(path, sudoUser(env));
  let kept = false;
  try {
    checkOptions(options);
    const recorder = await prepareStarts({ image, command, options, onOutput: () => {} }, context);
    let series: Series;
    try {
      series = await recordAll(recorder, folder, options, context);
    } finally {
      await recorder.close();
    }
    const median = medianStart(series.starts);
    if (median === undefined) throw noStart(series, context);
    copyTrace(median.path, path, sudoUser(env));
    kept = options.keepAll === true;
    return await report(series, path, kept ? folder : undefined, imageOf(image), options, context);
  } finally {
    if (!kept) removeFolder(folder);
  }
}

interface Series {
  readonly starts: WholeStart[];
  readonly failures: { readonly start: number; readonly message: string }[];
  /** What the last failure was. */
  lastFailure: DitError | undefined;
  lost: number;
  warmups: number;
}

async function recordAll(
  recorder: StartRecorder,
  folder: string,
  options: TraceRunOptions,
  context: CommandContext,
): Promise<Series> {
  const { warmup = DEFAULT_WARMUP, runs = 1 } = options;
  const series: Series = { starts: [], failures: [], lastFailure: undefined, lost: 0, warmups: 0 };
  const digits = String(runs).length;
  const say = async (line: string): Promise<void> => {
    if (options.quiet !== true) await context.stderr.line(`dit: ${line}`);
  };
  for (let index = -warmup; index < runs && !context.signal.aborted; index++) {
    const warmsUp = index < 0;
    const number = warmsUp ? index + warmup + 1 : index + 1;
    const name = `${warmsUp ? 'warm-up' : 'start'} ${number} of ${warmsUp ? warmup : runs}`;
    const file = `${warmsUp ? 'warm-up-' : ''}${String(number).padStart(digits, '0')}.dit`;
    const attempt = await recordOne(recorder, join(folder, file), context);
    if (context.signal.aborted && attempt.failure !== undefined) break;
    if (attempt.failure !== undefined) {
      // What fails while it warms up fails for a reason that stays.
      if (warmsUp) throw attempt.failure;
      const { message } = attempt.failure;
      await say(`${name}: failed: ${escapeText(message)}`);
      series.lastFailure = attempt.failure;
      series.failures.push({ start: number, message });
      if (failedInARow(series, number) >= GIVE_UP_AFTER) break;
      continue;
    }
    await say(`${name}: ${formatMs(attempt.start.window)} ms${lossNote(attempt.lost)}`);
    if (warmsUp) {
      series.warmups++;
      continue;
    }
    series.lost += attempt.lost;
    series.starts.push(attempt.start);
  }
  return series;
}

const lossNote = (lost: number): string => (lost === 0 ? '' : `, ${lost} events lost`);

/** How many starts up to `number` have failed one after the other. */
function failedInARow({ failures }: Series, number: number): number {
  const failed = new Set(failures.map(({ start }) => start));
  let count = 0;
  while (failed.has(number - count)) count++;
  return count;
}

type Attempt =
  | { readonly failure: DitError }
  | { readonly failure: undefined; readonly start: WholeStart; readonly lost: number };

async function recordOne(
  recorder: StartRecorder,
  path: string,
  context: CommandContext,
): Promise<Attempt> {
  const writer = new TraceFileWriter(path, { owner: sudoUser(context.env) });
  try {
    const result = await recorder.record(writer);
    writer.close();
    await reportCleanUp(result, context);
    if (result.failure !== undefined) return { failure: result.failure };
    const [run] = analyse(readTraceFile(path)).runs;
    if (run?.window === undefined) return { failure: notWhole() };
    return {
      failure: undefined,
      start: { path, window: windowLength(run.window), totals: phaseTotals(run.segments) },
      lost: result.summary.lost,
    };
  } catch (error) {
    if (error instanceof DitError) return { failure: error };
    throw error;
  } finally {
    writer.close();
  }
}

async function report(
  series: Series,
  path: string,
  folder: string | undefined,
  image: string,
  options: TraceRunOptions,
  context: CommandContext,
): Promise<ExitCode> {
  const { stdout, stderr, signal } = context;
  const { starts, failures, lost, warmups } = series;
  const windows = starts.map(({ window }) => window);
  const summary = {
    image,
    asked: options.runs ?? 1,
    warmups,
    windows,
    window: spreadOf(windows),
    phases: phaseSpreads(starts),
    failures,
    lost,
    medianTrace: path,
    folder,
  };
  if (options.json === true) {
    await stdout.write(runsJson(summary, analyse(readTraceFile(path))));
  } else if (options.quiet !== true) {
    await stdout.write(renderRuns(summary, { theme: themeFor(stdout), width: stdout.width }));
    await stdout.line();
    const { traceShow } = await import('./show.js');
    await traceShow(path, {}, context);
  }
  const saved = options.json === true || options.quiet === true ? stderr : stdout;
  await saved.line(`median trace saved: ${path}`);
  if (folder !== undefined) await saved.line(`all traces: ${folder}`);
  if (signal.aborted) {
    const { reason } = signal;
    const fact = quoting`${messageOf(reason)} after ${starts.length} of ${options.runs ?? 1} starts`;
    await stderr.write(errorLines(fact, `read the median one: dit trace show ${path}`));
    return exitCodeOf(reason);
  }
  return reportLoss(lost, options, stderr);
}

/** Beside the trace that will be kept, on the same file system. @throws DitError */
function makeFolder(path: string, owner: Owner | undefined): string {
  const folder = `${path.replace(/\.dit$/, '')}.runs`;
  const taken = [path, folder].find((name) => existsSync(name));
  try {
    if (taken === undefined) makeNewFolder(folder, { mode: 0o700, owner });
  } catch (error) {
    const missing = systemErrorCode(error) === 'ENOENT';
    throw new DitError({
      code: 'trace-unwritable',
      exitCode: EXIT.usage,
      message: quoting`cannot make the folder "${folder}": ${messageOf(error)}`,
      remedy: missing ? 'make the folder above it first' : 'write elsewhere with -o FILE',
      cause: error,
    });
  }
  if (taken === undefined) return folder;
  throw new DitError({
    code: 'trace-exists',
    exitCode: EXIT.usage,
    message: `"${taken}" exists already`,
    remedy: 'choose another name with -o FILE, or remove it first',
  });
}

const COPY_BYTES = 1 << 20;

/** @throws DitError where a file of this name is there, or cannot be written; nothing of it stays then */
function copyTrace(from: string, to: string, owner: Owner | undefined): void {
  const file = openInput(from);
  try {
    const sink = fileSink(to, { owner });
    const chunk = Buffer.allocUnsafe(COPY_BYTES);
    try {
      for (let bytes = -1; bytes !== 0; ) {
        bytes = readSync(file, chunk);
        if (bytes > 0) sink.write(chunk.subarray(0, bytes));
      }
    } catch (error) {
      sink.discard();
      throw error;
    }
    sink.close();
  } finally {
    closeSync(file);
  }
}

function notWhole(): DitError {
  return new DitError({
    code: 'run-incomplete',
    exitCode: EXIT.engine,
    message: 'its entrypoint was never executed',
    remedy: 'record one start and look at it: dit trace run',
  });
}

function noStart({ lastFailure }: Series, { signal }: CommandContext): DitError {
  if (!signal.aborted) return lastFailure ?? notWhole();
  return new DitError({
    code: 'interrupted',
    exitCode: exitCodeOf(signal.reason),
    message: quoting`${messageOf(signal.reason)} before a whole start was recorded`,
    remedy: 'run it again',
  });
}
