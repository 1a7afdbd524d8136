/**
 * What follows from a call that succeeded: a new program, a new name, a cgroup made or entered, a pid namespace
 * for the children. strace shows only the call; the time is that of its return, when all of it has happened.
 */
import type { EventTable } from '../../model/recording/event-table.js';
import type { StringInterner } from '../../model/recording/strings.js';
import { redactArguments } from '../source/redact.js';
import {
  argumentField,
  argumentList,
  argumentNumber,
  argumentPath,
  argumentText,
  type CallArgument,
} from './arguments.js';
import { type CgroupHierarchy, cgroupMovedInto, cgroupPathOf } from './cgroup-files.js';
import type { StraceProcess, ThreadTable } from './threads.js';

/** A call that has returned; times in ns since the session base. */
export interface FinishedCall {
  readonly name: string;
  readonly tid: number;
  readonly start: number;
  readonly end: number;
  readonly result: number;
  readonly arguments: readonly CallArgument[];
}

/** linux/sched.h, linux/prctl.h, linux/fcntl.h */
const CLONE_NEWPID = 0x20000000;
const CLONE_INTO_CGROUP = 0x200000000;
const PR_SET_NAME = 15;
const AT_FDCWD = -100;

/** TASK_COMM_LEN without its NUL. */
const COMM_LENGTH = 15;

export const hasFlag = (value: number, flag: number): boolean => Math.floor(value / flag) % 2 === 1;

interface Options {
  readonly strings: StringInterner;
  readonly redact: boolean;
  readonly cgroups: readonly CgroupHierarchy[];
}

export class Consequences {
  readonly #options: Options;
  readonly #threads: ThreadTable;

  constructor(options: Options, threads: ThreadTable) {
    this.#options = options;
    this.#threads = threads;
  }

  of(call: FinishedCall, process: StraceProcess, into: EventTable): void {
    if (call.result < 0) return;
    switch (call.name) {
      case 'prctl':
        this.#renamed(call, process, into);
        break;
      case 'write':
        this.#written(call, process, into);
        break;
      case 'mkdir':
        this.#madeFolder(call, process, textOf(call, 0), into);
        break;
      case 'mkdirat':
        this.#madeFolder(call, process, pathAt(call, 0), into);
        break;
      case 'unshare':
        if (hasFlag(numberOf(call, 0), CLONE_NEWPID)) process.otherPidsOfChildren = true;
        break;
      case 'setns':
        if (entersPids(call)) process.otherPidsOfChildren = true;
        break;
    }
  }

  /** @param former the thread that called it, where it was not the leader */
  ofExec(call: FinishedCall, process: StraceProcess, former: number, into: EventTable): void {
    const { strings, redact } = this.#options;
    const at = call.name === 'execveat' ? 1 : 0;
    const filename = at === 1 ? execveatName(call) : textOf(call, 0);
    const { items: argv, cut } = argumentList(sourceOf(call, at + 1));
    const kept = redact ? redactArguments(argv) : argv;
    const bytes = argv.reduce((sum, text) => sum + Buffer.byteLength(text) + 1, 0);
    // The kernel names a process after its program's file, just before the program takes over.
    this.#rename(
      process,
      process.pid,
      call.end,
      filename.slice(filename.lastIndexOf('/') + 1),
      into,
    );
    into.push(
      'exec',
      { time: call.end, pid: process.pid, tid: process.pid },
      {
        filenames: strings.intern(filename),
        arguments: kept.map((text) => strings.intern(text)),
        // One more than the limit shows that there was more.
        argument_bytes: bytes + (cut ? 1 : 0),
        old_tids: former,
      },
    );
  }

  /** A child may begin its life in a cgroup. */
  ofFork(
    call: FinishedCall,
    flags: number,
    child: StraceProcess,
    tid: number,
    time: number,
    into: EventTable,
  ): void {
    if (!hasFlag(flags, CLONE_INTO_CGROUP)) return;
    const folder = argumentPath(argumentField(sourceOf(call, 0), 'cgroup') ?? '');
    const cgroup = cgroupPathOf(folder ?? '', this.#options.cgroups);
    if (cgroup === undefined) return;
    into.push(
      'cgroup_attach',
      { time, pid: this.#threads.of(call.tid)?.pid ?? call.tid, tid: call.tid },
      {
        hierarchy_ids: cgroup.hierarchy.id,
        paths: this.#options.strings.intern(cgroup.path),
        target_pids: child.pid,
        target_tids: tid,
      },
    );
  }

  #renamed(call: FinishedCall, process: StraceProcess, into: EventTable): void {
    const name = argumentText(sourceOf(call, 1))?.text;
    if (numberOf(call, 0) === PR_SET_NAME && name !== undefined) {
      this.#rename(process, call.tid, call.end, name, into);
    }
  }

  #rename(process: StraceProcess, tid: number, time: number, name: string, into: EventTable): void {
    const comm = name.slice(0, COMM_LENGTH);
    if (tid === process.pid) process.comm = comm;
    into.push(
      'rename',
      { time, pid: process.pid, tid },
      { comms: this.#options.strings.intern(comm) },
    );
  }

  /** Who writes an id into cgroup.procs moves that process; 0 is the writer. */
  #written(call: FinishedCall, process: StraceProcess, into: EventTable): void {
    const file = argumentPath(sourceOf(call, 0)) ?? '';
    const cgroup = cgroupMovedInto(file, this.#options.cgroups);
    const text = argumentText(sourceOf(call, 1))?.text ?? '';
    if (cgroup === undefined || !/^\d{1,10}\s*$/.test(text)) return;
    const written = Number(text);
    // An id of another pid namespace names nobody here.
    if (written !== 0 && process.otherPids) return;
    const tid = written === 0 ? call.tid : written;
    const pid = this.#threads.of(tid)?.pid ?? tid;
    into.push(
      'cgroup_attach',
      { time: call.end, pid: process.pid, tid: call.tid },
      {
        hierarchy_ids: cgroup.hierarchy.id,
        paths: this.#options.strings.intern(cgroup.path),
        target_pids: pid,
        target_tids: file.endsWith('/cgroup.procs') ? pid : tid,
      },
    );
  }

  #madeFolder(call: FinishedCall, process: StraceProcess, path: string, into: EventTable): void {
    const cgroup = cgroupPathOf(path, this.#options.cgroups);
    if (cgroup === undefined) return;
    into.push(
      'cgroup_mkdir',
      { time: call.end, pid: process.pid, tid: call.tid },
      {
        hierarchy_ids: cgroup.hierarchy.id,
        paths: this.#options.strings.intern(cgroup.path),
      },
    );
  }
}

const sourceOf = (call: FinishedCall, position: number): string =>
  call.arguments[position]?.source ?? '';
const numberOf = (call: FinishedCall, position: number): number =>
  argumentNumber(sourceOf(call, position));
const textOf = (call: FinishedCall, position: number): string =>
  argumentText(sourceOf(call, position))?.text ?? '';

/** The path in argument `position` + 1, from the folder in argument `position`. */
function pathAt(call: FinishedCall, position: number): string {
  const path = textOf(call, position + 1);
  if (path.startsWith('/')) return path;
  const folder = argumentPath(sourceOf(call, position));
  return folder === undefined ? path : `${folder}/${path}`;
}

/** As the kernel names it (fs/exec.c, alloc_bprm): fexecve's file is /dev/fd/N. */
function execveatName(call: FinishedCall): string {
  const path = textOf(call, 1);
  const descriptor = numberOf(call, 0);
  if (path.startsWith('/') || descriptor === AT_FDCWD) return path;
  return path === '' ? `/dev/fd/${descriptor}` : `/dev/fd/${descriptor}/${path}`;
}

/** By its flags, or, where they are 0, by what the descriptor is. */
function entersPids(call: FinishedCall): boolean {
  if (hasFlag(numberOf(call, 1), CLONE_NEWPID)) return true;
  return /(^|\/)pid(:\[\d+\])?$/.test(argumentPath(sourceOf(call, 0)) ?? '');
}
