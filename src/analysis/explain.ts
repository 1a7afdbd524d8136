/** Each rule of the table of phases with what it decided on this trace, and on what evidence. */
import { type Foreign, joinForeign, quoting } from '../base/foreign.js';
import { KIND } from '../model/event-kinds.js';
import type { Recording } from '../model/recording.js';
import type { RuleExplanation } from '../model/summaries.js';
import type { ContainerRun, Segment } from '../model/trace.js';
import { PHASE_RULES } from './rules.js';
import { viewSyscall } from './syscall-view.js';

/** In the order of the table; rules that decided nothing too. */
export function explainRun(
  recording: Recording,
  run: ContainerRun,
  examples: number,
): RuleExplanation[] {
  return PHASE_RULES.map(({ id, phase, category, because }) => {
    const own = run.segments.filter(({ rule }) => rule === id);
    const longest = [...own].sort((a, b) => b.end - b.start - (a.end - a.start)).slice(0, examples);
    return {
      rule: id,
      phase,
      categories:
        typeof category === 'string' ? [category] : [...new Set(own.map((each) => each.category))],
      because,
      segments: own.length,
      ns: own.reduce((sum, { start, end }) => sum + (end - start), 0),
      evidence: longest.map((segment) => ({ segment, text: describeSegment(recording, segment) })),
    };
  });
}

/** What a segment's thread did, in words, with the events behind it. */
export function describeSegment(recording: Recording, segment: Segment): Foreign {
  const where =
    segment.syscall === undefined
      ? 'outside any syscall'
      : describeCall(recording, segment.syscall);
  const wait = segment.waitsFor === '' ? '' : quoting`, ended by ${segment.waitsFor}`;
  const by = segment.waitsFor === '' ? 'woken by ' : '';
  const woken = segment.wokenBy === undefined ? '' : `, ${by}event ${segment.wokenBy}`;
  const reason = segment.reason === '' ? '' : quoting` (inferred: ${segment.reason})`;
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
