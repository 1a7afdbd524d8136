/** What a segment's thread did, in words: "syscall in mount /proc proc, event 9", "user code, ended by timer". */
import { type Foreign, joinForeign, quoting } from '../base/foreign.js';
import { KIND } from '../model/recording/event-kinds.js';
import type { Recording } from '../model/recording/recording.js';
import { viewSyscall } from '../model/syscalls/syscall-view.js';
import type { Segment } from '../model/trace/trace.js';
import { inferenceText } from './inference-text.js';
import { waitText } from './wait-text.js';

/** With the events behind it; untrusted text. */
export function segmentText(recording: Recording, segment: Segment): Foreign {
  const where =
    segment.syscall === undefined
      ? 'outside any syscall'
      : describeCall(recording, segment.syscall);
  const cause = waitText(segment.waitsFor);
  const wait = cause === '' ? '' : quoting`, ended by ${cause}`;
  const by = cause === '' ? 'woken by ' : '';
  const woken = segment.wokenBy === undefined ? '' : `, ${by}event ${segment.wokenBy}`;
  const { inference } = segment;
  const reason = inference === undefined ? '' : quoting` (inferred: ${inferenceText(inference)})`;
  return quoting`${segment.state} ${segment.state === 'user code' ? '' : where}${wait}${woken}${reason}`.trim();
}

/** A piece of the path for each of which a call is told may be one of thousands. */
const MOST_CHARACTERS = 256;

const inShort = (text: Foreign): Foreign =>
  text.length > MOST_CHARACTERS ? quoting`${text.slice(0, MOST_CHARACTERS)}…` : text;

function describeCall(recording: Recording, row: number): Foreign {
  if (recording.events.kind.at(row) !== KIND.syscall) return '';
  const call = viewSyscall(recording, row);
  const texts = [0, 1, 2, 3, 4, 5].flatMap(
    (argument) => inShort(call.text(argument) || call.file(argument)) || [],
  );
  return quoting`in ${call.name}${texts.length > 0 ? quoting` ${joinForeign(texts, ' ')}` : ''}, event ${row}`;
}
