/** Takes the measurements of a plan that are not there yet, each in a sandbox of its own. */

import { randomBytes } from 'node:crypto';
import { DitError, EXIT, messageOf, systemErrorCode } from '../base/errors.js';
import { type Foreign, quoting } from '../base/foreign.js';
import { engineError } from '../engine/docker.js';
import type { MeasureContext } from '../measure/context.js';
import { Sandbox } from '../measure/sandbox/sandbox.js';
import type { CsvDimension } from '../model/bench/bench.js';
import type { Dimension, Measure, Reading } from './contract/dimension.js';
import { type MeasurementPlan, makePlan, type Step } from './contract/plan.js';
import type { Journal } from './journal.js';
import { StepTimes } from './time-left.js';

export interface BenchProgress {
  readonly doing: 'preparing' | 'warming up' | 'measuring';
  readonly measurement: string;
  /** Steps of the plan that are there. */
  readonly done: number;
  readonly steps: number;
  /** Without what is made ready and warmed up. */
  readonly leftMs: number;
}

export interface BenchRun {
  readonly journal: Journal;
  readonly dimensions: readonly Dimension[];
  readonly context: Omit<MeasureContext, 'sandbox'>;
  readonly report: (progress: BenchProgress) => void;
}

/** A measurement that fails so often in a row fails for a reason that stays. */
const GIVE_UP_AFTER = 3;

/**
 * Every finished step is in the journal when the next one begins. An interruption is thrown when everything is
 * taken away.
 * @returns what could not be taken away, in words
 * @throws DitError where it makes no sense to go on; going on is possible later
 */
export async function runBench(run: BenchRun): Promise<Foreign[]> {
  const leftBehind: Foreign[] = [];
  const { journal, context } = run;
  const { measurements, settings } = journal.head;
  const there = new Set(journal.content.steps.map(({ place }) => place));
  const plan = makePlan(measurements, settings.seed);
  const todo = plan.filter(({ place }) => !there.has(place));
  const times = new StepTimes(measurements);
  for (const { measurement, ms } of journal.content.steps) times.add(measurement, ms);
  const report = (doing: BenchProgress['doing'], measurement: string, left = todo): void =>
    run.report({
      doing,
      measurement,
      done: plan.length - left.length,
      steps: plan.length,
      leftMs: times.of(left),
    });

  const lasting = newSandbox(context);
  try {
    const ready = await prepare(run, todo, lasting, report);
    for (const measurement of measurements) {
      if (!todo.some((step) => step.measurement === measurement.name)) continue;
      for (let i = 0; i < settings.warmup; i++) {
        report('warming up', measurement.name);
        const { ms, error } = await takeAgain(measurement, ready, context, leftBehind);
        if (error === undefined) times.add(measurement.name, ms);
        else setAside(measurement, error, ready);
      }
    }
    const failedInARow = new Map<string, number>();
    for (const [index, step] of todo.entries()) {
      report('measuring', step.measurement, todo.slice(index));
      const measurement = named(measurements, step.measurement);
      const at = Date.now();
      const attempt = await take(measurement, ready, context, leftBehind);
      const { error, ms } = attempt;
      if (error !== undefined && isLasting(error)) throw error;
      if (error === undefined) times.add(step.measurement, ms);
      journal.step({ ...lineOf(step), at, ms, ...outcomeOf(attempt) });
      const failures = error === undefined ? 0 : (failedInARow.get(step.measurement) ?? 0) + 1;
      failedInARow.set(step.measurement, failures);
      if (failures >= GIVE_UP_AFTER && !ready.unavailable.has(step.measurement)) throw error;
    }
  } finally {
    leftBehind.push(...(await lasting.close()));
  }
  return leftBehind;
}

const lineOf = ({ place, measurement, iteration }: Step) => ({ place, measurement, iteration });

const outcomeOf = ({ readings, error }: Attempt) =>
  error === undefined ? { readings } : { readings, failure: error.message };

const named = (measurements: readonly MeasurementPlan[], name: string): MeasurementPlan =>
  measurements.find((measurement) => measurement.name === name) as MeasurementPlan;

const newSandbox = ({ docker, signal }: Pick<MeasureContext, 'docker' | 'signal'>): Sandbox =>
  new Sandbox(docker, randomBytes(16).toString('hex'), signal);

interface Ready {
  readonly measure: Map<CsvDimension, Measure>;
  /** Measurements that cannot be taken here, and why. */
  readonly unavailable: Map<string, DitError>;
  readonly note: (text: string) => void;
}

async function prepare(
  { journal, dimensions, context }: BenchRun,
  todo: readonly Step[],
  sandbox: Sandbox,
  report: (doing: 'preparing', measurement: string) => void,
): Promise<Ready> {
  const { measurements, settings } = journal.head;
  const ready: Ready = {
    measure: new Map(),
    unavailable: new Map(),
    note: (text) => journal.note(text),
  };
  for (const dimension of dimensions) {
    const own = measurements.filter((each) => each.dimension === dimension.name);
    if (!own.some(({ name }) => todo.some(({ measurement }) => measurement === name))) continue;
    context.signal.throwIfAborted();
    report('preparing', dimension.name);
    try {
      ready.measure.set(dimension.name, await dimension.prepare({ ...context, sandbox }, settings));
    } catch (error) {
      const failure = failureOf(error, dimension.name, context.signal);
      for (const measurement of own) setAside(measurement, failure, ready);
    }
  }
  return ready;
}

/** Where this machine or engine lacks what it takes, the others are still measured. @throws DitError else */
function setAside({ name }: MeasurementPlan, error: DitError, { unavailable, note }: Ready): void {
  if (error.exitCode !== EXIT.unavailable) throw error;
  unavailable.set(name, error);
  note(`${name} is not measured: ${error.message}`);
}

interface Attempt {
  readonly readings: readonly Reading[];
  readonly ms: number;
  readonly error: DitError | undefined;
}

/** @throws the reason of an interruption, and what `engineGone` says */
async function take(
  measurement: MeasurementPlan,
  ready: Ready,
  context: Omit<MeasureContext, 'sandbox'>,
  leftBehind: Foreign[],
): Promise<Attempt> {
  const { signal, docker } = context;
  signal.throwIfAborted();
  const unavailable = ready.unavailable.get(measurement.name);
  const measure = ready.measure.get(measurement.dimension);
  if (unavailable !== undefined) return { readings: [], ms: 0, error: unavailable };
  if (measure === undefined) throw new Error(`'${measurement.dimension}' was not prepared`);
  const sandbox = newSandbox(context);
  const begin = performance.now();
  let readings: readonly Reading[] = [];
  let error: DitError | undefined;
  try {
    readings = await measure(measurement.name, { ...context, sandbox });
    refuseNonsense(readings, measurement);
  } catch (thrown) {
    error = failureOf(thrown, measurement.name, signal);
    readings = [];
  } finally {
    leftBehind.push(...(await sandbox.close()));
  }
  signal.throwIfAborted();
  if (error !== undefined) await refuseGone(docker);
  return { readings, ms: performance.now() - begin, error };
}

/** What fails once may be chance. */
async function takeAgain(...asked: Parameters<typeof take>): Promise<Attempt> {
  for (let failures = 1; ; failures++) {
    const attempt = await take(...asked);
    const { error } = attempt;
    const final = error === undefined || error.exitCode === EXIT.unavailable || isLasting(error);
    if (final || failures === GIVE_UP_AFTER) return attempt;
  }
}

/** @throws the reason of an interruption */
function failureOf(thrown: unknown, what: string, signal: AbortSignal): DitError {
  if (signal.aborted) throw signal.reason;
  if (thrown instanceof DitError) return thrown;
  const status = (thrown as { statusCode?: unknown } | undefined)?.statusCode;
  if (typeof status === 'number' || systemErrorCode(thrown) === 'ECONNREFUSED')
    return engineError(thrown, `measuring ${what}`);
  return new DitError({
    code: 'bench-failed',
    exitCode: EXIT.engine,
    message: quoting`${what} cannot be measured: ${messageOf(thrown)}`,
    remedy: 'leave this dimension out, or run again with DIT_DEBUG=1 for details',
    cause: thrown,
  });
}

function refuseNonsense(readings: readonly Reading[], { name, gives }: MeasurementPlan): void {
  for (const { dimension, group, value } of readings) {
    const known = gives.some((each) => each.dimension === dimension && each.group === group);
    if (known && Number.isFinite(value)) continue;
    throw new Error(`${name} gives ${value} for ${dimension} ${group}`);
  }
}

/** A full disk does not empty itself: what was measured stays, and the rest waits. */
const isLasting = (error: DitError): boolean => /no space left on device/i.test(error.message);

/** @throws DitError where the engine does not answer any more */
async function refuseGone(docker: MeasureContext['docker']): Promise<void> {
  try {
    await docker.ping();
  } catch (error) {
    throw engineError(error, 'measuring');
  }
}
