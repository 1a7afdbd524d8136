/**
 * Lines of bpf/bpftrace/recorder.bt to events. Pure except for the table and the strings that it fills. A line that
 * makes no sense becomes a `malformed` event, never an exception.
 *
 * Lines of one CPU are in order; of two, they need not be: a call's texts may come behind its exit.
 */
import { EXIT_FLAG, KIND, SWITCH_FLAG } from '../../model/recording/event-kinds.js';
import type { EventTable } from '../../model/recording/event-table.js';
import { exitCodeOf } from '../source/exit-code.js';
import { pushPlainSyscall } from '../source/plain-syscall.js';
import { SyscallTable } from '../source/syscall-table.js';
import { CallAssembler, type CallOptions, type Common } from './calls.js';
import { ExecAssembler } from './execs.js';
import { type Fields, type Line, LineReader } from './lines.js';

export interface LineDecodeOptions extends CallOptions {
  /** uname -m of the recorded host. */
  readonly machine: string;
  /** The session base on bpftrace's clock (CLOCK_BOOTTIME), ns. */
  readonly baseNs: bigint;
  /** As in ScriptOptions. */
  readonly token: string;
}

/** Bit of a syscall's number: arguments were recorded. */
const HAS_ARGUMENTS = 0x10000;
/** Bits of a switch's state: preempted, waits for block I/O. */
const PREEMPTED = 0x100;
const IO_WAIT = 0x10000;

/** Names that are remembered are bounded. */
const MAX_NAMES = 65_536;

export class LineDecoder {
  readonly #options: LineDecodeOptions;
  readonly #base: number;
  readonly #syscalls: SyscallTable;
  readonly #lines: LineReader;
  readonly #calls: CallAssembler;
  readonly #execs: ExecAssembler;
  /** Ids of threads' names, for wakings, which do not tell them. */
  readonly #names = new Map<number, number>();

  constructor(options: LineDecodeOptions) {
    this.#options = options;
    this.#base = Number(options.baseNs);
    this.#syscalls = new SyscallTable(options.machine, options.strings);
    this.#lines = new LineReader(options.token);
    this.#calls = new CallAssembler(options, this.#syscalls);
    this.#execs = new ExecAssembler(options);
  }

  decode(chunk: Uint8Array, into: EventTable): void {
    this.#lines.read(chunk, (line) => this.#line(line, into));
  }

  /** What is incomplete, as far as it goes: once, when the recording ends. */
  finish(into: EventTable): void {
    this.#lines.finish((line) => this.#line(line, into));
    this.#calls.finish(into);
    this.#execs.finish(into);
  }

  /** By kind: what each line's fields are stands in bpf/bpftrace/recorder.bt. */
  #line(line: Line | undefined, into: EventTable): void {
    switch (line?.fields[0]) {
      case 's':
        this.#exit(line, into);
        break;
      case 'w':
        this.#switch(line.numbers, into);
        break;
      case 'k':
        this.#waking(line.numbers, into);
        break;
      case 'A':
        this.#arguments(line, into);
        break;
      case 'T':
        this.#text(line, into);
        break;
      case 'D':
        this.#dirty(line.numbers, into);
        break;
      case 'f':
        this.#fork(line, into);
        break;
      case 'x':
        this.#exec(line, into);
        break;
      case 'V':
        this.#argv(line, into);
        break;
      case 'e':
        this.#processExit(line.numbers, into);
        break;
      case 'r':
        this.#rename(line, into);
        break;
      case 'n':
        this.#name(line.numbers[2], line.text);
        break;
      case 'm':
        this.#cgroupMkdir(line, into);
        break;
      case 'a':
        this.#cgroupAttach(line, into);
        break;
      default:
        malformed(into);
    }
  }

  #common(n: Fields): Common {
    return { time: n[1] - this.#base, cpu: n[2], pid: n[3], tid: n[4] };
  }

  #exit({ fields, numbers: n }: Line, into: EventTable): void {
    // A restarted call has no number.
    if (n[6] < 0) return;
    if ((n[6] & HAS_ARGUMENTS) !== 0) {
      const number = n[6] & (HAS_ARGUMENTS - 1);
      this.#calls.exit(this.#common(n), fields[1] as string, number, n[5], n[7], into);
      return;
    }
    const name = this.#syscalls.nameId(n[6]);
    pushPlainSyscall(into, n[1] - this.#base, n[2], n[3], n[4], name, n[5], n[7]);
  }

  #arguments({ fields, numbers: n }: Line, into: EventTable): void {
    this.#calls.arguments(this.#common(n), fields[1] as string, n.slice(6, 12), n[5], into);
  }

  #text({ fields, numbers: n, text }: Line, into: EventTable): void {
    this.#calls.text(n[2], fields[1] as string, n[3], text, into);
  }

  #switch(n: Fields, into: EventTable): void {
    const { columns } = into.table('switch');
    const preempted = (n[5] & PREEMPTED) !== 0;
    into.pushCommon(KIND.switch, n[1] - this.#base, n[2], n[3], n[4]);
    columns.previous_states.push(preempted ? 0 : n[5] & 0xff);
    columns.next_pids.push(n[7]);
    columns.next_tids.push(n[6]);
    columns.flags.push(
      (preempted ? SWITCH_FLAG.preempted : 0) | ((n[5] & IO_WAIT) !== 0 ? SWITCH_FLAG.ioWait : 0),
    );
  }

  #waking(n: Fields, into: EventTable): void {
    const { columns } = into.table('waking');
    into.pushCommon(KIND.waking, n[1] - this.#base, n[2], n[3], n[4]);
    columns.target_pids.push(n[6]);
    columns.target_tids.push(n[5]);
    columns.contexts.push(n[7] & 0xff);
    columns.vectors.push((n[7] >>> 8) & 0xff);
    columns.waker_comms.push(this.#names.get(n[4]) ?? 0);
    columns.flags.push(n[7] >>> 16);
  }

  #dirty(n: Fields, into: EventTable): void {
    into.push('dirty', this.#common(n), {
      inodes: n[5],
      folios: n[6],
      bytes: n[7],
      last_offset_ns: n[8],
    });
  }

  #fork({ numbers: n, text }: Line, into: EventTable): void {
    const child_comms = this.#name(n[6], text);
    into.push('fork', this.#common(n), { child_pids: n[5], child_tids: n[6], child_comms });
  }

  #exec({ fields, numbers: n, text }: Line, into: EventTable): void {
    const common = this.#common(n);
    const [oldTid, argumentBytes, cgroupId] = [n[5], n[6], n[7]];
    const exec = { common, oldTid, argumentBytes, cgroupId, filename: text };
    if (!this.#execs.begin(exec, fields[1] as string, into)) malformed(into);
    // Its execve began under another thread id.
    if (argumentBytes > 0 && oldTid !== common.tid) this.#calls.move(oldTid, common.tid);
  }

  #argv({ fields, numbers: n, text }: Line, into: EventTable): void {
    if (!this.#execs.chunk(n[2], fields[1] as string, n[3], text, into)) malformed(into);
  }

  #processExit(n: Fields, into: EventTable): void {
    into.push('exit', this.#common(n), {
      codes: exitCodeOf(n[5]),
      flags: n[6] !== 0 ? EXIT_FLAG.lastThread : 0,
    });
  }

  #rename({ numbers: n, text }: Line, into: EventTable): void {
    into.push('rename', this.#common(n), { comms: this.#name(n[4], text) });
  }

  #cgroupMkdir({ numbers: n, text }: Line, into: EventTable): void {
    into.push('cgroup_mkdir', this.#common(n), {
      hierarchy_ids: n[5],
      cgroup_ids: n[6],
      paths: this.#options.strings.intern(text),
    });
  }

  #cgroupAttach({ numbers: n, text }: Line, into: EventTable): void {
    into.push('cgroup_attach', this.#common(n), {
      hierarchy_ids: n[5],
      cgroup_ids: n[6],
      target_pids: n[7],
      target_tids: n[8],
      paths: this.#options.strings.intern(text),
    });
  }

  /** Remembers how a thread is called. @returns the name's id */
  #name(tid: number, comm: string): number {
    if (this.#names.size >= MAX_NAMES) this.#names.clear();
    const id = this.#options.strings.intern(comm);
    this.#names.set(tid, id);
    return id;
  }
}

function malformed(into: EventTable): void {
  into.pushCommon(KIND.malformed, 0, 0, 0, 0);
}
