/** One syscall event, readable: its name, its arguments by position, its text arguments. */
import type { Foreign } from '../../base/foreign.js';
import { own } from '../../base/own.js';
import { FILE_OF_ARGUMENT, SYSCALL_FLAG } from '../recording/event-kinds.js';
import type { Recording } from '../recording/recording.js';
import { SYSCALLS } from './syscalls.js';

export interface SyscallView {
  readonly row: number;
  readonly name: Foreign;
  readonly start: number;
  /** undefined: it had not returned when the recording ended. */
  readonly duration: number | undefined;
  readonly result: number;
  /** Raw arguments; empty where the probe did not record them. */
  readonly arguments: readonly number[];
  /** The text of argument n, '' without one. */
  text(argument: number): Foreign;
  /** The path behind the descriptor in argument n, its last components; ''. */
  file(argument: number): Foreign;
}

export function viewSyscall(recording: Recording, row: number): SyscallView {
  const { events, strings } = recording;
  const flags = events.value(row, 'flags');
  const positions = events.values(row, 'text_positions');
  const texts = events.values(row, 'texts');
  const at = (position: number): Foreign => {
    const index = positions.indexOf(position);
    return index < 0 ? '' : strings.text(texts[index] as number);
  };
  return {
    row,
    name: strings.text(events.value(row, 'names')),
    start: events.time.at(row),
    duration:
      (flags & SYSCALL_FLAG.unfinished) !== 0 ? undefined : events.value(row, 'durations_ns'),
    result: events.value(row, 'results'),
    arguments: events.values(row, 'arguments'),
    text: at,
    file: (argument) => at(FILE_OF_ARGUMENT + argument),
  };
}

/** linux/sched.h */
export const NAMESPACE_FLAGS: readonly (readonly [flag: number, name: string])[] = [
  [0x00000080, 'time'],
  [0x00020000, 'mnt'],
  [0x02000000, 'cgroup'],
  [0x04000000, 'uts'],
  [0x08000000, 'ipc'],
  [0x10000000, 'user'],
  [0x20000000, 'pid'],
  [0x40000000, 'net'],
];

/** The namespaces that a clone, clone3, unshare or setns names. */
export function namespacesOf(call: SyscallView): string[] {
  const at = own(SYSCALLS, call.name)?.namespaceFlags;
  const flags = at === undefined ? 0 : (call.arguments[at] ?? 0);
  // The low byte of clone's flags is the exit signal, not CLONE_NEWTIME.
  const mask = call.name === 'clone' ? flags - (flags % 256) : flags;
  return NAMESPACE_FLAGS.filter(([flag]) => Math.floor(mask / flag) % 2 === 1).map(
    ([, name]) => name,
  );
}
