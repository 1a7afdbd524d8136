/** `samples.jsonl`: what was asked, then a line for each finished step, so that a killed benchmark goes on. */
import { closeSync, fsyncSync, ftruncateSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { DitError, EXIT, messageOf, systemErrorCode } from '../base/errors.js';
import { safeJson } from '../base/escape.js';
import { quoting } from '../base/foreign.js';
import {
  type BenchEnvironment,
  MOST_GROUPS,
  MOST_ITERATIONS,
  MOST_SAMPLES,
} from '../model/bench/bench.js';
import { readInput } from '../platform/files/input-files.js';
import type { Owner } from '../platform/files/owner.js';
import { openToExtend } from '../platform/files/whole-file.js';
import type { DimensionFacts, Reading } from './contract/dimension.js';
import { type MeasurementPlan, planLength } from './contract/plan.js';
import type { BenchSettings } from './contract/settings.js';

const JOURNAL_FILE = 'samples.jsonl';
const SCHEMA = 'dit.bench-samples/1';
/** Room for as many steps as a benchmark may have. */
const MOST_BYTES = 32 * 2 ** 20;
/** Steps, and a note now and then. */
const MOST_LINES = 2 * MOST_SAMPLES;
/** ms since 1970, and ms between two such: their sum is a date. */
const LATEST_MS = 4e15;

/** The first line. */
export interface JournalHead {
  readonly schema: typeof SCHEMA;
  readonly settings: BenchSettings;
  readonly environment: BenchEnvironment;
  /** Their order and the seed give the plan. */
  readonly measurements: readonly MeasurementPlan[];
  /** Of every dimension that the measurements give values of. */
  readonly facts: Readonly<Record<string, DimensionFacts>>;
  /** ISO 8601, UTC. */
  readonly started: string;
}

export interface StepLine {
  /** The step's place in the plan. */
  readonly place: number;
  readonly measurement: string;
  readonly iteration: number;
  /** Wall clock at its beginning, ms since 1970. */
  readonly at: number;
  /** How long it took, with all that was made ready and taken away for it. */
  readonly ms: number;
  readonly readings: readonly Reading[];
  /** Why there are no readings. */
  readonly failure?: string;
}

/** Something that a reader of the data must know. */
export interface NoteLine {
  readonly note: string;
}

export interface JournalContent {
  readonly head: JournalHead;
  readonly steps: readonly StepLine[];
  readonly notes: readonly string[];
}

export const journalHead = (rest: Omit<JournalHead, 'schema'>): JournalHead => ({
  schema: SCHEMA,
  ...rest,
});

export class Journal {
  readonly #file: number;
  readonly #path: string;
  /** Of the whole lines, bytes. */
  #end: number;
  readonly #steps: StepLine[];
  readonly #notes: Set<string>;
  readonly head: JournalHead;

  /** `bytes` of the file are whole lines: what a killed process wrote behind them is cut off. */
  private constructor(
    path: string,
    content: JournalContent,
    bytes: number,
    owner: Owner | undefined,
  ) {
    this.#path = path;
    this.head = content.head;
    this.#steps = [...content.steps];
    this.#notes = new Set(content.notes);
    this.#file = openToExtend(path, { mode: 0o666, owner });
    ftruncateSync(this.#file, bytes);
    this.#end = bytes;
  }

  /** @throws DitError where the directory cannot be written */
  static begin(directory: string, head: JournalHead, owner: Owner | undefined): Journal {
    const path = join(directory, JOURNAL_FILE);
    const journal = tried(path, () => new Journal(path, { head, steps: [], notes: [] }, 0, owner));
    journal.#append(head);
    return journal;
  }

  /** @throws DitError where the directory cannot be written */
  static goOn(directory: string, found: FoundJournal): Journal {
    const path = join(directory, JOURNAL_FILE);
    return tried(path, () => new Journal(path, found.content, found.bytes, undefined));
  }

  get content(): JournalContent {
    return { head: this.head, steps: this.#steps, notes: [...this.#notes] };
  }

  /** @throws DitError where the disk is full; then the file ends with the line before */
  step(line: StepLine): void {
    this.#append(line);
    this.#steps.push(line);
  }

  /** What has been noted is not noted again. */
  note(note: string): void {
    if (this.#notes.has(note)) return;
    this.#append({ note } satisfies NoteLine);
    this.#notes.add(note);
  }

  close(): void {
    closeSync(this.#file);
  }

  #append(line: JournalHead | StepLine | NoteLine): void {
    const bytes = Buffer.from(`${safeJson(line)}\n`);
    tried(this.#path, () => {
      try {
        for (let at = 0; at < bytes.length; ) {
          at += writeSync(this.#file, bytes, at, bytes.length - at, this.#end + at);
        }
        fsyncSync(this.#file);
        this.#end += bytes.length;
      } catch (error) {
        ftruncateSync(this.#file, this.#end);
        throw error;
      }
    });
  }
}

export interface FoundJournal {
  readonly content: JournalContent;
  /** Of the whole lines. */
  readonly bytes: number;
}

/**
 * @returns undefined where there is none, or one whose first line was never finished
 * @throws DitError where the file was not written by dit
 */
export function findJournal(directory: string): FoundJournal | undefined {
  const path = join(directory, JOURNAL_FILE);
  const text = tried(path, () => readOptional(path));
  const end = (text?.lastIndexOf(0x0a) ?? -1) + 1;
  if (text === undefined || end === 0) return undefined;
  const lines = text
    .subarray(0, end)
    .toString('utf8')
    .split('\n', MOST_LINES + 1);
  if (lines.length > MOST_LINES) throw larger(path, 'has more lines', `${MOST_LINES} lines`);
  lines.pop();
  return { content: readJournal(lines, path), bytes: end };
}

function readOptional(path: string): Buffer | undefined {
  try {
    const refusal = (size: number): DitError =>
      larger(path, `has ${size} bytes`, `${MOST_BYTES} bytes`);
    return readInput(path, { bytes: MOST_BYTES, refusal });
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** @param path of the file, for errors @throws DitError naming the line */
export function readJournal(lines: readonly string[], path: string): JournalContent {
  const steps: StepLine[] = [];
  const notes: string[] = [];
  let head: JournalHead | undefined;
  for (const [index, line] of lines.entries()) {
    const value = parse(line);
    if (index === 0 && isHead(value)) head = value;
    else if (index > 0 && isStep(value)) steps.push(value);
    else if (index > 0 && isNote(value)) notes.push(value.note);
    else throw broken(path, index + 1);
  }
  if (head === undefined) throw broken(path, 1);
  const values = valuesIn(head, steps);
  if (values > MOST_SAMPLES) throw larger(path, `holds ${values} values`, `${MOST_SAMPLES} values`);
  return { head, steps, notes };
}

/** Those that were measured and those that should have been. */
function valuesIn({ measurements }: JournalHead, steps: readonly StepLine[]): number {
  const given = new Map(measurements.map(({ name, gives }) => [name, gives.length]));
  return steps.reduce(
    (sum, { measurement, readings }) =>
      sum + Math.max(readings.length, given.get(measurement) ?? 0),
    0,
  );
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    // A line that was cut, as the last one of a run that was killed: the caller says so.
    return undefined;
  }
}

type Fields = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Fields => typeof value === 'object' && value !== null;
const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) >= 0;
const isAmong = (value: unknown, most: number): boolean => isCount(value) && Number(value) <= most;
const isTime = (value: unknown): boolean =>
  typeof value === 'number' && value >= 0 && value <= LATEST_MS;
const isGiven = (value: unknown): boolean =>
  isObject(value) && typeof value.dimension === 'string' && typeof value.group === 'string';
const allOf = (values: unknown, is: (value: unknown) => boolean): boolean =>
  Array.isArray(values) && values.every(is);
const isLabels = (value: unknown): boolean =>
  isObject(value) && Object.values(value).every((each) => typeof each === 'string');

const isSettings = (value: unknown): boolean =>
  isObject(value) &&
  allOf(value.dimensions, (name) => typeof name === 'string') &&
  [value.iterations, value.coldStarts, value.pulls, value.warmup, value.seed].every(isCount) &&
  [value.platform, value.image].every((text) => typeof text === 'string');

const isMeasurement = (value: unknown): boolean =>
  isObject(value) &&
  [value.name, value.dimension].every((text) => typeof text === 'string') &&
  isAmong(value.iterations, MOST_ITERATIONS) &&
  isTime(value.guessMs) &&
  allOf(value.gives, isGiven);

const isFacts = (value: unknown): boolean =>
  isObject(value) && typeof value.unit === 'string' && typeof value.better === 'string';

/** What would take hours to measure and to compare is not what dit plans. */
const isPlan = (value: unknown): boolean => {
  if (!allOf(value, isMeasurement)) return false;
  const measurements = value as readonly MeasurementPlan[];
  const groups = measurements.reduce((sum, { gives }) => sum + gives.length, 0);
  return groups <= MOST_GROUPS && planLength(measurements) <= MOST_SAMPLES;
};

const isHead = (value: unknown): value is JournalHead =>
  isObject(value) &&
  value.schema === SCHEMA &&
  isSettings(value.settings) &&
  isObject(value.environment) &&
  isLabels(value.environment.host) &&
  isLabels(value.environment.engine) &&
  isPlan(value.measurements) &&
  isObject(value.facts) &&
  Object.values(value.facts).every(isFacts) &&
  typeof value.started === 'string';

const isStep = (value: unknown): value is StepLine =>
  isObject(value) &&
  isCount(value.place) &&
  typeof value.measurement === 'string' &&
  isCount(value.iteration) &&
  isTime(value.at) &&
  isTime(value.ms) &&
  allOf(value.readings, (each) => isGiven(each) && Number.isFinite((each as Reading).value)) &&
  (value.failure === undefined || typeof value.failure === 'string');

const isNote = (value: unknown): value is NoteLine =>
  isObject(value) && typeof value.note === 'string';

const broken = (path: string, line: number): DitError =>
  new DitError({
    code: 'bench-journal',
    exitCode: EXIT.usage,
    message: `"${path}" line ${line} was not written by dit`,
    remedy: 'name another directory: --out DIR; or remove that line, and it is measured again',
  });

const larger = (path: string, what: string, most: string): DitError =>
  new DitError({
    code: 'bench-journal',
    exitCode: EXIT.usage,
    message: `"${path}" ${what}, more than a benchmark's`,
    remedy: `name another directory: --out DIR; at most ${most} are read`,
  });

function tried<T>(path: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (error instanceof DitError) throw error;
    throw new DitError({
      code: 'bench-unwritable',
      exitCode: EXIT.usage,
      message: quoting`"${path}" cannot be written: ${messageOf(error)}`,
      remedy:
        systemErrorCode(error) === 'ENOSPC'
          ? 'make room, then resume with the same command: what was measured is kept'
          : 'name another directory: --out DIR',
      cause: error,
    });
  }
}
