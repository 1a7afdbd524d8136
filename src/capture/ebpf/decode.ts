/**
 * Raw records of the BPF programs to events. Pure except for the table and the strings that it fills. A record
 * that makes no sense becomes a `malformed` event, never an exception.
 */
import { COPY_UP_FLAG, EXIT_FLAG, KIND, SYSCALL_FLAG } from '../../model/recording/event-kinds.js';
import type { EventTable, EventValues } from '../../model/recording/event-table.js';
import type { StringInterner } from '../../model/recording/strings.js';
import { exitCodeOf } from '../source/exit-code.js';
import { pushPlainSyscall } from '../source/plain-syscall.js';
import { redactArguments } from '../source/redact.js';
import { SyscallTable } from '../source/syscall-table.js';
import { decodeArguments, type TextOptions } from './arguments.js';
import { BaseTime, comm, cString, cStrings, endOf, pathOf, s64, u64 } from './fields.js';
import { PendingCalls } from './pending-calls.js';
import { LEAST_BYTES, OFFSET, RECORD_KIND, SIZE } from './wire.js';

export interface DecodeOptions extends TextOptions {
  /** uname -m of the recorded host. */
  readonly machine: string;
  /** The session base: absolute CLOCK_MONOTONIC, ns. */
  readonly baseNs: bigint;
}

/** What every record begins with. */
interface Header {
  /** ns since the session base. */
  time: number;
  cpu: number;
  pid: number;
  tid: number;
  /** A number of the record's kind: a syscall's, a status, flags. */
  aux: number;
}

/** Decodes batches into event tables. Holds only the arguments of calls that have not returned yet. */
export class RecordDecoder {
  #options: DecodeOptions;
  readonly #base: BaseTime;
  #syscalls: SyscallTable;
  readonly #pending = new PendingCalls();
  /** Of the record that is decoded: one object for all of them. */
  readonly #header: Header = { time: 0, cpu: 0, pid: 0, tid: 0, aux: 0 };

  constructor(options: DecodeOptions) {
    this.#options = options;
    this.#base = new BaseTime(options.baseNs);
    this.#syscalls = new SyscallTable(options.machine, options.strings);
  }

  /** Ids are this table's from now on, those of calls that have not returned too. */
  useStrings(strings: StringInterner): void {
    const before = this.#options.strings;
    this.#options = { ...this.#options, strings };
    this.#syscalls = new SyscallTable(this.#options.machine, strings);
    this.#pending.move(before, strings);
  }

  /**
   * @param batch a sequence of { u32 size; u32 zero; record; padding to 8 }
   * @param into receives the events in the batch's order
   */
  decode(batch: Uint8Array, into: EventTable): void {
    const view = new DataView(batch.buffer, batch.byteOffset, batch.byteLength);
    let at = 0;
    while (at + 8 <= batch.byteLength) {
      const size = view.getUint32(at, true);
      const begin = at + 8;
      if (size < SIZE.header || begin + size > batch.byteLength) {
        into.pushCommon(KIND.malformed, 0, 0, 0, 0);
        return;
      }
      this.#record(new DataView(view.buffer, view.byteOffset + begin, size), into);
      at = begin + ((size + 7) & ~7);
    }
  }

  /** The calls that have not returned, as unfinished syscall events: once, when the recording ends. */
  finish(into: EventTable): void {
    for (const [tid, { entry, cpu, pid, number, values, flags }] of this.#pending.takeAll()) {
      into.push(
        'syscall',
        { time: entry, cpu, pid, tid },
        {
          ...values,
          names: this.#syscalls.nameId(number),
          flags: flags | SYSCALL_FLAG.unfinished,
        },
      );
    }
  }

  /**
   * Calls of processes that are followed no longer: neither their return nor an exit comes in any more.
   * @param unfollowed by pid since when, ns since the session base; what begins later is another process's of that pid
   */
  forget(unfollowed: ReadonlyMap<number, number>): void {
    this.#pending.forget(unfollowed);
  }

  /** Calls that have not returned, as far as is known. */
  get pendingCalls(): number {
    return this.#pending.size;
  }

  #record(view: DataView, into: EventTable): void {
    const header = this.#readHeader(view);
    const kind = view.getUint16(OFFSET.header.kind, true);
    // Of an unknown kind no length is enough.
    if (view.byteLength < (LEAST_BYTES[kind] ?? Number.POSITIVE_INFINITY)) {
      into.pushCommon(KIND.malformed, header.time, header.cpu, header.pid, header.tid);
      return;
    }
    switch (kind) {
      case RECORD_KIND.syscall:
        this.#syscall(view, header, into);
        return;
      case RECORD_KIND.switch:
        pushSwitch(view, header, into);
        return;
      case RECORD_KIND.waking:
        this.#waking(view, header, into);
        return;
      case RECORD_KIND.arguments:
        this.#arguments(view, header);
        return;
      case RECORD_KIND.fork:
        into.push('fork', header, this.#fork(view));
        return;
      case RECORD_KIND.exec:
        this.#pending.takeOver(view.getUint32(OFFSET.exec.old_tid, true), header.tid);
        into.push('exec', header, this.#exec(view));
        return;
      case RECORD_KIND.exit:
        this.#pending.drop(header.tid);
        into.push('exit', header, exitOf(view, header));
        return;
      case RECORD_KIND.rename:
        into.push('rename', header, { comms: this.#comm(view, OFFSET.rename.comm) });
        return;
      case RECORD_KIND.cgroupMkdir:
        into.push('cgroup_mkdir', header, this.#cgroup(view));
        return;
      case RECORD_KIND.cgroupAttach:
        into.push('cgroup_attach', header, this.#attached(view));
        return;
      case RECORD_KIND.dirty:
        into.push('dirty', header, this.#dirty(view, header));
        return;
      case RECORD_KIND.copyUp:
        into.push('copy_up', header, this.#copyUp(view));
        return;
      case RECORD_KIND.cacheFill:
        into.push('cache_fill', header, this.#cacheFill(view, header));
        return;
    }
  }

  #readHeader(view: DataView): Header {
    const header = this.#header;
    header.time = this.#base.read(view, OFFSET.header.time_ns);
    header.cpu = view.getUint16(OFFSET.header.cpu, true);
    header.pid = view.getUint32(OFFSET.header.pid, true);
    header.tid = view.getUint32(OFFSET.header.tid, true);
    header.aux = view.getUint32(OFFSET.header.aux, true);
    return header;
  }

  #comm(view: DataView, offset: number): number {
    return this.#options.strings.intern(comm(view, offset));
  }

  /** A call that returns, at its entry: with its arguments, where those were recorded. */
  #syscall(view: DataView, { time: exit, cpu, pid, tid, aux }: Header, into: EventTable): void {
    const duration = u64(view, OFFSET.syscall.duration_ns);
    const result = s64(view, OFFSET.syscall.result);
    const entry = exit - duration;
    const name = this.#syscalls.nameId(aux);
    const call = this.#pending.return(tid, entry, aux);
    if (call === undefined) {
      pushPlainSyscall(into, entry, cpu, pid, tid, name, duration, result);
      return;
    }
    into.push(
      'syscall',
      { time: entry, cpu, pid, tid },
      { ...call.values, names: name, durations_ns: duration, results: result, flags: call.flags },
    );
  }

  #arguments(view: DataView, header: Header): void {
    const call = decodeArguments(view, header, this.#syscalls, this.#options);
    this.#pending.add(header.tid, call);
  }

  #waking(view: DataView, { time, cpu, pid, tid, aux }: Header, into: EventTable): void {
    const { columns } = into.table('waking');
    into.pushCommon(KIND.waking, time, cpu, pid, tid);
    columns.target_pids.push(view.getUint32(OFFSET.waking.target_pid, true));
    columns.target_tids.push(view.getUint32(OFFSET.waking.target_tid, true));
    columns.contexts.push(aux & 0xff);
    columns.vectors.push((aux >>> 8) & 0xff);
    columns.waker_comms.push(this.#comm(view, OFFSET.waking.waker_comm));
    columns.flags.push(aux >>> 16);
  }

  #fork(view: DataView): EventValues<'fork'> {
    return {
      child_pids: view.getUint32(OFFSET.fork.child_pid, true),
      child_tids: view.getUint32(OFFSET.fork.child_tid, true),
      child_comms: this.#comm(view, OFFSET.fork.child_comm),
    };
  }

  #exec(view: DataView): EventValues<'exec'> {
    const { strings, redact } = this.#options;
    const { text, filename_bytes, argv_recorded } = OFFSET.exec;
    const filenameEnd = endOf(view, text, view.getUint32(filename_bytes, true));
    const argvEnd = endOf(view, filenameEnd, view.getUint32(argv_recorded, true));
    const [filename] = cString(view, text, filenameEnd);
    const argv = cStrings(view, filenameEnd, argvEnd);
    const kept = redact ? redactArguments(argv) : argv;
    return {
      filenames: strings.intern(filename),
      arguments: kept.map((argument) => strings.intern(argument)),
      argument_bytes: u64(view, OFFSET.exec.argv_bytes),
      old_tids: view.getUint32(OFFSET.exec.old_tid, true),
      cgroup_ids: u64(view, OFFSET.exec.cgroup_id),
    };
  }

  #cgroup(view: DataView): EventValues<'cgroup_mkdir'> {
    const { path, path_bytes, cgroup_id, hierarchy_id } = OFFSET.cgroup;
    const end = endOf(view, path, view.getUint32(path_bytes, true));
    return {
      cgroup_ids: u64(view, cgroup_id),
      hierarchy_ids: view.getUint32(hierarchy_id, true),
      paths: this.#options.strings.intern(cString(view, path, end)[0]),
    };
  }

  #attached(view: DataView): EventValues<'cgroup_attach'> {
    return {
      ...this.#cgroup(view),
      target_pids: view.getUint32(OFFSET.cgroup.target_pid, true),
      target_tids: view.getUint32(OFFSET.cgroup.target_tid, true),
    };
  }

  #dirty(view: DataView, { time, aux }: Header): EventValues<'dirty'> {
    return {
      inodes: u64(view, OFFSET.dirty.inode),
      devices: view.getUint32(OFFSET.dirty.device, true),
      folios: aux,
      bytes: u64(view, OFFSET.dirty.bytes),
      last_offset_ns: this.#base.read(view, OFFSET.dirty.last_ns) - time,
    };
  }

  #copyUp(view: DataView): EventValues<'copy_up'> {
    const { path, path_bytes, duration_ns, bytes, result } = OFFSET.copyUp;
    const names = cStrings(view, path, endOf(view, path, view.getUint16(path_bytes, true)));
    return {
      durations_ns: u64(view, duration_ns),
      bytes: u64(view, bytes),
      paths: this.#options.strings.intern(pathOf(names)),
      results: view.getInt32(result, true),
      flags: COPY_UP_FLAG.exact,
    };
  }

  #cacheFill(view: DataView, { time, aux }: Header): EventValues<'cache_fill'> {
    return {
      folios: aux,
      last_offset_ns: this.#base.read(view, OFFSET.cacheFill.last_ns) - time,
    };
  }
}

function pushSwitch(view: DataView, { time, cpu, pid, tid, aux }: Header, into: EventTable): void {
  const { columns } = into.table('switch');
  into.pushCommon(KIND.switch, time, cpu, pid, tid);
  columns.previous_states.push(aux);
  columns.next_pids.push(view.getUint32(OFFSET.switch.next_pid, true));
  columns.next_tids.push(view.getUint32(OFFSET.switch.next_tid, true));
  columns.flags.push(view.getUint32(OFFSET.switch.flags, true));
}

function exitOf(view: DataView, { aux }: Header): EventValues<'exit'> {
  return {
    codes: exitCodeOf(view.getInt32(OFFSET.exit.code, true)),
    flags: aux !== 0 ? EXIT_FLAG.lastThread : 0,
  };
}
