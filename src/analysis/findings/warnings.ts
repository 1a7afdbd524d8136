/** What a reader must know before trusting a trace's figures. */

import { type Foreign, firstLine, joinForeign, quoting, raw } from '../../base/foreign.js';
import { KIND } from '../../model/recording/event-kinds.js';
import type { Recording } from '../../model/recording/recording.js';
import type { ContainerRun, TraceWarning } from '../../model/trace/trace.js';

/** The wall clock may drift this much against the trace clock before cross-checks are useless. */
const CLOCK_STEP_NS = 1_000_000;

/** A ring may be polled by the kernel, and is never entered then. */
const IO_URING: readonly string[] = ['io_uring_setup', 'io_uring_enter'];

/** Diagnostics of the recording that say how much its figures are worth. */
const OF_SOURCES = /^(source-refused|engine-events|strace-|bpftrace-)/;

const COPY_UP_PROGRAMS: ReadonlySet<Foreign> = new Set<Foreign>([
  'writeback_dirty_folio',
  'ovl_copy_up_one_entry',
  'ovl_copy_up_one_exit',
]);

/** A recording of a thousand starts warns of each: who reads it needs a few. */
const MOST_OF_A_KIND = 25;

interface OtherStarts {
  /** Container ids that were given to several containers. */
  readonly reused: readonly string[];
  /** How many starts were not looked at, because there are too many. */
  readonly leftOut: number;
}

export function warningsOf(
  recording: Recording,
  runs: readonly ContainerRun[],
  { reused, leftOut }: OtherStarts = { reused: [], leftOut: 0 },
): TraceWarning[] {
  const warnings: TraceWarning[] = [];
  const counts = new Map<Foreign, number>();
  const warn = (code: Foreign, message: Foreign, remedy: Foreign): void => {
    const count = (counts.get(code) ?? 0) + 1;
    counts.set(code, count);
    if (count <= MOST_OF_A_KIND) warnings.push({ code, message, remedy });
  };

  if (recording.footer === undefined) {
    warn(
      'incomplete',
      'the recording has no end: dit was killed, or the file was cut; what follows is what was written',
      'record again, and let dit end by itself or by Ctrl-C',
    );
  }
  for (const { offset, message } of recording.problems) {
    warn('damaged', quoting`at byte ${offset}: ${message}`, 'the rest of the file was read');
  }
  const lost = (recording.loss?.losses ?? []).filter(({ records }) => records > 0);
  if (lost.length > 0) {
    const where = joinForeign(
      lost.map(({ where: name, records }) => quoting`${name} ${records}`),
      ', ',
    );
    warn(
      'lost',
      quoting`records were lost (${where}): figures are incomplete`,
      recording.header.source.name === 'strace'
        ? 'record again on a machine that does less meanwhile'
        : 'use a larger ring: --ring-mb 256',
    );
  }
  if ((recording.footer?.malformed ?? 0) > 0) {
    warn(
      'malformed',
      `${recording.footer?.malformed} records could not be decoded`,
      recording.header.source.name === 'ebpf'
        ? 'rebuild the BPF programs and the addon together: npm run build'
        : quoting`${recording.header.source.name} wrote lines that dit does not know`,
    );
  }
  const { probes } = recording.header.source;
  const hasCopyUp = probes.some(
    ({ program, attached }) => attached && COPY_UP_PROGRAMS.has(program),
  );
  for (const { program, attached, attachPoint, refusal } of probes) {
    // The tiers of copy-up replace each other: one is enough.
    if (attached || (COPY_UP_PROGRAMS.has(program) && hasCopyUp)) continue;
    warn(
      'probe-refused',
      quoting`${attachPoint} was refused: ${firstLine(refusal)}`,
      'see what this kernel lacks: dit doctor',
    );
  }
  if (recording.header.source.perturbed) {
    warn(
      'perturbed',
      quoting`this recording slowed what it measured: ${recording.header.source.perturbation}`,
      'compare it only with recordings of the same source',
    );
  }
  for (const { code, message, remedy } of recording.diagnostics) {
    if (OF_SOURCES.test(raw(code))) warn(code, message, remedy);
  }
  if (usesIoUring(recording)) {
    warn(
      'io-uring',
      'io_uring was used: what a program opens, reads, writes and sends through it is not a syscall, and is not recorded',
      `dit trace events --syscall ${IO_URING.join(',')} says which program`,
    );
  }
  const step = clockStep(recording);
  if (step > CLOCK_STEP_NS) {
    warn(
      'clock-step',
      `the wall clock moved by ${(step / 1e6).toFixed(1)} ms against the trace clock`,
      "the engine's event times are only a rough cross-check here",
    );
  }
  if (leftOut > 0) {
    warn(
      'starts-left-out',
      `the recording holds more starts than are analysed at once: the last ${leftOut} are left out`,
      'record fewer at a time, or use dit trace watch',
    );
  }
  for (const id of reused) {
    warn(
      'id-reused',
      `several containers were started under the name '${id}': only the first is reported`,
      'give each container a name of its own',
    );
  }
  for (const run of runs) {
    const inferred = run.segments.reduce(
      (sum, segment) => sum + (segment.certainty === 'inferred' ? segment.end - segment.start : 0),
      0,
    );
    const length = run.window === undefined ? 0 : run.window.end - run.window.start;
    if (length > 0 && inferred / length > 0.01) {
      warn(
        'inferred',
        `${((100 * inferred) / length).toFixed(1)} % of the critical path is inferred`,
        'dit trace events shows what was recorded there',
      );
    }
  }
  for (const [code, count] of counts) {
    const more = count - MOST_OF_A_KIND;
    if (more > 0) warnings.push({ code, message: `and ${more} more of this kind`, remedy: '' });
  }
  return warnings;
}

/** By others than dit itself, whose requests are marks: Node's event loop uses it too. */
function usesIoUring({ events, strings, marks, processes }: Recording): boolean {
  const ids: ReadonlySet<number> = new Set(
    IO_URING.map((name) => strings.find(name)).filter((id) => id !== 0),
  );
  const names = events.table('syscall').column('names').view();
  if (![...ids].some((id) => names.includes(id))) return false;
  const self = marks.length > 0 ? processes.find(({ role }) => role === 'client')?.pid : undefined;
  return events.kind
    .view()
    .some(
      (kind, row) =>
        kind === KIND.syscall && ids.has(events.value(row, 'names')) && events.pid.at(row) !== self,
    );
}

function clockStep(recording: Recording): number {
  const [first, ...rest] = recording.clocks;
  if (first === undefined) return 0;
  return rest.reduce((largest, { trace, realtimeOffset }) => {
    const moved = realtimeOffset - first.realtimeOffset - (trace - first.trace);
    return Math.max(largest, Math.abs(moved));
  }, 0);
}
