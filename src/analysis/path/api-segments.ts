/** Without a view of the kernel: the client's requests, and between them the client. */
import type { TraceTime } from '../../base/time.js';
import type { Segment, Window } from '../../model/trace/trace.js';
import type { RunView } from '../view/run-view.js';

/** Tiles the window: what the engine did during a request is not seen, and is called so. */
export function apiSegments(run: RunView, window: Window): Segment[] {
  const segments: Segment[] = [];
  let at: number = window.start;
  const put = (end: number, part: Partial<Segment>): void => {
    if (end <= at) return;
    segments.push({
      start: at as TraceTime,
      end: end as TraceTime,
      actor: 'client',
      process: undefined,
      tid: 0,
      state: 'user code',
      syscall: undefined,
      waitsFor: undefined,
      wokenBy: undefined,
      certainty: 'inferred',
      inference: { kind: 'between-requests' },
      phase: 'runtime',
      category: 'client',
      rule: 'program',
      ...part,
    });
    at = end;
  };
  for (const name of ['create', 'start'] as const) {
    const mark = run.marks.find((candidate) => candidate.name === name);
    if (mark?.end === undefined) continue;
    put(mark.start, {});
    put(Math.min(mark.end, window.end), {
      actor: 'dockerd',
      state: 'blocked',
      waitsFor: { kind: 'answer', request: name },
      inference: { kind: 'engine-not-seen' },
      phase: undefined,
      category: 'unattributed',
      rule: '',
    });
  }
  put(window.end, {});
  return segments;
}
