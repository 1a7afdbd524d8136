/** From pieces of the critical path to segments: each with its actor, what it did, phase and category. */
import { assert } from '../../base/assert.js';
import { isBare } from '../../base/ids.js';
import { lastUpTo } from '../../base/sorted.js';
import type { TraceTime } from '../../base/time.js';
import { viewSyscall } from '../../model/syscalls/syscall-view.js';
import type { ActorKind } from '../../model/trace/actor-kind.js';
import type { Milestone, Segment, SegmentState, Window } from '../../model/trace/trace.js';
import { type RunView, spanOf } from '../view/run-view.js';
import { type Episode, networkEpisodes } from './network-set-up.js';
import type { PathPiece } from './path-piece.js';
import { categoryOf, ruleFor, type SegmentFacts } from './phase-rules.js';

/** A piece within one syscall or outside any. */
interface Part {
  readonly piece: PathPiece;
  readonly start: number;
  readonly end: number;
  readonly state: SegmentState;
  readonly syscall: number | undefined;
  readonly fillsPageCache: boolean;
}

/** From a read's last folio to the switch: the request is handed to the device. */
const HAND_OVER_NS = 300_000;

/** Tiles the window exactly: the sum of the segments' lengths is its length, in integer ns. */
export function attribute(
  run: RunView,
  pieces: readonly PathPiece[],
  milestones: readonly Milestone[],
  window: Window,
): Segment[] {
  const parts = pieces.flatMap((piece, index) =>
    splitBySyscalls(run, piece).flatMap((part) => splitByCacheFills(run, part, pieces[index + 1])),
  );
  const pidOf = (tid: number, time: number): number | undefined => run.index.ownerOf(tid, time);
  const episodes = networkEpisodes(run);
  const hooks = hookSpan(milestones);
  const duringNetworkSetUp = (time: number): boolean => {
    const episode = episodes[lastUpTo(episodes, time, ({ from }) => from)] ?? hooks;
    return [episode, hooks].some(
      (each) => each !== undefined && time >= each.from && time < each.to,
    );
  };
  const segments = parts.map((part, index): Segment => {
    const { piece, start, end, state, syscall } = part;
    const next = parts.slice(index + 1, index + 8).find(({ piece: { tid } }) => tid !== piece.tid);
    // A wait for a message may have begun before the thread that took it was there.
    const pid = pidOf(piece.tid, start) ?? pidOf(piece.tid, end);
    const span = pid === undefined ? undefined : spanOf(run, pid, start as TraceTime);
    const actor: ActorKind = span?.actor ?? 'other';
    const facts: SegmentFacts = {
      actor,
      state,
      call: syscall === undefined ? undefined : viewSyscall(run.recording, syscall),
      waitsFor: piece.waitsFor,
      fillsPageCache: part.fillsPageCache,
      handsOverWithin: next !== undefined && pidOf(next.piece.tid, next.start) === pid,
      withoutRuntime: isBare(run.containerId),
      duringNetworkSetUp: duringNetworkSetUp(start),
    };
    const rule = ruleFor(facts);
    return {
      start: start as TraceTime,
      end: end as TraceTime,
      actor,
      process: pid === undefined ? undefined : run.lives.at(pid, start as TraceTime)?.key,
      tid: piece.tid,
      state,
      syscall,
      waitsFor: piece.waitsFor,
      wokenBy: piece.wokenBy,
      certainty: piece.inference === undefined ? 'exact' : 'inferred',
      inference: piece.inference,
      phase: rule?.phase,
      category: rule === undefined ? 'unattributed' : categoryOf(rule, facts),
      rule: rule?.id ?? '',
    };
  });
  assertTiles(segments, window);
  return segments;
}

function hookSpan(milestones: readonly Milestone[]): Episode | undefined {
  const from = milestones.find(({ name }) => name === 'hooks began')?.time;
  const to = milestones.find(({ name }) => name === 'hooks ended')?.time;
  return from === undefined || to === undefined ? undefined : { from, to };
}

function splitBySyscalls(run: RunView, piece: PathPiece): Part[] {
  const { activity, recording } = run;
  if (piece.state !== 'running') {
    // A thread that is off the CPU stays in the syscall in which it left it.
    const syscall = activity.syscallAt(piece.tid, piece.start);
    return [
      {
        piece,
        start: piece.start,
        end: piece.end,
        state: piece.state,
        syscall,
        fillsPageCache: false,
      },
    ];
  }
  const parts: Part[] = [];
  let at = piece.start;
  for (const row of activity.syscallsIn(piece.tid, piece.start, piece.end)) {
    const start = Math.max(at, recording.events.time.at(row));
    const end = Math.min(piece.end, activity.syscallEnd(row));
    if (end <= start) continue;
    if (start > at)
      parts.push({
        piece,
        start: at,
        end: start,
        state: 'user code',
        syscall: undefined,
        fillsPageCache: false,
      });
    parts.push({ piece, start, end, state: 'syscall', syscall: row, fillsPageCache: false });
    at = end;
  }
  if (at < piece.end) {
    parts.push({
      piece,
      start: at,
      end: piece.end,
      state: 'user code',
      syscall: undefined,
      fillsPageCache: false,
    });
  }
  return parts;
}

/**
 * Tells the reads apart that miss the page cache. What is added to the page cache inside a syscall is a
 * read only if the thread then waits for the disk: writes add folios too.
 */
function splitByCacheFills(run: RunView, part: Part, next: PathPiece | undefined): Part[] {
  const { piece, state } = part;
  if (piece.state !== 'running') return [part];
  const fills = run.activity.cacheFillsIn(piece.tid, part.start, part.end);
  if (fills.length === 0) return [part];
  const waits =
    part.end === piece.end && next?.tid === piece.tid && next.waitsFor?.kind === 'block-io';
  const last = fills.at(-1) as { from: number; to: number };
  if (waits && part.end - last.to <= HAND_OVER_NS) last.to = part.end;
  else if (state === 'syscall') return [part];
  const parts: Part[] = [];
  let at = part.start;
  for (const { from, to } of fills) {
    if (from > at) parts.push({ ...part, start: at, end: from });
    if (to > Math.max(at, from)) {
      parts.push({ ...part, start: Math.max(at, from), end: to, fillsPageCache: true });
    }
    at = Math.max(at, to);
  }
  if (at < part.end) parts.push({ ...part, start: at });
  return parts;
}

function assertTiles(segments: readonly Segment[], window: Window): void {
  let at: number = window.start;
  for (const { start, end } of segments) {
    assert(start === at && end > start, `segments tile the window at ${at}`);
    at = end;
  }
  assert(at === window.end, `segments reach the window's end ${window.end}`);
}
