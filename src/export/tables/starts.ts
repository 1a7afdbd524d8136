/** The tables of starts: runs, milestones, phases, segments, copyups. A few rows per start, except segments. */
import type { ProcessKey } from '../../base/ids.js';
import { recordsLost } from '../../model/recording/recording.js';
import type { Category } from '../../model/trace/category.js';
import { isWaiting, lengthOf, phaseOf, phaseTotals, shares } from '../../model/trace/totals.js';
import type { ContainerRun, Trace } from '../../model/trace/trace.js';
import { findingText } from '../../words/findings/finding-text.js';
import { inferenceText } from '../../words/inference-text.js';
import { waitText } from '../../words/wait-text.js';
import { cellsOfRun, originOf } from './origin.js';
import type { CellsOf, TableRows } from './schema.js';

export interface RunContext {
  /** The trace file as it is to be named; '': there is none. */
  readonly file: string;
}

export function runRows(trace: Trace, { file }: RunContext): TableRows {
  const { recording, runs, warnings } = trace;
  const { header, loss, footer } = recording;
  const { engine, host, target } = header;
  const lost = loss === undefined ? null : recordsLost(loss.losses);
  const facts = runs.map(runFacts);
  const run = (row: number): ContainerRun => runs[row] as ContainerRun;
  const fact = (row: number): RunFacts => facts[row] as RunFacts;
  return {
    table: 'runs',
    length: runs.length,
    cells: {
      ...cellsOfRun(originOf(trace), recording, run),
      name: (row) => run(row).name,
      image: (row) => run(row).image,
      total_ns: (row) => fact(row).total,
      kernel_ns: (row) => fact(row).kernel,
      runtime_ns: (row) => fact(row).runtime,
      storage_ns: (row) => fact(row).storage,
      unattributed_ns: (row) => fact(row).unattributed,
      waiting_ns: (row) => fact(row).waiting,
      inferred_share: (row) => fact(row).inferredShare,
      dominant_category: (row) => fact(row).dominant?.category ?? null,
      dominant_ns: (row) => fact(row).dominant?.ns ?? null,
      finding: (row) => run(row).findings[0]?.id ?? null,
      finding_title: (row) => {
        const [finding] = run(row).findings;
        return finding === undefined ? null : findingText(finding).title;
      },
      finding_ns: (row) => run(row).findings[0]?.ns ?? null,
      window_from: (row) => run(row).window?.from ?? null,
      window_to: (row) => run(row).window?.to ?? null,
      window_start_ns: (row) => run(row).window?.start ?? null,
      copy_ups: (row) => run(row).copyUps.length,
      copy_up_bytes: (row) => run(row).copyUps.reduce((sum, { bytes }) => sum + bytes, 0),
      exit_code: (row) => run(row).exitCode ?? null,
      failure: (row) => run(row).failure,
      network: () => target.network || null,
      runtime: () => target.runtime || engine.defaultRuntime || null,
      engine: () => engine.name,
      engine_version: () => engine.version,
      containerd_version: () => engine.containerdVersion,
      runc_version: () => engine.runcVersion,
      storage_driver: () => engine.storageDriver,
      cgroup_version: () => host.cgroupVersion,
      kernel_release: () => host.kernelRelease,
      architecture: () => host.architecture,
      cpus: () => host.cpus,
      memory_bytes: () => host.memoryBytes,
      load_average: () => host.loadAverage1m,
      lost_events: () => lost,
      complete: () => footer !== undefined,
      warnings: () => warnings.length,
      file: () => file,
      dit_version: () => header.ditVersion,
    } satisfies CellsOf<'runs'>,
  };
}

interface RunFacts {
  readonly total: number | null;
  readonly kernel: number | null;
  readonly runtime: number | null;
  readonly storage: number | null;
  readonly unattributed: number | null;
  readonly waiting: number | null;
  readonly inferredShare: number | null;
  readonly dominant: { readonly category: Category; readonly ns: number } | undefined;
}

function runFacts({ window, segments }: ContainerRun): RunFacts {
  if (window === undefined) {
    return {
      total: null,
      kernel: null,
      runtime: null,
      storage: null,
      unattributed: null,
      waiting: null,
      inferredShare: null,
      dominant: undefined,
    };
  }
  const totals = phaseTotals(segments);
  const total = window.end - window.start;
  const ofPhase = (name: string): number => totals.find(({ phase }) => phase === name)?.ns ?? 0;
  let waiting = 0;
  let inferred = 0;
  for (const segment of segments) {
    if (isWaiting(segment)) waiting += lengthOf(segment);
    if (segment.certainty === 'inferred') inferred += lengthOf(segment);
  }
  return {
    total,
    kernel: ofPhase('kernel'),
    runtime: ofPhase('runtime'),
    storage: ofPhase('storage'),
    unattributed: ofPhase('unattributed'),
    waiting,
    inferredShare: inferred / total,
    dominant: totals.flatMap(({ categories }) => categories).sort((a, b) => b.ns - a.ns)[0],
  };
}

/** The items of all runs in one list, and the run of each. */
function flatten<T>(
  runs: readonly ContainerRun[],
  itemsOf: (run: ContainerRun) => readonly T[],
): { length: number; item: (row: number) => T; run: (row: number) => ContainerRun } {
  const items = runs.map((run) => ({ run, items: itemsOf(run) }));
  const pairs = items.flatMap(({ run, items }) => items.map((item) => ({ run, item })));
  const pair = (row: number) => pairs[row] as (typeof pairs)[number];
  return { length: pairs.length, item: (row) => pair(row).item, run: (row) => pair(row).run };
}

export function milestoneRows(trace: Trace): TableRows {
  const { length, item, run } = flatten(trace.runs, ({ milestones }) => milestones);
  return {
    table: 'milestones',
    length,
    cells: {
      ...cellsOfRun(originOf(trace), trace.recording, run),
      name: (row) => item(row).name,
      time_ns: (row) => item(row).time,
      since_start_ns: (row) => {
        const { window } = run(row);
        return window === undefined ? null : item(row).time - window.start;
      },
      certainty: (row) => item(row).certainty,
      evidence: (row) => item(row).evidence.text,
    } satisfies CellsOf<'milestones'>,
  };
}

export function phaseRows(trace: Trace): TableRows {
  const { length, item, run } = flatten(trace.runs, ({ segments }) => shares(segments));
  return {
    table: 'phases',
    length,
    cells: {
      ...cellsOfRun(originOf(trace), trace.recording, run),
      phase: (row) => item(row).phase,
      category: (row) => item(row).category,
      actor: (row) => item(row).actor,
      duration_ns: (row) => item(row).ns,
      waiting_ns: (row) => item(row).waitingNs,
      inferred_ns: (row) => item(row).inferredNs,
      pieces: (row) => item(row).segments,
      longest_ns: (row) => lengthOf(item(row).longest),
    } satisfies CellsOf<'phases'>,
  };
}

export function segmentRows(trace: Trace): TableRows {
  const { events, strings } = trace.recording;
  const { length, item, run } = flatten(trace.runs, ({ segments }) => segments);
  return {
    table: 'segments',
    length,
    cells: {
      ...cellsOfRun(originOf(trace), trace.recording, run),
      start_ns: (row) => item(row).start,
      duration_ns: (row) => lengthOf(item(row)),
      phase: (row) => phaseOf(item(row)),
      category: (row) => item(row).category,
      rule: (row) => item(row).rule,
      state: (row) => item(row).state,
      syscall: (row) => {
        const { syscall } = item(row);
        return syscall === undefined ? null : strings.text(events.value(syscall, 'names'));
      },
      waits_for: (row) => waitText(item(row).waitsFor),
      actor: (row) => item(row).actor,
      tid: (row) => item(row).tid,
      pid: (row) => pidOf(trace, item(row).process),
      certainty: (row) => item(row).certainty,
      reason: (row) => inferenceText(item(row).inference),
    } satisfies CellsOf<'segments'>,
  };
}

export function copyUpRows(trace: Trace): TableRows {
  const { length, item, run } = flatten(trace.runs, ({ copyUps }) => copyUps);
  return {
    table: 'copyups',
    length,
    cells: {
      ...cellsOfRun(originOf(trace), trace.recording, run),
      start_ns: (row) => item(row).start,
      duration_ns: (row) => item(row).duration,
      bytes: (row) => item(row).bytes,
      path: (row) => item(row).path,
      trigger: (row) => item(row).trigger,
      before_entrypoint: (row) => item(row).start < (run(row).window?.end ?? -Infinity),
      actor: (row) => item(row).actor,
      tid: (row) => item(row).tid,
      pid: (row) => pidOf(trace, item(row).process),
      certainty: (row) => item(row).certainty,
    } satisfies CellsOf<'copyups'>,
  };
}

const pidOf = ({ processes }: Trace, key: ProcessKey | undefined): number | null =>
  key === undefined ? null : (processes[key]?.pid ?? null);
