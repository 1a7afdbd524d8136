/**
 * strace's lines to events, as the ebpf source gives them: the same arguments at the same positions. Pure but
 * for the table and the strings that it fills. A line that makes no sense becomes a `malformed` event, never
 * an exception.
 */
import { own } from '../../base/own.js';
import {
  EXIT_FLAG,
  FILE_OF_ARGUMENT,
  KIND,
  SYSCALL_FLAG,
} from '../../model/recording/event-kinds.js';
import type { EventTable, EventValues } from '../../model/recording/event-table.js';
import type { StringInterner } from '../../model/recording/strings.js';
import { syscallNames } from '../../model/syscalls/syscall-names.js';
import {
  isSyscallFor,
  RECORDED_ARGUMENTS,
  type RecordedArguments,
} from '../../model/syscalls/syscalls.js';
import { REDACTED } from '../source/redact.js';
import {
  argumentField,
  argumentNumber,
  argumentPath,
  argumentText,
  type CallArgument,
  type ParsedCall,
  parseCallText,
} from './arguments.js';
import { BrokenLines } from './broken-lines.js';
import { type CgroupHierarchy, cgroupPathOf } from './cgroup-files.js';
import { Consequences, type FinishedCall, hasFlag } from './consequences.js';
import { ERESTARTSYS, flagsValue } from './constants.js';
import { joinResumed, parseLine, type ThreadLine, type WallTime } from './lines.js';
import { type KnownThreads, type StraceProcess, ThreadTable } from './threads.js';

export interface StraceDecodeOptions {
  /** uname -m of the recorded host. */
  readonly machine: string;
  readonly strings: StringInterner;
  readonly redact: boolean;
  /** CLOCK_REALTIME to ns since the session base. */
  readonly toTrace: (time: WallTime) => number;
  /** Who was traced from the beginning. */
  readonly known: readonly KnownThreads[];
  readonly cgroups: readonly CgroupHierarchy[];
}

/** A call that a thread is inside of. */
interface Begun {
  /** Whose it was then: an exec by another thread takes it out of the table. */
  readonly process: StraceProcess;
  readonly name: string;
  readonly start: number;
  text: string;
}

/** A clone whose result is an id of another pid namespace: its child's own is not known yet. */
interface UnclaimedClone {
  readonly parent: StraceProcess;
  readonly call: FinishedCall;
  readonly flags: number;
}

/** Lines of a thread whose parent's clone has not returned. */
interface Orphan {
  readonly firstTime: number;
  readonly lines: ThreadLine[];
}

const MAX_THREADS = 65_536;
const MAX_BEGUN_CHARACTERS = 16 << 20;
const MAX_HELD_LINES = 20_000;
const MAX_UNCLAIMED = 4_096;

const ATTACHED = /Process (\d{1,10}) attached/;

const ENDING: ReadonlySet<string> = new Set(['exit', 'exit_group']);

/** linux/sched.h */
const CLONE_THREAD = 0x10000;
const CLONE_NEWPID = 0x20000000;

/** O_ACCMODE, O_CREAT, O_TRUNC: an openat without any of them only reads. */
const MORE_THAN_READING = 0o1103;

/** Where clone's arguments are, which strace names instead. */
const CLONE_POSITIONS: Readonly<Record<string, number>> = {
  flags: 0,
  child_stack: 1,
  parent_tid: 2,
  child_tidptr: 3,
  tls: 4,
};

/** Holds the calls that have not returned, and the lines of threads whose parent is not known yet. */
export class StraceDecoder {
  readonly #options: StraceDecodeOptions;
  readonly #threads: ThreadTable;
  readonly #consequences: Consequences;
  readonly #names: readonly (string | undefined)[];
  readonly #broken = new BrokenLines();
  readonly #begun = new Map<number, Begun>();
  readonly #orphans = new Map<number, Orphan>();
  /** Lines to be handled before the next one is read. */
  readonly #queue: ThreadLine[] = [];
  /** By the leader's id: the id of the thread that takes it over in an exec. */
  readonly #takeovers = new Map<number, number>();
  #unclaimed: UnclaimedClone[] = [];
  /** Of lines that name no thread: strace names none while there is only one. */
  #firstTid = 0;
  #begunCharacters = 0;
  #heldLines = 0;

  constructor(options: StraceDecodeOptions) {
    this.#options = options;
    this.#threads = new ThreadTable(options.known);
    this.#consequences = new Consequences(options, this.#threads);
    this.#names = syscallNames(options.machine);
  }

  /** @param line without its newline, one character a byte */
  decode(line: string, into: EventTable): void {
    for (const whole of this.#broken.next(line)) this.#decodeWhole(whole, into);
  }

  #decodeWhole(line: string, into: EventTable): void {
    const parsed = parseLine(line);
    if (parsed.kind === 'malformed') {
      into.pushCommon(KIND.malformed, 0, 0, 0, 0);
    } else if (parsed.kind === 'notice') {
      this.#firstTid ||= Number(ATTACHED.exec(parsed.text)?.[1] ?? 0);
    } else {
      this.#queue.push(parsed.tid === 0 ? { ...parsed, tid: this.#firstTid } : parsed);
      this.#work(into);
    }
  }

  /** What has not returned, as unfinished calls; who has no parent, without one: once, at the end. */
  finish(into: EventTable): void {
    for (const line of this.#broken.end()) this.#decodeWhole(line, into);
    this.#adoptOrphans(into);
    for (const tid of [...this.#begun.keys()]) this.#pushBegun(tid, into);
  }

  #work(into: EventTable): void {
    do {
      for (const line of this.#takeQueue()) this.#route(line, into);
    } while (this.#queue.length > 0 || this.#settleOrphan(into));
  }

  #takeQueue(): ThreadLine[] {
    return this.#queue.splice(0);
  }

  #route(line: ThreadLine, into: EventTable): void {
    const process = this.#threads.of(line.tid);
    if (process !== undefined) {
      this.#handle(line, process, into);
      return;
    }
    const orphan = this.#orphans.get(line.tid);
    if (orphan !== undefined) orphan.lines.push(line);
    else {
      const firstTime = this.#options.toTrace(line.time);
      this.#orphans.set(line.tid, { firstTime, lines: [line] });
    }
    if (++this.#heldLines > MAX_HELD_LINES) this.#adoptOrphans(into);
  }

  /**
   * Gives a thread of unknown origin a parent. While a clone is under way it may be its child; the clone's
   * return will tell. After that it is the child of the oldest clone whose result says nothing. Where there
   * is none, it was there before the recording.
   */
  #settleOrphan(into: EventTable): boolean {
    const [tid] = this.#orphans.keys();
    if (tid === undefined || this.#cloneUnderWay()) return false;
    const clone = this.#unclaimed.shift();
    if (clone !== undefined) this.#fork(clone, tid, into);
    else this.#adopt(tid, into);
    return true;
  }

  #cloneUnderWay(): boolean {
    for (const { name } of this.#begun.values()) if (isSyscallFor('clone', name)) return true;
    return false;
  }

  #adoptOrphans(into: EventTable): void {
    while (this.#orphans.size > 0) {
      for (const tid of [...this.#orphans.keys()]) this.#adopt(tid, into);
      for (const line of this.#takeQueue()) this.#route(line, into);
    }
  }

  #adopt(tid: number, into: EventTable): void {
    const orphan = this.#orphans.get(tid);
    if (this.#threads.size < MAX_THREADS) {
      this.#threads.adopt(tid);
      this.#release(tid);
    } else {
      // No log of one machine names so many: it is damaged.
      this.#orphans.delete(tid);
      this.#heldLines -= orphan?.lines.length ?? 0;
      for (const line of orphan?.lines ?? []) this.#malformed(line, into);
    }
  }

  /** Lets the lines of a thread go on, now that it has a process. */
  #release(tid: number): void {
    const orphan = this.#orphans.get(tid);
    if (orphan === undefined) return;
    this.#orphans.delete(tid);
    this.#heldLines -= orphan.lines.length;
    this.#queue.push(...orphan.lines);
  }

  #handle(line: ThreadLine, process: StraceProcess, into: EventTable): void {
    switch (line.kind) {
      case 'call': {
        const start = this.#options.toTrace(line.time);
        this.#finished(line, process, { name: line.name, start, text: line.text }, undefined, into);
        break;
      }
      case 'begun':
        this.#begin(line, process, into);
        break;
      case 'resumed':
        this.#resume(line, process, into);
        break;
      case 'superseded':
        this.#takeOver(line.tid, line.by, into);
        break;
      case 'exit':
        this.#exit(line.tid, line.code, process, this.#options.toTrace(line.time), into);
        break;
      case 'signal':
        break;
    }
  }

  #begin(line: ThreadLine & { kind: 'begun' }, process: StraceProcess, into: EventTable): void {
    const { tid, name, text } = line;
    // Two beginnings without an end between them: the end was not written.
    this.#pushBegun(tid, into);
    if (this.#begunCharacters + text.length > MAX_BEGUN_CHARACTERS) {
      this.#malformed(line, into, process);
      return;
    }
    this.#begun.set(tid, { process, name, start: this.#options.toTrace(line.time), text });
    this.#begunCharacters += text.length;
    if (line.detached) this.#pushBegun(tid, into);
  }

  #resume(line: ThreadLine & { kind: 'resumed' }, process: StraceProcess, into: EventTable): void {
    const begun = this.#takeBegun(line.tid);
    const end = this.#options.toTrace(line.time);
    if (begun === undefined) {
      // strace came while the thread was inside: what is known is when it came out.
      const parsed = parseCallText(line.text);
      if (parsed?.durationNs === undefined || parsed.result === undefined) {
        this.#malformed(line, into, process);
        return;
      }
      const call = { name: line.name, start: end - parsed.durationNs };
      this.#pushSyscall(line.tid, process, call, parsed, parsed.durationNs, undefined, into);
      return;
    }
    const { text, again } = joinResumed(begun.text, line.text);
    if (begun.name !== line.name) {
      this.#malformed(line, into, process);
    } else if (again) {
      begun.text = text;
      this.#begun.set(line.tid, begun);
      this.#begunCharacters += text.length;
    } else {
      this.#finished(line, process, { ...begun, text }, end, into);
    }
  }

  /** @param end when it was seen to return; undefined: in its own line */
  #finished(
    line: ThreadLine,
    process: StraceProcess,
    { name, start, text }: Omit<Begun, 'process'>,
    end: number | undefined,
    into: EventTable,
  ): void {
    const parsed = parseCallText(text);
    if (parsed === undefined) {
      this.#malformed(line, into, process);
      return;
    }
    const { tid } = line;
    const call = { name, start };
    if (parsed.result === undefined && (end === undefined || ENDING.has(name))) {
      this.#pushSyscall(tid, process, call, parsed, undefined, parsed.arguments, into);
      return;
    }
    const durationNs = parsed.durationNs ?? Math.max(0, (end ?? start) - start);
    this.#pushSyscall(tid, process, call, parsed, durationNs, parsed.arguments, into);
    const finished: FinishedCall = {
      name,
      tid,
      start,
      end: start + durationNs,
      // Killed inside of it: strace does not show the restart code with which the kernel leaves it then.
      result: parsed.result ?? -ERESTARTSYS,
      arguments: parsed.arguments,
    };
    if (isSyscallFor('clone', name)) this.#cloned(finished, process, parsed, into);
    else if (isSyscallFor('exec', name)) this.#executed(finished, process, into);
    else this.#consequences.of(finished, process, into);
  }

  #cloned(call: FinishedCall, parent: StraceProcess, parsed: ParsedCall, into: EventTable): void {
    if (call.result <= 0) return;
    const clone = { parent, call, flags: cloneFlags(call.name, call.arguments) };
    const child = parsed.translatedResult ?? (parent.otherPids ? undefined : call.result);
    if (child !== undefined) this.#fork(clone, child, into);
    else if (this.#unclaimed.length < MAX_UNCLAIMED) this.#unclaimed.push(clone);
  }

  #fork({ parent, call, flags }: UnclaimedClone, tid: number, into: EventTable): void {
    const orphan = this.#orphans.get(tid);
    // The child may be heard before its parent's clone returns: vfork's always is.
    const time = Math.max(call.start, Math.min(call.end, orphan?.firstTime ?? call.end));
    const child = this.#threads.fork(parent, tid, {
      thread: hasFlag(flags, CLONE_THREAD),
      newPids: hasFlag(flags, CLONE_NEWPID),
    });
    into.push(
      'fork',
      { time, pid: parent.pid, tid: call.tid },
      {
        child_pids: child.pid,
        child_tids: tid,
        child_comms: this.#options.strings.intern(parent.comm),
      },
    );
    this.#consequences.ofFork(call, flags, child, tid, time, into);
    this.#release(tid);
  }

  #executed(call: FinishedCall, process: StraceProcess, into: EventTable): void {
    const former = this.#takeovers.get(call.tid) ?? call.tid;
    this.#takeovers.delete(call.tid);
    if (call.result !== 0) return;
    this.#threads.executed(call.tid, former);
    this.#abandonClones(process);
    this.#consequences.ofExec(call, process, former, into);
  }

  /** The leader is gone, and thread `by`, which executes a program, has its id. */
  #takeOver(leader: number, by: number, into: EventTable): void {
    this.#pushBegun(leader, into);
    this.#takeovers.set(leader, by);
    const execve = this.#begun.get(by);
    if (execve === undefined) return;
    this.#begun.delete(by);
    this.#begun.set(leader, execve);
  }

  #exit(tid: number, code: number, process: StraceProcess, time: number, into: EventTable): void {
    this.#pushBegun(tid, into);
    this.#takeovers.delete(tid);
    const last = this.#threads.exited(tid);
    if (last) this.#abandonClones(process);
    into.push(
      'exit',
      { time, pid: process.pid, tid },
      { codes: code, flags: last ? EXIT_FLAG.lastThread : 0 },
    );
  }

  /** The threads that it cloned are gone with it. */
  #abandonClones(process: StraceProcess): void {
    this.#unclaimed = this.#unclaimed.filter(
      ({ parent, flags }) => parent !== process || !hasFlag(flags, CLONE_THREAD),
    );
  }

  /** A call that has not returned becomes an unfinished one. */
  #pushBegun(tid: number, into: EventTable): void {
    const begun = this.#takeBegun(tid);
    if (begun === undefined) return;
    // Its last argument may be cut off, but what was printed is whole.
    const parsed = parseCallText(`${begun.text.replace(/,\s*$/, '')}) = ?`);
    this.#pushSyscall(tid, begun.process, begun, parsed, undefined, parsed?.arguments, into);
  }

  #takeBegun(tid: number): Begun | undefined {
    const begun = this.#begun.get(tid);
    if (begun === undefined) return undefined;
    this.#begun.delete(tid);
    this.#begunCharacters -= begun.text.length;
    return begun;
  }

  /** @param durationNs undefined: it has not returned */
  #pushSyscall(
    tid: number,
    process: StraceProcess,
    call: { readonly name: string; readonly start: number },
    parsed: ParsedCall | undefined,
    durationNs: number | undefined,
    given: readonly CallArgument[] | undefined,
    into: EventTable,
  ): void {
    const detail = own(RECORDED_ARGUMENTS, call.name);
    const kept =
      detail === undefined || given === undefined
        ? undefined
        : this.#arguments(call.name, detail, given);
    const unfinished = durationNs === undefined ? SYSCALL_FLAG.unfinished : 0;
    into.push(
      'syscall',
      { time: call.start, pid: process.pid, tid },
      {
        ...kept?.values,
        names: this.#options.strings.intern(this.#nameOf(call.name)),
        durations_ns: durationNs ?? 0,
        results: durationNs === undefined ? 0 : (parsed?.result ?? -ERESTARTSYS),
        flags: unfinished | (kept?.flags ?? 0),
      },
    );
  }

  /** undefined: of this call, the arguments are not kept. */
  #arguments(
    name: string,
    detail: RecordedArguments,
    given: readonly CallArgument[],
  ): { values: EventValues; flags: number } | undefined {
    const { strings, redact, cgroups } = this.#options;
    const numbers = argumentNumbers(name, given);
    if (detail.skipReadOnly === true && ((numbers[2] ?? 0) & MORE_THAN_READING) === 0) {
      return undefined;
    }
    const descriptor = detail.descriptor;
    const path = descriptor === undefined ? undefined : argumentPath(sourceOf(given, descriptor));
    if (detail.cgroupFilesOnly === true && cgroupPathOf(path ?? '', cgroups) === undefined) {
      return undefined;
    }
    const positions: number[] = [];
    const texts: number[] = [];
    let flags: number = SYSCALL_FLAG.hasArguments;
    for (const position of detail.texts ?? []) {
      const found = argumentText(sourceOf(given, position));
      if (found === undefined) continue;
      positions.push(position);
      // With --network host it is this machine's name.
      const hidden = redact && (name === 'sethostname' || name === 'setdomainname');
      texts.push(strings.intern(hidden ? REDACTED : found.text));
      if (found.cut) flags |= SYSCALL_FLAG.textCut;
    }
    if (descriptor !== undefined && path !== undefined) {
      positions.push(FILE_OF_ARGUMENT + descriptor);
      texts.push(strings.intern(path));
    }
    return { values: { arguments: numbers, text_positions: positions, texts }, flags };
  }

  /** What strace cannot name it calls syscall_0x1d3. */
  #nameOf(name: string): string {
    if (!/^syscall_0x[0-9a-f]+$/.test(name)) return name;
    const number = Number(name.slice('syscall_'.length));
    return this.#names[number] ?? `syscall_${number}`;
  }

  #malformed(line: ThreadLine, into: EventTable, process?: StraceProcess): void {
    const time = this.#options.toTrace(line.time);
    into.pushCommon(KIND.malformed, time, 0, process?.pid ?? 0, line.tid);
  }
}

const sourceOf = (given: readonly CallArgument[], position: number): string =>
  given[position]?.source ?? '';

/** Six raw arguments, as far as strace's text gives them. */
function argumentNumbers(name: string, given: readonly CallArgument[]): number[] {
  const numbers = [0, 0, 0, 0, 0, 0];
  given.forEach((argument, index) => {
    const position = name === 'clone' ? own(CLONE_POSITIONS, argument.name ?? '') : index;
    if (position !== undefined && position < 6) numbers[position] = argumentNumber(argument.source);
  });
  // As the probe does, the flags in place of the pointer to them.
  if (name === 'clone3') numbers[0] = cloneFlags(name, given);
  return numbers;
}

function cloneFlags(name: string, given: readonly CallArgument[]): number {
  if (name === 'clone3') return flagsValue(argumentField(sourceOf(given, 0), 'flags') ?? '') ?? 0;
  if (name !== 'clone') return 0;
  return flagsValue(given.find((argument) => argument.name === 'flags')?.source ?? '') ?? 0;
}
