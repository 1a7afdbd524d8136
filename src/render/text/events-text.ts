/**
 * Events for people, a line each: ms since the create request, actor, pid/tid, what happened.
 *
 *   +15.880412  dockerd       1817/1830   mount("overlay", "/…/merged", "overlay", 0) = 0  812 µs
 *   +32.788217  shim         27602/27602  exec /usr/bin/containerd-shim-runc-v2 -namespace moby …
 *   +70.508071  runc create  27618/27618  cgroup_attach 27626 to /docker/0123…
 */

import { escapeText } from '../../base/escape.js';
import { type Foreign, joinForeign } from '../../base/foreign.js';
import {
  EXIT_FLAG,
  type PlainName,
  SYSCALL_FLAG,
  WAKE_CONTEXT,
  WAKE_FLAG,
} from '../../model/recording/event-kinds.js';
import type { EventTable } from '../../model/recording/event-table.js';
import type { Recording } from '../../model/recording/recording.js';
import type { Trace } from '../../model/trace/trace.js';
import { errorName } from '../../words/errno.js';
import { syscallText } from '../../words/syscall-text.js';
import { alignLeft, alignRight, cut } from '../common/columns.js';
import { formatBytes, formatDuration, plural } from '../common/format.js';
import { originOf, type SelectedEvent } from '../common/select-events.js';
import type { Theme } from '../common/theme.js';

/** @param width undefined: lines are as long as they are, up to MOST_CHARACTERS of what happened */
export function eventLine(
  trace: Trace,
  theme: Theme,
  width?: number,
): (event: SelectedEvent) => string {
  const { events } = trace.recording;
  const origin = originOf(trace);
  return ({ row, actor }) => {
    const since = (events.time.at(row) - origin) / 1e6;
    const time = alignRight(`${since < 0 ? '' : '+'}${since.toFixed(6)}`, 13);
    const who = alignLeft(actor?.actor ?? '?', 13);
    const pid = alignLeft(`${events.pid.at(row)}/${events.tid.at(row)}`, 16);
    const what = describeEvent(trace.recording, row);
    const room = width === undefined ? capped(what) : cut(what, Math.max(0, width - 44));
    return `${theme.dim(time)}  ${theme.strong(who)}${theme.dim(pid)}${room}\n`;
  };
}

/** Of what an event says, where lines are as long as they are; --json has all of it. */
const MOST_CHARACTERS = 2000;

const capped = (text: string): string =>
  text.length <= MOST_CHARACTERS
    ? text
    : `${text.slice(0, MOST_CHARACTERS)}… ${plural(text.length - MOST_CHARACTERS, 'more character')}`;

/** What happened, in one line; safe to print. */
export function describeEvent(recording: Recording, row: number): string {
  const { events } = recording;
  const kind = events.kindName(row);
  const number = (column: PlainName): number => events.value(row, column);
  const text = (column: PlainName): string => escapeText(recording.strings.text(number(column)));
  switch (kind) {
    case 'syscall':
      return describeSyscall(recording, row);
    case 'fork': {
      const [pid, tid] = [number('child_pids'), number('child_tids')];
      return pid === events.pid.at(row)
        ? `fork thread ${tid}`
        : `fork ${pid} (${text('child_comms')})`;
    }
    case 'exec': {
      const argv = events.values(row, 'arguments').map((id) => recording.strings.text(id));
      return `exec ${text('filenames')} ${escapeText(joinForeign(argv.slice(1), ' '))}`.trimEnd();
    }
    case 'exit': {
      const code = number('codes');
      const how = code < 0 ? `by signal ${-code}` : `with ${code}`;
      return (number('flags') & EXIT_FLAG.lastThread) !== 0
        ? `exit ${how}`
        : `exit of a thread ${how}`;
    }
    case 'rename':
      return `rename to ${text('comms')}`;
    case 'cgroup_mkdir':
      return `cgroup_mkdir ${text('paths')}`;
    case 'cgroup_attach':
      return `cgroup_attach ${number('target_pids')} to ${text('paths')}`;
    case 'switch':
      return `switch to ${number('next_pids')}/${number('next_tids')}, ${number('previous_states') === 0 ? 'preempted' : 'blocked'}`;
    case 'waking':
      return describeWaking(events, row, text('waker_comms'));
    case 'copy_up':
      return `copy_up ${text('paths')} ${formatBytes(number('bytes'))}  ${formatDuration(number('durations_ns'))}`;
    case 'dirty':
      return `dirty ${plural(number('folios'), 'folio')} of inode ${number('inodes')}, ${formatBytes(number('bytes'))}`;
    case 'cache_fill':
      return `cache_fill ${plural(number('folios'), 'folio')}  ${formatDuration(number('last_offset_ns'))}`;
    case 'malformed':
      return 'malformed record';
  }
}

function describeSyscall({ events, strings }: Recording, row: number): string {
  const texts = new Map<number, Foreign>();
  const positions = events.values(row, 'text_positions');
  events.values(row, 'texts').forEach((id, index) => {
    texts.set(positions[index] ?? 0, strings.text(id));
  });
  const name = strings.text(events.value(row, 'names'));
  const call = syscallText(name, events.values(row, 'arguments'), texts);
  const flags = events.value(row, 'flags');
  const cutMark = (flags & SYSCALL_FLAG.textCut) !== 0 ? ' (text cut)' : '';
  if ((flags & SYSCALL_FLAG.unfinished) !== 0) return `${call}${cutMark} had not returned`;
  const result = events.value(row, 'results');
  const told =
    errorName(result) ?? (Math.abs(result) > 2 ** 31 ? `0x${result.toString(16)}` : result);
  return `${call}${cutMark} = ${told}  ${formatDuration(events.value(row, 'durations_ns'))}`;
}

function describeWaking(events: EventTable, row: number, waker: string): string {
  const flags = events.value(row, 'flags');
  const context = events.value(row, 'contexts');
  const from =
    context === WAKE_CONTEXT.task
      ? (flags & WAKE_FLAG.kernelThread) !== 0
        ? `from kernel thread ${waker}`
        : ''
      : (flags & WAKE_FLAG.hrtimer) !== 0
        ? 'from a timer'
        : (flags & WAKE_FLAG.blockCompletion) !== 0
          ? 'from block I/O'
          : `from ${context === WAKE_CONTEXT.softIrq ? `soft irq ${events.value(row, 'vectors')}` : 'an interrupt'}`;
  const target = `${events.value(row, 'target_pids')}/${events.value(row, 'target_tids')}`;
  return `waking ${target} ${from}`.trimEnd();
}
