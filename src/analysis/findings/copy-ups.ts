/**
 * Files that overlayfs copied up for a run: measured at overlayfs's own function where the kernel allowed it, else
 * inferred from file data that was dirtied inside a syscall that does not write by itself.
 */

import type { Foreign } from '../../base/foreign.js';
import { own } from '../../base/own.js';
import type { Duration, TraceTime } from '../../base/time.js';
import { KIND } from '../../model/recording/event-kinds.js';
import { type SyscallView, viewSyscall } from '../../model/syscalls/syscall-view.js';
import { RECORDED_ARGUMENTS, SYSCALLS } from '../../model/syscalls/syscalls.js';
import type { ActorKind } from '../../model/trace/actor-kind.js';
import type { CopyUp } from '../../model/trace/trace.js';
import { type RunView, spanOf } from '../view/run-view.js';

/** Whoever lives on the container's root. The engine's own files are on no overlay. */
const INSIDE: ReadonlySet<ActorKind> = new Set(['init', 'entrypoint']);

export function findCopyUps(run: RunView): CopyUp[] {
  const { events } = run.recording;
  const exact = events.count('copy_up') > 0 || hasExactProbe(run);
  const found: CopyUp[] = [];
  const upper = new UpperFiles(run);
  for (const row of run.index.copiesOf(run.containerId)) {
    const kind = events.kind.at(row);
    if (exact !== (kind === KIND.copy_up)) continue;
    const time = events.time.at(row) as TraceTime;
    const pid = events.pid.at(row);
    const span = spanOf(run, pid, time);
    if (span?.containerId !== run.containerId) continue;
    const copyUp = exact ? measured(run, row) : inferred(run, row, span.actor);
    if (copyUp === undefined || (!exact && upper.holds(row, copyUp))) continue;
    found.push({
      ...copyUp,
      actor: span.actor,
      process: run.lives.at(pid, time)?.key,
      tid: events.tid.at(row),
    });
  }
  return found;
}

type Measured = Omit<CopyUp, 'actor' | 'process' | 'tid'>;

function measured(run: RunView, row: number): Measured | undefined {
  const { events, strings } = run.recording;
  // A full disk, say: nothing was copied.
  if (events.value(row, 'results') !== 0) return undefined;
  const start = events.time.at(row) as TraceTime;
  const syscall = run.activity.syscallAt(events.tid.at(row), start);
  return {
    start,
    duration: events.value(row, 'durations_ns') as Duration,
    bytes: events.value(row, 'bytes'),
    path: strings.text(events.value(row, 'paths')),
    syscall,
    trigger: syscall === undefined ? '' : viewSyscall(run.recording, syscall).name,
    certainty: 'exact',
  };
}

/** The whole syscall counts: overlayfs prepares before the first dirty folio and syncs after the last. */
function inferred(run: RunView, row: number, actor: ActorKind): Measured | undefined {
  if (!INSIDE.has(actor)) return undefined;
  const { events } = run.recording;
  const syscall = run.activity.syscallAt(events.tid.at(row), events.time.at(row));
  if (syscall === undefined) return undefined;
  const call = viewSyscall(run.recording, syscall);
  // What it dirtied may be all of the file or a part: the copy is not known to be whole.
  if (call.result < 0) return undefined;
  const end = run.activity.syscallEnd(syscall);
  const last = events.time.at(row) + events.value(row, 'last_offset_ns');
  return {
    start: call.start as TraceTime,
    duration: ((Number.isFinite(end) ? end : last) - call.start) as Duration,
    bytes: events.value(row, 'bytes'),
    path: pathOf(call),
    syscall,
    trigger: call.name,
    certainty: 'inferred',
  };
}

/**
 * Files that the upper layer holds already: a second change of them dirties data and copies nothing. Known by
 * inode once copied; by path once opened for writing.
 */
class UpperFiles {
  readonly #run: RunView;
  readonly #inodes = new Set<string>();
  /** By path, when the first call that opened it for writing returned. */
  readonly #opened = new Map<Foreign, number>();

  constructor(run: RunView) {
    this.#run = run;
    for (const call of run.index.callsOf(run.containerId)) {
      if (call.containerId !== run.containerId) continue;
      const flagsAt = own(SYSCALLS, call.name)?.openFlags;
      if (flagsAt === undefined && call.name !== 'creat') continue;
      const view = viewSyscall(run.recording, call.row);
      const writes = flagsAt === undefined || ((view.arguments[flagsAt] ?? 0) & O_ACCMODE) !== 0;
      if (!writes || view.result < 0) continue;
      const path = pathOf(view);
      const end = run.activity.syscallEnd(call.row);
      this.#opened.set(path, Math.min(end, this.#opened.get(path) ?? end));
    }
  }

  /** Whether what `row` dirtied was there before; from now on it is. */
  holds(row: number, { path, start, trigger }: Measured): boolean {
    const { events } = this.#run.recording;
    const inode = `${events.value(row, 'devices')}:${events.value(row, 'inodes')}`;
    const known =
      this.#inodes.has(inode) ||
      (trigger === 'truncate' && (this.#opened.get(path) ?? Number.POSITIVE_INFINITY) <= start);
    this.#inodes.add(inode);
    return known;
  }
}

const O_ACCMODE = 3;

function pathOf(call: SyscallView): Foreign {
  const { mayCopyUp, descriptor, texts } = own(RECORDED_ARGUMENTS, call.name) ?? {};
  // Of two names the old one is copied.
  const [named] = mayCopyUp === true && descriptor === undefined ? (texts ?? []) : [];
  return named === undefined ? call.file(0) : call.text(named);
}

function hasExactProbe(run: RunView): boolean {
  return run.recording.header.source.probes.some(
    ({ program, attached }) => attached && program === 'ovl_copy_up_one_exit',
  );
}
