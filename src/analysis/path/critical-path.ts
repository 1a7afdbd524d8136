/**
 * The critical path: from the entrypoint's exec backwards along wake-ups to the create request. At each
 * instant it is on the thread whose progress the start was waiting for.
 *
 * A thread that blocks from a to b and is woken by W at b puts the path on W before b. Where W is outside
 * the engine (a kernel thread, an interrupt, another container's process) the wait itself is on the path and
 * is named by W. The method is wait analysis of kernel traces: Giraldeau and Dagenais, "Wait analysis of
 * distributed systems using kernel tracing", IEEE TPDS 27(8), 2016.
 */
import type { RunView } from '../view/run-view.js';
import { BackWalk } from './back-walk.js';
import type { PathSegment } from './path-segment.js';

/** A moment at which it is known who the start was waiting for: the client, when it wrote a request. */
export interface PathAnchor {
  readonly time: number;
  readonly tid: number;
}

/**
 * Segments that tile [window.start, window.end) without gap or overlap, in time order.
 * @param last the thread that is on the path just before the window's end
 * @param anchors in time order; where wake-ups lead elsewhere, as in an engine that serves many clients, they
 * bring the path back
 */
export function walkCriticalPath(
  run: RunView,
  window: { readonly start: number; readonly end: number },
  last: number,
  anchors: readonly PathAnchor[] = [],
): PathSegment[] {
  let { end } = window;
  let tid = last;
  const walks: PathSegment[][] = [];
  for (const anchor of [...anchors].reverse()) {
    if (anchor.time <= window.start || anchor.time >= end) continue;
    walks.push(new BackWalk(run, { start: anchor.time, end }, tid).walk());
    end = anchor.time;
    tid = anchor.tid;
  }
  walks.push(new BackWalk(run, { start: window.start, end }, tid).walk());
  return walks.reverse().flat();
}
