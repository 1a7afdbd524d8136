/**
 * When a request of dit's own was sent, and when its answer was there: by the calls of dit's first thread, where they were
 * recorded, else as its client noted it. A recording of before marks had `asked_ns` notes when the client library was
 * called, which may be long before the write.
 */
import type { Foreign } from '../../base/foreign.js';
import { NS_PER_MS, type TraceTime } from '../../base/time.js';
import type { ApiMark } from '../../model/recording/recording.js';
import { SENDERS, syscallsThat } from '../../model/syscalls/syscalls.js';
import type { Certainty } from '../../model/trace/certainty.js';
import { ASKED_DETAIL } from '../../model/trace/own-requests.js';
import type { TraceView } from '../view/run-view.js';

export interface RequestMoment {
  readonly time: TraceTime;
  /** It was not before this. */
  readonly earliest: TraceTime;
  readonly certainty: Certainty;
  /** The call that wrote or read it; undefined: as the client noted it. */
  readonly row: number | undefined;
  /** Why it is inferred, in words; '' where it is exact. */
  readonly reason: string;
}

const RECEIVERS = syscallsThat(({ receives }) => receives === true);

/** A request has a line, a host and more; what wakes other threads, and what is kept of a mark, is shorter. */
const LEAST_BYTES = 120;

/** So many calls are looked at, and no more: between two requests of dit's are some hundreds. */
const MOST_CALLS = 5000;

/** A request that was noted so soon after its client library was called has its time. */
const SOON_NS = 1e6;

/** What dit has read it notes within a few milliseconds, and within this on a machine without a CPU to spare. */
const LATE_NS = 1e8;

/** When the request was written. */
export function requestSent(view: TraceView, mark: ApiMark): RequestMoment {
  const asked = Number(mark.detail.get(ASKED_DETAIL) ?? Number.NaN);
  return asked >= 0 ? sentBefore(view, mark, asked) : sentAfter(view, mark);
}

/** When the last of the answer had been read, or of the output that a mark of an instant is about. */
export function answerRead(view: TraceView, mark: ApiMark, noted: TraceTime): RequestMoment {
  const earliest = mark.end === mark.start ? mark.start - LATE_NS : mark.start;
  for (const row of view.activity.syscallsBefore(view.index.clientThread, noted, MOST_CALLS)) {
    if (view.recording.events.time.at(row) < earliest) break;
    const end = view.activity.syscallEnd(row);
    if (end > noted || !moved(view, row, RECEIVERS, 1)) continue;
    return exactly(end as TraceTime, row);
  }
  return exactly(noted, undefined);
}

/** The mark was made right after the write: of the calls before it, the last one that sends. */
function sentBefore(view: TraceView, { start }: ApiMark, asked: number): RequestMoment {
  const { events } = view.recording;
  for (const row of view.activity.syscallsBefore(view.index.clientThread, start, MOST_CALLS)) {
    if (events.time.at(row) < start - asked) break;
    if (!moved(view, row, SENDERS, LEAST_BYTES)) continue;
    return exactly(events.time.at(row) as TraceTime, row);
  }
  const noted = exactly(start, undefined);
  if (asked <= SOON_NS) return noted;
  // On a busy machine the note comes late: the engine may have begun before it.
  const reason = `, or up to ${(asked / NS_PER_MS).toFixed(1)} ms earlier`;
  const earliest = (start - asked) as TraceTime;
  return { ...noted, earliest, certainty: 'inferred', reason };
}

const exactly = (time: TraceTime, row: number | undefined): RequestMoment => ({
  time,
  earliest: time,
  certainty: 'exact',
  row,
  reason: '',
});

/** The mark was made when the library was called: a write follows, of more than one perhaps. */
function sentAfter(view: TraceView, { name, start, end }: ApiMark): RequestMoment {
  const { events, strings } = view.recording;
  const until = end ?? Number.POSITIVE_INFINITY;
  const sent: number[] = [];
  for (const row of view.activity.syscallsFrom(view.index.clientThread, start, MOST_CALLS)) {
    if (events.time.at(row) >= until) break;
    if (moved(view, row, SENDERS, LEAST_BYTES)) sent.push(row);
  }
  // A request with a body goes out with its head in one call.
  const call = HAS_BODY.has(name) ? 'writev' : 'write';
  const likely = sent.filter((each) => strings.text(events.value(each, 'names')) === call);
  const row = likely[0] ?? sent[0];
  if (row === undefined) {
    const reason =
      end === undefined ? '' : `, or up to ${((end - start) / NS_PER_MS).toFixed(1)} ms later`;
    return { time: start, earliest: start, certainty: 'inferred', row, reason };
  }
  const time = events.time.at(row) as TraceTime;
  if (likely.length === 1 || sent.length === 1) return exactly(time, row);
  const earliest = events.time.at(sent[0] as number) as TraceTime;
  const reason = ', the likeliest of several writes';
  return { time, earliest, certainty: 'inferred', row, reason };
}

const HAS_BODY: ReadonlySet<Foreign> = new Set<Foreign>(['create']);

/** Whether the call is one of these, and so many bytes went through it. */
function moved(
  { recording: { events, strings } }: TraceView,
  row: number,
  calls: ReadonlySet<Foreign>,
  leastBytes: number,
): boolean {
  if (!calls.has(strings.text(events.value(row, 'names')))) return false;
  return events.value(row, 'results') >= leastBytes;
}
