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

/** What a rule looks at. */
interface Subject extends OtherStarts {
  readonly recording: Recording;
  readonly runs: readonly ContainerRun[];
}

type Rule = (subject: Subject) => Iterable<TraceWarning>;

export function warningsOf(
  recording: Recording,
  runs: readonly ContainerRun[],
  { reused, leftOut }: OtherStarts = { reused: [], leftOut: 0 },
): TraceWarning[] {
  const warnings: TraceWarning[] = [];
  const counts = new Map<Foreign, number>();
  for (const rule of RULES) {
    for (const warning of rule({ recording, runs, reused, leftOut })) {
      const count = (counts.get(warning.code) ?? 0) + 1;
      counts.set(warning.code, count);
      if (count <= MOST_OF_A_KIND) warnings.push(warning);
    }
  }
  for (const [code, count] of counts) {
    const more = count - MOST_OF_A_KIND;
    if (more > 0) warnings.push({ code, message: `and ${more} more of this kind`, remedy: '' });
  }
  return warnings;
}

function* incomplete({ recording }: Subject): Generator<TraceWarning> {
  if (recording.footer !== undefined) return;
  yield {
    code: 'incomplete',
    message:
      'the recording has no end: dit was killed, or the file was cut; what follows is what was written',
    remedy: 'record again, and let dit end by itself or by Ctrl-C',
  };
}

const damaged: Rule = ({ recording }) =>
  recording.problems.map(({ offset, message }) => ({
    code: 'damaged',
    message: quoting`at byte ${offset}: ${message}`,
    remedy: 'the rest of the file was read',
  }));

function* lost({ recording }: Subject): Generator<TraceWarning> {
  const losses = (recording.loss?.losses ?? []).filter(({ records }) => records > 0);
  if (losses.length === 0) return;
  const places = losses.map(({ where, records }) => quoting`${where} ${records}`);
  yield {
    code: 'lost',
    message: quoting`records were lost (${joinForeign(places, ', ')}): figures are incomplete`,
    remedy:
      recording.header.source.name === 'strace'
        ? 'record again on a machine that does less meanwhile'
        : 'use a larger ring: --ring-mb 256',
  };
}

function* malformed({ recording }: Subject): Generator<TraceWarning> {
  const count = recording.footer?.malformed ?? 0;
  if (count === 0) return;
  const { name } = recording.header.source;
  yield {
    code: 'malformed',
    message: `${count} records could not be decoded`,
    remedy:
      name === 'ebpf'
        ? 'rebuild the BPF programs and the addon together: npm run build'
        : quoting`${name} wrote lines that dit does not know`,
  };
}

const probesRefused: Rule = ({ recording }) => {
  const { probes } = recording.header.source;
  const hasCopyUp = probes.some(
    ({ program, attached }) => attached && COPY_UP_PROGRAMS.has(program),
  );
  return (
    probes
      // The tiers of copy-up replace each other: one is enough.
      .filter(({ program, attached }) => !attached && !(COPY_UP_PROGRAMS.has(program) && hasCopyUp))
      .map(({ attachPoint, refusal }) => ({
        code: 'probe-refused',
        message: quoting`${attachPoint} was refused: ${firstLine(refusal)}`,
        remedy: 'see what this kernel lacks: dit doctor',
      }))
  );
};

function* perturbed({ recording }: Subject): Generator<TraceWarning> {
  const { source } = recording.header;
  if (!source.perturbed) return;
  yield {
    code: 'perturbed',
    message: quoting`this recording slowed what it measured: ${source.perturbation}`,
    remedy: 'compare it only with recordings of the same source',
  };
}

const saidBySources: Rule = ({ recording }) =>
  recording.diagnostics
    .filter(({ code }) => OF_SOURCES.test(raw(code)))
    .map(({ code, message, remedy }) => ({ code, message, remedy }));

function* ioUring({ recording }: Subject): Generator<TraceWarning> {
  if (!usesIoUring(recording)) return;
  yield {
    code: 'io-uring',
    message:
      'io_uring was used: what a program opens, reads, writes and sends through it is not a syscall, and is not recorded',
    remedy: `dit trace events --syscall ${IO_URING.join(',')} says which program`,
  };
}

function* clockStepped({ recording }: Subject): Generator<TraceWarning> {
  const step = clockStep(recording);
  if (step <= CLOCK_STEP_NS) return;
  yield {
    code: 'clock-step',
    message: `the wall clock moved by ${(step / 1e6).toFixed(1)} ms against the trace clock`,
    remedy: "the engine's event times are only a rough cross-check here",
  };
}

function* startsLeftOut({ leftOut }: Subject): Generator<TraceWarning> {
  if (leftOut === 0) return;
  yield {
    code: 'starts-left-out',
    message: `the recording holds more starts than are analysed at once: the last ${leftOut} are left out`,
    remedy: 'record fewer at a time, or use dit trace watch',
  };
}

const idsReused: Rule = ({ reused }) =>
  reused.map((id) => ({
    code: 'id-reused',
    message: `several containers were started under the name '${id}': only the first is reported`,
    remedy: 'give each container a name of its own',
  }));

function* pathsInferred({ runs }: Subject): Generator<TraceWarning> {
  for (const { segments, window } of runs) {
    const length = window === undefined ? 0 : window.end - window.start;
    const inferred = segments.reduce(
      (sum, segment) => sum + (segment.certainty === 'inferred' ? segment.end - segment.start : 0),
      0,
    );
    if (length <= 0 || inferred / length <= 0.01) continue;
    yield {
      code: 'inferred',
      message: `${((100 * inferred) / length).toFixed(1)} % of the critical path is inferred`,
      remedy: 'dit trace events shows what was recorded there',
    };
  }
}

/** In the order in which they are reported. */
const RULES: readonly Rule[] = [
  incomplete,
  damaged,
  lost,
  malformed,
  probesRefused,
  perturbed,
  saidBySources,
  ioUring,
  clockStepped,
  startsLeftOut,
  idsReused,
  pathsInferred,
];

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
