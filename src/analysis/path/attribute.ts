/** Attributes the segments of the critical path: each gets its actor, what it did, phase and category. */
import { assert } from '../../base/assert.js';
import { isBare } from '../../base/ids.js';
import { lastUpTo } from '../../base/sorted.js';
import type { TraceTime } from '../../base/time.js';
import { viewSyscall } from '../../model/syscalls/syscall-view.js';
import type { ActorKind } from '../../model/trace/actor-kind.js';
import type { Milestone, Segment, SegmentState, Window } from '../../model/trace/trace.js';
import { type RunView, spanOf } from '../view/run-view.js';
import { type Episode, networkEpisodes } from './network-set-up.js';
import type { PathSegment } from './path-segment.js';
import { categoryOf, ruleFor, type SegmentFacts } from './phase-rules.js';

/** A segment within one syscall or outside any. */
interface SegmentPart {
  readonly segment: PathSegment;
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
  path: readonly PathSegment[],
  milestones: readonly Milestone[],
  window: Window,
): Segment[] {
  const parts = path.flatMap((segment, index) =>
    splitBySyscalls(run, segment).flatMap((part) => splitByCacheFills(run, part, path[index + 1])),
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
  const attributed = parts.map((part, index): Segment => {
    const { segment, start, end, state, syscall } = part;
    const next = parts
      .slice(index + 1, index + 8)
      .find(({ segment: { tid } }) => tid !== segment.tid);
    // A wait for a message may have begun before the thread that took it was there.
    const pid = pidOf(segment.tid, start) ?? pidOf(segment.tid, end);
    const span = pid === undefined ? undefined : spanOf(run, pid, start as TraceTime);
    const actor: ActorKind = span?.actor ?? 'other';
    const facts: SegmentFacts = {
      actor,
      state,
      call: syscall === undefined ? undefined : viewSyscall(run.recording, syscall),
      waitsFor: segment.waitsFor,
      fillsPageCache: part.fillsPageCache,
      handsOverWithin: next !== undefined && pidOf(next.segment.tid, next.start) === pid,
      withoutRuntime: isBare(run.containerId),
      duringNetworkSetUp: duringNetworkSetUp(start),
    };
    const rule = ruleFor(facts);
    return {
      start: start as TraceTime,
      end: end as TraceTime,
      actor,
      process: pid === undefined ? undefined : run.lives.at(pid, start as TraceTime)?.key,
      tid: segment.tid,
      state,
      syscall,
      waitsFor: segment.waitsFor,
      wokenBy: segment.wokenBy,
      certainty: segment.inference === undefined ? 'exact' : 'inferred',
      inference: segment.inference,
      phase: rule?.phase,
      category: rule === undefined ? 'unattributed' : categoryOf(rule, facts),
      rule: rule?.id ?? '',
    };
  });
  assertTiles(attributed, window);
  return attributed;
}

function hookSpan(milestones: readonly Milestone[]): Episode | undefined {
  const from = milestones.find(({ name }) => name === 'hooks began')?.time;
  const to = milestones.find(({ name }) => name === 'hooks ended')?.time;
  return from === undefined || to === undefined ? undefined : { from, to };
}

function splitBySyscalls(run: RunView, segment: PathSegment): SegmentPart[] {
  const { activity, recording } = run;
  if (segment.state !== 'running') {
    // A thread that is off the CPU stays in the syscall in which it left it.
    const syscall = activity.syscallAt(segment.tid, segment.start);
    return [
      {
        segment,
        start: segment.start,
        end: segment.end,
        state: segment.state,
        syscall,
        fillsPageCache: false,
      },
    ];
  }
  const parts: SegmentPart[] = [];
  let at = segment.start;
  for (const row of activity.syscallsIn(segment.tid, segment.start, segment.end)) {
    const start = Math.max(at, recording.events.time.at(row));
    const end = Math.min(segment.end, activity.syscallEnd(row));
    if (end <= start) continue;
    if (start > at)
      parts.push({
        segment,
        start: at,
        end: start,
        state: 'user code',
        syscall: undefined,
        fillsPageCache: false,
      });
    parts.push({ segment, start, end, state: 'syscall', syscall: row, fillsPageCache: false });
    at = end;
  }
  if (at < segment.end) {
    parts.push({
      segment,
      start: at,
      end: segment.end,
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
function splitByCacheFills(
  run: RunView,
  part: SegmentPart,
  next: PathSegment | undefined,
): SegmentPart[] {
  const { segment, state } = part;
  if (segment.state !== 'running') return [part];
  const fills = run.activity.cacheFillsIn(segment.tid, part.start, part.end);
  if (fills.length === 0) return [part];
  const waits =
    part.end === segment.end && next?.tid === segment.tid && next.waitsFor?.kind === 'block-io';
  const last = fills.at(-1) as { from: number; to: number };
  if (waits && part.end - last.to <= HAND_OVER_NS) last.to = part.end;
  else if (state === 'syscall') return [part];
  const parts: SegmentPart[] = [];
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
