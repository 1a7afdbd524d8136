/**
 * Raw records of the BPF programs to events. Pure except for the table and the strings that it fills. A record
 * that makes no sense becomes a `malformed` event, never an exception.
 */
import { own } from '../../base/own.js';
import {
  COPY_UP_FLAG,
  EXIT_FLAG,
  FILE_OF_ARGUMENT,
  KIND,
  SYSCALL_FLAG,
} from '../../model/recording/event-kinds.js';
import type { EventTable, EventValues } from '../../model/recording/event-table.js';
import type { StringInterner } from '../../model/recording/strings.js';
import { syscallNames } from '../../model/syscalls/syscall-names.js';
import { RECORDED_ARGUMENTS } from '../../model/syscalls/syscalls.js';
import { REDACTED, redactArguments } from '../source/redact.js';
import { OFFSET, PATH_NAMES, RECORD_KIND, SIZE } from './wire.js';

export interface DecodeOptions {
  /** uname -m of the recorded host. */
  readonly machine: string;
  /** The session base: absolute CLOCK_MONOTONIC, ns. */
  readonly baseNs: bigint;
  readonly strings: StringInterner;
  /** Keep argv out, except what distinguishes the parts of a start. */
  readonly redact: boolean;
}

interface PendingArguments {
  readonly entry: number;
  readonly number: number;
  readonly cpu: number;
  readonly pid: number;
  readonly values: EventValues & { readonly texts: readonly number[] };
  readonly flags: number;
}

const TWO_32 = 2 ** 32;
const utf8 = new TextDecoder('utf-8', { fatal: false });

/** As many threads as the BPF programs can follow at once: more calls cannot be under way. */
const MAX_PENDING = 65_536;

/** Decodes batches into event tables. Holds only the arguments of calls that have not returned yet. */
export class RecordDecoder {
  #options: DecodeOptions;
  readonly #baseLow: number;
  readonly #baseHigh: number;
  #syscallIds: readonly number[];
  readonly #unknownSyscalls = new Map<number, number>();
  readonly #pending = new Map<number, PendingArguments>();

  constructor(options: DecodeOptions) {
    this.#options = options;
    this.#baseLow = Number(options.baseNs & 0xffffffffn);
    this.#baseHigh = Number(options.baseNs >> 32n);
    this.#syscallIds = internSyscalls(options);
  }

  /** Ids are this table's from now on, those of calls that have not returned too. */
  useStrings(strings: StringInterner): void {
    const before = this.#options.strings;
    this.#options = { ...this.#options, strings };
    this.#syscallIds = internSyscalls(this.#options);
    this.#unknownSyscalls.clear();
    for (const [tid, call] of this.#pending) {
      const texts = call.values.texts.map((id) => strings.intern(before.text(id)));
      this.#pending.set(tid, { ...call, values: { ...call.values, texts } });
    }
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
    for (const [tid, call] of this.#pending) {
      into.push(
        'syscall',
        { time: call.entry, cpu: call.cpu, pid: call.pid, tid },
        {
          ...call.values,
          names: this.#nameId(call.number),
          flags: call.flags | SYSCALL_FLAG.unfinished,
        },
      );
    }
    this.#pending.clear();
  }

  /**
   * Calls of processes that are followed no longer: neither their return nor an exit comes in any more.
   * @param letGo by pid since when, ns since the session base; what begins later is another process's of that pid
   */
  forget(letGo: ReadonlyMap<number, number>): void {
    if (letGo.size === 0) return;
    for (const [tid, { pid, entry }] of this.#pending) {
      if (entry <= (letGo.get(pid) ?? Number.NEGATIVE_INFINITY)) this.#pending.delete(tid);
    }
  }

  /** Calls that have not returned, as far as is known. */
  get pendingCalls(): number {
    return this.#pending.size;
  }

  #record(view: DataView, into: EventTable): void {
    const kind = view.getUint16(OFFSET.header.kind, true);
    const time = this.#time(view, OFFSET.header.time_ns);
    const cpu = view.getUint16(OFFSET.header.cpu, true);
    const pid = view.getUint32(OFFSET.header.pid, true);
    const tid = view.getUint32(OFFSET.header.tid, true);
    const aux = view.getUint32(OFFSET.header.aux, true);
    const { strings } = this.#options;

    if (kind === RECORD_KIND.syscall && view.byteLength >= SIZE.syscall) {
      this.#syscall(view, into, time, cpu, pid, tid, aux);
    } else if (kind === RECORD_KIND.switch && view.byteLength >= SIZE.switch) {
      const table = into.table('switch').columns;
      into.pushCommon(KIND.switch, time, cpu, pid, tid);
      table.previous_states?.push(aux);
      table.next_pids?.push(view.getUint32(OFFSET.switch.next_pid, true));
      table.next_tids?.push(view.getUint32(OFFSET.switch.next_tid, true));
      table.flags?.push(view.getUint32(OFFSET.switch.flags, true));
    } else if (kind === RECORD_KIND.waking && view.byteLength >= SIZE.waking) {
      const table = into.table('waking').columns;
      into.pushCommon(KIND.waking, time, cpu, pid, tid);
      table.target_pids?.push(view.getUint32(OFFSET.waking.target_pid, true));
      table.target_tids?.push(view.getUint32(OFFSET.waking.target_tid, true));
      table.contexts?.push(aux & 0xff);
      table.vectors?.push((aux >>> 8) & 0xff);
      table.waker_comms?.push(strings.intern(comm(view, OFFSET.waking.waker_comm)));
      table.flags?.push(aux >>> 16);
    } else if (kind === RECORD_KIND.arguments && view.byteLength >= SIZE.arguments) {
      const call = this.#arguments(view, time, cpu, pid, aux);
      this.#pending.delete(tid);
      // The ends of so many were lost.
      if (this.#pending.size >= MAX_PENDING)
        this.#pending.delete(this.#pending.keys().next().value ?? 0);
      this.#pending.set(tid, call);
    } else if (kind === RECORD_KIND.fork && view.byteLength >= SIZE.fork) {
      into.push(
        'fork',
        { time, cpu, pid, tid },
        {
          child_pids: view.getUint32(OFFSET.fork.child_pid, true),
          child_tids: view.getUint32(OFFSET.fork.child_tid, true),
          child_comms: strings.intern(comm(view, OFFSET.fork.child_comm)),
        },
      );
    } else if (kind === RECORD_KIND.exec && view.byteLength >= SIZE.exec) {
      this.#takeOver(view.getUint32(OFFSET.exec.old_tid, true), tid);
      into.push('exec', { time, cpu, pid, tid }, this.#exec(view));
    } else if (kind === RECORD_KIND.exit && view.byteLength >= SIZE.exit) {
      const status = view.getInt32(OFFSET.exit.code, true);
      const signal = status & 0x7f;
      this.#pending.delete(tid);
      into.push(
        'exit',
        { time, cpu, pid, tid },
        {
          codes: signal !== 0 ? -signal : (status >> 8) & 0xff,
          flags: aux !== 0 ? EXIT_FLAG.lastThread : 0,
        },
      );
    } else if (kind === RECORD_KIND.rename && view.byteLength >= SIZE.rename) {
      into.push(
        'rename',
        { time, cpu, pid, tid },
        { comms: strings.intern(comm(view, OFFSET.rename.comm)) },
      );
    } else if (
      (kind === RECORD_KIND.cgroupMkdir || kind === RECORD_KIND.cgroupAttach) &&
      view.byteLength >= SIZE.cgroup
    ) {
      const mkdir = kind === RECORD_KIND.cgroupMkdir;
      into.push(
        mkdir ? 'cgroup_mkdir' : 'cgroup_attach',
        { time, cpu, pid, tid },
        this.#cgroup(view),
      );
    } else if (kind === RECORD_KIND.dirty && view.byteLength >= SIZE.dirty) {
      into.push(
        'dirty',
        { time, cpu, pid, tid },
        {
          inodes: u64(view, OFFSET.dirty.inode),
          devices: view.getUint32(OFFSET.dirty.device, true),
          folios: aux,
          bytes: u64(view, OFFSET.dirty.bytes),
          last_offset_ns: this.#time(view, OFFSET.dirty.last_ns) - time,
        },
      );
    } else if (kind === RECORD_KIND.copyUp && view.byteLength >= SIZE.copyUp) {
      into.push(
        'copy_up',
        { time, cpu, pid, tid },
        {
          durations_ns: u64(view, OFFSET.copyUp.duration_ns),
          bytes: u64(view, OFFSET.copyUp.bytes),
          paths: strings.intern(pathOf(view, OFFSET.copyUp)),
          results: view.getInt32(OFFSET.copyUp.result, true),
          flags: COPY_UP_FLAG.exact,
        },
      );
    } else if (kind === RECORD_KIND.cacheFill && view.byteLength >= SIZE.cacheFill) {
      into.push(
        'cache_fill',
        { time, cpu, pid, tid },
        { folios: aux, last_offset_ns: this.#time(view, OFFSET.cacheFill.last_ns) - time },
      );
    } else {
      into.pushCommon(KIND.malformed, time, cpu, pid, tid);
    }
  }

  /** A u64 of absolute ns as ns since the session base: exact, whatever the host's uptime. */
  #time(view: DataView, offset: number): number {
    return (
      (view.getUint32(offset + 4, true) - this.#baseHigh) * TWO_32 +
      (view.getUint32(offset, true) - this.#baseLow)
    );
  }

  #nameId(number: number): number {
    const known = this.#syscallIds[number];
    if (known !== undefined && known !== 0) return known;
    let id = this.#unknownSyscalls.get(number);
    if (id === undefined) {
      id = this.#options.strings.intern(`syscall_${number}`);
      this.#unknownSyscalls.set(number, id);
    }
    return id;
  }

  /** A thread that execs gets its leader's id, and its execve returns under that one. */
  #takeOver(oldTid: number, tid: number): void {
    const call = this.#pending.get(oldTid);
    if (call === undefined || oldTid === tid) return;
    this.#pending.delete(oldTid);
    this.#pending.set(tid, call);
  }

  #syscall(
    view: DataView,
    into: EventTable,
    exit: number,
    cpu: number,
    pid: number,
    tid: number,
    number: number,
  ): void {
    const duration = u64(view, OFFSET.syscall.duration_ns);
    const result = s64(view, OFFSET.syscall.result);
    const entry = exit - duration;
    const pending = this.#pending.get(tid);
    if (pending !== undefined) {
      this.#pending.delete(tid);
      if (pending.entry === entry && pending.number === number) {
        into.push(
          'syscall',
          { time: entry, cpu, pid, tid },
          {
            ...pending.values,
            names: this.#nameId(number),
            durations_ns: duration,
            results: result,
            flags: pending.flags,
          },
        );
        return;
      }
    }
    // The common case, without an object.
    const { columns, listStarts } = into.table('syscall');
    into.pushCommon(KIND.syscall, entry, cpu, pid, tid);
    columns.names?.push(this.#nameId(number));
    columns.durations_ns?.push(duration);
    columns.results?.push(result);
    columns.flags?.push(0);
    columns.argument_counts?.push(0);
    listStarts.argument_counts?.push(columns.arguments?.length ?? 0);
    columns.text_counts?.push(0);
    listStarts.text_counts?.push(columns.texts?.length ?? 0);
  }

  #arguments(
    view: DataView,
    entry: number,
    cpu: number,
    pid: number,
    number: number,
  ): PendingArguments {
    const { strings, redact } = this.#options;
    const values = Array.from({ length: 6 }, (_, i) => s64(view, OFFSET.arguments.values + 8 * i));
    const mask = view.getUint32(OFFSET.arguments.texts, true);
    const end = Math.min(
      view.byteLength,
      OFFSET.arguments.text + view.getUint16(OFFSET.arguments.text_bytes, true),
    );
    const positions: number[] = [];
    const texts: number[] = [];
    let at: number = OFFSET.arguments.text;
    const next = (): string => {
      const [text, after] = cString(view, at, end);
      at = after;
      return text;
    };
    for (let argument = 0; argument < 6; argument++) {
      if ((mask & (1 << argument)) === 0) continue;
      positions.push(argument);
      let text = next();
      // sethostname's text has a length and no NUL.
      const recorded = own(RECORDED_ARGUMENTS, strings.text(this.#nameId(number)));
      if (recorded?.sized === argument) {
        // With --network host it is this machine's name.
        text = redact ? REDACTED : text.slice(0, values[argument + 1]);
      }
      // Of a request only what it is about: headers and bodies are nobody's business.
      if (recorded?.request === argument) {
        text = ENGINE_REQUEST.exec(text)?.[0] ?? '';
      }
      texts.push(strings.intern(text));
    }
    for (let argument = 0; argument < 6; argument++) {
      if ((mask & (1 << (8 + argument))) === 0) continue;
      const names: string[] = [];
      const count = view.getUint16(OFFSET.arguments.path_names, true);
      for (let i = 0; i < Math.min(count, 16); i++) names.unshift(next());
      positions.push(FILE_OF_ARGUMENT + argument);
      texts.push(strings.intern(names.join('/')));
    }
    const cut = ((mask >>> 16) & 0x3f) !== 0;
    return {
      entry,
      number,
      cpu,
      pid,
      flags: SYSCALL_FLAG.hasArguments | (cut ? SYSCALL_FLAG.textCut : 0),
      values: { arguments: values, text_positions: positions, texts },
    };
  }

  #exec(view: DataView): EventValues {
    const { strings, redact } = this.#options;
    const filenameEnd = Math.min(
      view.byteLength,
      OFFSET.exec.text + view.getUint32(OFFSET.exec.filename_bytes, true),
    );
    const [filename] = cString(view, OFFSET.exec.text, filenameEnd);
    const argvEnd = Math.min(
      view.byteLength,
      filenameEnd + view.getUint32(OFFSET.exec.argv_recorded, true),
    );
    const argv: string[] = [];
    let at = filenameEnd;
    while (at < argvEnd) {
      const [text, after] = cString(view, at, argvEnd);
      argv.push(text);
      at = after;
    }
    const kept = redact ? redactArguments(argv) : argv;
    return {
      filenames: strings.intern(filename),
      arguments: kept.map((text) => strings.intern(text)),
      argument_bytes: u64(view, OFFSET.exec.argv_bytes),
      old_tids: view.getUint32(OFFSET.exec.old_tid, true),
      cgroup_ids: u64(view, OFFSET.exec.cgroup_id),
    };
  }

  #cgroup(view: DataView): EventValues {
    const end = Math.min(
      view.byteLength,
      OFFSET.cgroup.path + view.getUint32(OFFSET.cgroup.path_bytes, true),
    );
    return {
      cgroup_ids: u64(view, OFFSET.cgroup.cgroup_id),
      hierarchy_ids: view.getUint32(OFFSET.cgroup.hierarchy_id, true),
      paths: this.#options.strings.intern(cString(view, OFFSET.cgroup.path, end)[0]),
      target_pids: view.getUint32(OFFSET.cgroup.target_pid, true),
      target_tids: view.getUint32(OFFSET.cgroup.target_tid, true),
    };
  }
}

const internSyscalls = ({ machine, strings }: DecodeOptions): number[] =>
  syscallNames(machine).map((name) => (name === undefined ? 0 : strings.intern(name)));

/** "POST /v1.41/containers/0123…/start", without a query. */
const ENGINE_REQUEST = /^POST (\/v[\d.]+)?(\/libpod)?\/containers\/[\w.-]+(\/[\w.-]+)?/;

function u64(view: DataView, offset: number): number {
  return view.getUint32(offset + 4, true) * TWO_32 + view.getUint32(offset, true);
}

function s64(view: DataView, offset: number): number {
  return view.getInt32(offset + 4, true) * TWO_32 + view.getUint32(offset, true);
}

/** The text from `at` to its NUL or `end`, and where the next one begins. */
function cString(view: DataView, at: number, end: number): [text: string, after: number] {
  // Fewer texts than the record claims: its buffer may end here.
  if (at >= end) return ['', end];
  let stop = at;
  while (stop < end && view.getUint8(stop) !== 0) stop++;
  const bytes = new Uint8Array(view.buffer, view.byteOffset + at, stop - at);
  return [utf8.decode(bytes), stop + 1];
}

function comm(view: DataView, offset: number): string {
  return cString(view, offset, offset + SIZE.comm)[0];
}

/** Of a copied path, leaf first in the record: "/etc/passwd", of a deep one the last components, "a/b/c/leaf". */
function pathOf(view: DataView, offset: typeof OFFSET.copyUp): string {
  const end = Math.min(view.byteLength, offset.path + view.getUint16(offset.path_bytes, true));
  const names: string[] = [];
  let at: number = offset.path;
  while (at < end) {
    const [name, after] = cString(view, at, end);
    names.unshift(name);
    at = after;
  }
  return (names.length < PATH_NAMES ? '/' : '') + names.join('/');
}
