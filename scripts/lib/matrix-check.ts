/** What a row of the engine matrix must show: pure, from the JSON of one recording (docs/json.md). */
import type { MilestoneName } from '../../src/model/trace/trace.js';
import type { MatrixRow } from './matrix-rows.js';

/** The part of docs/json.md that is looked at. */
export interface TraceJson {
  readonly engine: { readonly version: string };
  readonly lost: number | null;
  readonly malformed: number;
  readonly complete: boolean;
  readonly runs: readonly RunJson[];
}

interface MilestoneJson {
  readonly name: string;
  readonly time_ns: number;
  readonly certainty: string;
  readonly evidence: { readonly text: string };
}

interface RunJson {
  readonly exit_code: number | null;
  readonly window: { start_ns: number; end_ns: number; length_ns: number } | null;
  readonly container_id: string;
  readonly milestones: readonly MilestoneJson[];
  readonly absent: readonly { readonly name: string; readonly reason: string }[];
  readonly phases: Readonly<Record<string, number>>;
  readonly segments: readonly {
    readonly start_ns: number;
    readonly end_ns: number;
    readonly certainty: string;
  }[];
}

export interface RowResult {
  readonly row: string;
  readonly engineVersion: string;
  readonly windowMs: number;
  /** Milestones found, and those of them that are inferred. */
  readonly found: number;
  readonly inferred: readonly string[];
  readonly absent: readonly string[];
  /** Of the window, 0 to 1. */
  readonly unattributed: number;
  /** How much of the critical path is inferred, 0 to 1. */
  readonly inferredPath: number;
  readonly lost: number;
  /** Empty: the row is green. */
  readonly faults: readonly string[];
}

const MOST_UNATTRIBUTED = 0.01;

/** No milestone comes before one that stands before it in the same line, where both are there. */
const ORDER: readonly (readonly MilestoneName[])[] = [
  ['command exec', 'create requested', 'create answered', 'start requested', 'rootfs mounted'],
  ['rootfs mounted', 'runc exec', 'init cloned', 'pivot_root', 'exec FIFO opened'],
  ['create requested', 'shim exec', 'runc exec', 'cgroup attached', 'pivot_root'],
  ['runc exec', 'first namespace', 'init cloned', 'hooks began', 'hooks ended', 'pivot_root'],
  ['pivot_root', 'entrypoint exec', 'exited', 'removed'],
  ['exec FIFO opened', 'entrypoint exec'],
  ['command exec', 'runc exec', 'runc exited'],
];

/** @param left ids of containers that were still there afterwards */
export function checkRow(row: MatrixRow, trace: TraceJson, left: readonly string[]): RowResult {
  const faults = left.map((id) => `container ${id} is still there`);
  const must = (holds: boolean, fault: string): void => {
    if (!holds) faults.push(fault);
  };
  const [run] = trace.runs;
  must(trace.complete && trace.malformed === 0, 'the trace is incomplete or malformed');
  must(trace.lost === 0, `${trace.lost ?? 'an unknown number of'} events were lost`);
  must(trace.runs.length === 1, `${trace.runs.length} runs instead of 1`);
  must(run?.exit_code === 0, `exit code ${run?.exit_code}`);
  const length = run?.window?.length_ns ?? 0;
  must(length > 0, 'no window');
  const phases = Object.values(run?.phases ?? {}).reduce((sum, ns) => sum + ns, 0);
  must(phases === length, `phases sum to ${phases} of ${length} ns`);
  must(run === undefined || tiles(run), 'the segments do not tile the window');
  for (const fault of run === undefined ? [] : milestoneFaults(row, run)) must(false, fault);
  const unattributed = length === 0 ? 0 : (run?.phases.unattributed ?? 0) / length;
  must(unattributed <= MOST_UNATTRIBUTED, `${(unattributed * 100).toFixed(1)} % unattributed`);
  const expected = new Map(Object.entries(row.absent));
  for (const { name, reason } of run?.absent ?? []) {
    const accepted = expected.get(name);
    must(accepted !== undefined && reason.startsWith(accepted), `no '${name}': ${reason}`);
    expected.delete(name);
  }
  for (const name of expected.keys()) must(false, `'${name}' was found, which this row has not`);
  return {
    row: row.name,
    engineVersion: trace.engine.version,
    windowMs: length / 1e6,
    found: run?.milestones.length ?? 0,
    inferred: (run?.milestones ?? [])
      .filter(({ certainty }) => certainty === 'inferred')
      .map(({ name }) => name),
    absent: (run?.absent ?? []).map(({ name }) => name),
    unattributed,
    inferredPath: length === 0 ? 0 : inferredNs(run) / length,
    lost: trace.lost ?? 0,
    faults,
  };
}

const inferredNs = (run: RunJson | undefined): number =>
  (run?.segments ?? [])
    .filter(({ certainty }) => certainty === 'inferred')
    .reduce((sum, { start_ns, end_ns }) => sum + end_ns - start_ns, 0);

function milestoneFaults(row: MatrixRow, run: RunJson): string[] {
  const faults: string[] = [];
  const found = new Map(run.milestones.map((milestone) => [milestone.name, milestone]));
  for (const line of ORDER) {
    const times = line.flatMap((name) => found.get(name) ?? []);
    for (const [i, { name, time_ns }] of times.entries()) {
      const before = times[i - 1];
      if (before !== undefined && before.time_ns > time_ns) {
        faults.push(`'${name}' comes before '${before.name}'`);
      }
    }
  }
  const first = found.get('command exec') ?? found.get('create requested');
  if (first?.time_ns !== run.window?.start_ns) faults.push('the window begins elsewhere');
  const entrypoint = found.get('entrypoint exec');
  if (entrypoint?.time_ns !== run.window?.end_ns) faults.push('the window ends elsewhere');
  if (entrypoint?.evidence.text.startsWith(`exec ${row.entrypoint ?? '/bin/echo'},`) !== true) {
    faults.push(`the entrypoint is said to be: ${entrypoint?.evidence.text}`);
  }
  const cgroup = found.get('cgroup attached')?.evidence.text;
  if (cgroup?.includes(run.container_id) === false) faults.push(`not its own cgroup: ${cgroup}`);
  return faults;
}

function tiles({ window, segments }: RunJson): boolean {
  let at = window?.start_ns;
  for (const { start_ns, end_ns } of segments) {
    if (start_ns !== at || end_ns < start_ns) return false;
    at = end_ns;
  }
  return at === window?.end_ns;
}
