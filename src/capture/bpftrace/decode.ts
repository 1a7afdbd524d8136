/**
 * Lines of bpf/bpftrace/recorder.bt to events. Pure except for the table and the strings that it fills. A line that
 * makes no sense becomes a `malformed` event, never an exception.
 *
 * Lines of one CPU are in order; of two, they need not be: a call's texts may come behind its exit.
 */

import { own } from '../../base/own.js';
import {
  EXIT_FLAG,
  FILE_OF_ARGUMENT,
  KIND,
  SWITCH_FLAG,
  SYSCALL_FLAG,
} from '../../model/recording/event-kinds.js';
import type { EventTable } from '../../model/recording/event-table.js';
import type { StringInterner } from '../../model/recording/strings.js';
import { syscallNames } from '../../model/syscalls/syscall-names.js';
import { RECORDED_ARGUMENTS } from '../../model/syscalls/syscalls.js';
import { REDACTED, redactArguments } from '../source/redact.js';
import { numericToken } from './script.js';

export interface LineDecodeOptions {
  /** uname -m of the recorded host. */
  readonly machine: string;
  /** The session base on bpftrace's clock (CLOCK_BOOTTIME), ns. */
  readonly baseNs: bigint;
  readonly strings: StringInterner;
  readonly redact: boolean;
  /** As in ScriptOptions. */
  readonly token: string;
  /** Texts of this length were cut. */
  readonly textBytes: number;
}

/** A call of which the arguments, texts and exit have not all come. */
interface PendingCall {
  common?: Common;
  duration?: number;
  number?: number;
  result?: number;
  values?: number[];
  /** Bits by position: the texts that are to come. */
  missing: number;
  texts: Map<number, string>;
}

interface PendingExec {
  readonly common: Common;
  readonly oldTid: number;
  readonly argumentBytes: number;
  readonly cgroupId: number;
  readonly filename: string;
  readonly chunks: Map<number, string>;
}

interface Common {
  readonly time: number;
  readonly cpu: number;
  readonly pid: number;
  readonly tid: number;
}

/** bpf/bpftrace/recorder.bt cuts argv here, and sends it in such pieces. */
const ARGV_BYTES = 2048;
const CHUNK_BYTES = 128;
/** Bit of a syscall's number: arguments were recorded. */
const HAS_ARGUMENTS = 0x10000;
/** Bits of a switch's state: preempted, waits for block I/O. */
const PREEMPTED = 0x100;
const IO_WAIT = 0x10000;

/** What waits for its other half, and names that are remembered, are bounded. */
const MAX_PENDING = 16_384;
const MAX_NAMES = 65_536;
const MAX_LINE = 65_536;

/** Kinds of line whose last field is a text, and how many fields there are before it. */
const TEXT_AFTER: Readonly<Record<string, number>> = {
  T: 4,
  f: 7,
  x: 8,
  r: 5,
  m: 7,
  a: 9,
  n: 3,
  V: 4,
};
const FIELDS: Readonly<Record<string, number>> = { s: 8, A: 12, D: 9, e: 7, w: 8, k: 8 };

/** Clock readings, heartbeats and losses: no events. */
const OTHERS: ReadonlySet<string> = new Set(['c', 'h', 'L']);

export class LineDecoder {
  readonly #options: LineDecodeOptions;
  readonly #base: number;
  readonly #syscallIds: readonly number[];
  readonly #utf8 = new TextDecoder('utf-8', { fatal: false });
  readonly #calls = new Map<string, PendingCall>();
  readonly #execs = new Map<string, PendingExec>();
  readonly #names = new Map<number, number>();
  /** Of an entry: what follows the map's own two letters, and what ends a text. */
  readonly #entryMark: string;
  readonly #entryEnd: string;
  #rest = '';

  constructor(options: LineDecodeOptions) {
    this.#options = options;
    this.#entryMark = `_${options.token}[`;
    this.#entryEnd = `, ${numericToken(options.token)})`;
    this.#base = Number(options.baseNs);
    this.#syscallIds = syscallNames(options.machine).map((name) =>
      name === undefined ? 0 : options.strings.intern(name),
    );
  }

  decode(chunk: Uint8Array, into: EventTable): void {
    this.#take(this.#utf8.decode(chunk, { stream: true }), into);
  }

  /** What is incomplete, as far as it goes: once, when the recording ends. */
  finish(into: EventTable): void {
    this.#take(`${this.#utf8.decode()}\n`, into);
    if (this.#rest !== '') this.#malformed(into);
    this.#rest = '';
    for (const call of this.#calls.values()) this.#pushCall(call, into);
    for (const exec of this.#execs.values()) this.#pushExec(exec, into);
    this.#calls.clear();
    this.#execs.clear();
  }

  #take(text: string, into: EventTable): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    let open = '';
    for (const line of lines) {
      const begins = this.#begins(line);
      // Anything else without a token, outside of a text, are bpftrace's own words.
      if (!begins && open === '') continue;
      // A text with a line break in it goes on, unless another line begins: then its end was lost.
      if (begins && open !== '') this.#malformed(into);
      const whole = begins ? line : `${open}\n${line}`;
      open = '';
      if (this.#isComplete(whole)) this.#line(whole, into);
      else if (whole.length < MAX_LINE) open = whole;
      else this.#malformed(into);
    }
    if (open !== '') this.#rest = `${open}\n${this.#rest}`;
    if (this.#rest.length > MAX_LINE) {
      this.#malformed(into);
      this.#rest = '';
    }
  }

  #begins(line: string): boolean {
    return line.startsWith(this.#options.token) || this.#isEntry(line);
  }

  /** A line of withBatches in script.ts: the same fields, as a map's key and value. */
  #isEntry(line: string): boolean {
    return line.startsWith('@') && line.startsWith(this.#entryMark, 3);
  }

  #isComplete(line: string): boolean {
    const { token } = this.#options;
    if (this.#isEntry(line)) return line[1] !== 'T' || line.endsWith(this.#entryEnd);
    return own(TEXT_AFTER, line[token.length + 1] ?? '') === undefined || line.endsWith(token);
  }

  #line(line: string, into: EventTable): void {
    const parts = this.#isEntry(line) ? this.#entryParts(line) : this.#lineParts(line);
    const kind = parts?.fields[0] ?? '';
    if (OTHERS.has(kind)) return;
    const n = parts === undefined ? [] : numbersOf(parts.fields);
    const wanted = own(TEXT_AFTER, kind) ?? own(FIELDS, kind);
    if (parts === undefined || n.length !== wanted || n.includes(Number.NaN)) {
      this.#malformed(into);
    } else {
      this.#event(kind, n as Fields, parts.fields, parts.text, into);
    }
  }

  #lineParts(line: string): Parts | undefined {
    const { token } = this.#options;
    const from = token.length + 1;
    const textAfter = own(TEXT_AFTER, line[from] ?? '');
    if (textAfter === undefined) {
      const end = OTHERS.has(line[from] ?? '') ? from + 1 : line.length;
      return { fields: line.slice(from, end).split(' '), text: '' };
    }
    let at = from;
    for (let i = 0; i < textAfter && at > 0; i++) at = line.indexOf(' ', at) + 1;
    if (at === 0) return undefined;
    return {
      fields: line.slice(from, at - 1).split(' '),
      text: line.slice(at, line.length - token.length),
    };
  }

  #entryParts(line: string): Parts | undefined {
    const keyEnd = line.indexOf(']: (');
    if (keyEnd < 0 || !line.endsWith(')')) return undefined;
    const kind = line[1] as string;
    const key = line.slice(3 + this.#entryMark.length, keyEnd).split(', ');
    const value = line.slice(keyEnd + 4);
    if (kind === 'T') {
      return { fields: [kind, ...key], text: value.slice(0, -this.#entryEnd.length) };
    }
    return { fields: [kind, ...key, ...value.slice(0, -1).split(', ').map(signed)], text: '' };
  }

  #event(kind: string, n: Fields, fields: string[], text: string, into: EventTable): void {
    const { strings } = this.#options;
    const common = { time: n[1] - this.#base, cpu: n[2], pid: n[3], tid: n[4] };
    switch (kind) {
      case 's':
        this.#exit(fields, common, n, into);
        return;
      case 'w': {
        const { columns } = into.table('switch');
        const preempted = (n[5] & PREEMPTED) !== 0;
        into.pushCommon(KIND.switch, common.time, common.cpu, common.pid, common.tid);
        columns.previous_states?.push(preempted ? 0 : n[5] & 0xff);
        columns.next_pids?.push(n[7]);
        columns.next_tids?.push(n[6]);
        columns.flags?.push(
          (preempted ? SWITCH_FLAG.preempted : 0) |
            ((n[5] & IO_WAIT) !== 0 ? SWITCH_FLAG.ioWait : 0),
        );
        return;
      }
      case 'k': {
        const { columns } = into.table('waking');
        into.pushCommon(KIND.waking, common.time, common.cpu, common.pid, common.tid);
        columns.target_pids?.push(n[6]);
        columns.target_tids?.push(n[5]);
        columns.contexts?.push(n[7] & 0xff);
        columns.vectors?.push((n[7] >>> 8) & 0xff);
        columns.waker_comms?.push(this.#names.get(common.tid) ?? 0);
        columns.flags?.push(n[7] >>> 16);
        return;
      }
      case 'A': {
        const call = this.#call(common.tid, fields[1] as string, into);
        call.common = common;
        call.values = n.slice(6, 12);
        call.missing |= n[5];
        for (const position of call.texts.keys()) call.missing &= ~(1 << position);
        this.#tryCall(call, common.tid, fields[1] as string, into);
        return;
      }
      case 'T': {
        const [, , tid, position] = n;
        const call = this.#call(tid, fields[1] as string, into);
        call.texts.set(position, text);
        call.missing &= ~(1 << position);
        this.#tryCall(call, tid, fields[1] as string, into);
        return;
      }
      case 'D':
        into.push('dirty', common, {
          inodes: n[5],
          folios: n[6],
          bytes: n[7],
          last_offset_ns: n[8],
        });
        return;
      case 'f':
        this.#name(n[6], text);
        into.push('fork', common, {
          child_pids: n[5],
          child_tids: n[6],
          child_comms: strings.intern(text),
        });
        return;
      case 'x': {
        const exec: PendingExec = {
          common,
          oldTid: n[5],
          argumentBytes: n[6],
          cgroupId: n[7],
          filename: text,
          chunks: new Map(),
        };
        if (n[6] <= 0) {
          this.#pushExec(exec, into);
          return;
        }
        if (this.#execs.size >= MAX_PENDING) this.#malformed(into);
        else this.#execs.set(`${common.tid} ${fields[1]}`, exec);
        // Its execve began under another thread id.
        if (n[5] !== common.tid) this.#moveCalls(n[5], common.tid);
        return;
      }
      case 'V': {
        const key = `${n[2]} ${fields[1]}`;
        const exec = this.#execs.get(key);
        if (exec === undefined) {
          this.#malformed(into);
          return;
        }
        exec.chunks.set(n[3], text);
        const wanted = Math.ceil(Math.min(exec.argumentBytes, ARGV_BYTES) / CHUNK_BYTES);
        if (exec.chunks.size < wanted) return;
        this.#execs.delete(key);
        this.#pushExec(exec, into);
        return;
      }
      case 'e': {
        const signal = n[5] & 0x7f;
        into.push('exit', common, {
          codes: signal !== 0 ? -signal : (n[5] >> 8) & 0xff,
          flags: n[6] !== 0 ? EXIT_FLAG.lastThread : 0,
        });
        return;
      }
      case 'r':
        this.#name(common.tid, text);
        into.push('rename', common, { comms: strings.intern(text) });
        return;
      case 'n':
        this.#name(n[2], text);
        return;
      case 'm':
        into.push('cgroup_mkdir', common, {
          hierarchy_ids: n[5],
          cgroup_ids: n[6],
          paths: strings.intern(text),
        });
        return;
      case 'a':
        into.push('cgroup_attach', common, {
          hierarchy_ids: n[5],
          cgroup_ids: n[6],
          target_pids: n[7],
          target_tids: n[8],
          paths: strings.intern(text),
        });
        return;
    }
  }

  #exit(fields: string[], common: Common, n: Fields, into: EventTable): void {
    // A restarted call has no number.
    if (n[6] < 0) return;
    if ((n[6] & HAS_ARGUMENTS) !== 0) {
      const call = this.#call(common.tid, fields[1] as string, into);
      call.common = common;
      call.duration = n[5];
      call.number = n[6] & (HAS_ARGUMENTS - 1);
      call.result = n[7];
      this.#tryCall(call, common.tid, fields[1] as string, into);
      return;
    }
    // The common case, without an object.
    const { columns, listStarts } = into.table('syscall');
    into.pushCommon(KIND.syscall, common.time, common.cpu, common.pid, common.tid);
    columns.names?.push(this.#syscallId(n[6]));
    columns.durations_ns?.push(n[5]);
    columns.results?.push(n[7]);
    columns.flags?.push(0);
    columns.argument_counts?.push(0);
    listStarts.argument_counts?.push(columns.arguments?.length ?? 0);
    columns.text_counts?.push(0);
    listStarts.text_counts?.push(columns.texts?.length ?? 0);
  }

  #call(tid: number, time: string, into: EventTable): PendingCall {
    const key = `${tid} ${time}`;
    let call = this.#calls.get(key);
    if (call === undefined) {
      if (this.#calls.size >= MAX_PENDING) this.#dropOldest(into);
      call = { missing: 0, texts: new Map() };
      this.#calls.set(key, call);
    }
    return call;
  }

  /** Its other half was lost. */
  #dropOldest(into: EventTable): void {
    const [oldest] = this.#calls;
    if (oldest === undefined) return;
    this.#calls.delete(oldest[0]);
    this.#pushCall(oldest[1], into);
  }

  #tryCall(call: PendingCall, tid: number, time: string, into: EventTable): void {
    if (call.values === undefined || call.result === undefined || call.missing !== 0) return;
    this.#calls.delete(`${tid} ${time}`);
    this.#pushCall(call, into);
  }

  #moveCalls(oldTid: number, tid: number): void {
    const prefix = `${oldTid} `;
    for (const [key, call] of this.#calls) {
      if (!key.startsWith(prefix)) continue;
      this.#calls.delete(key);
      this.#calls.set(`${tid} ${key.slice(prefix.length)}`, call);
    }
  }

  #pushCall(call: PendingCall, into: EventTable): void {
    const { common, number = 0, values = [] } = call;
    // Only the text: the call had not returned.
    if (common === undefined || call.result === undefined) return;
    const { strings, redact, textBytes } = this.#options;
    const name = this.#syscallId(number);
    const { sized } = own(RECORDED_ARGUMENTS, strings.text(name)) ?? {};
    const texts = textsOf(call);
    const cut = texts.some(([, text]) => Buffer.byteLength(text) >= textBytes - 1);
    into.push('syscall', common, {
      names: name,
      durations_ns: call.duration ?? 0,
      results: call.result,
      flags: (values.length > 0 ? SYSCALL_FLAG.hasArguments : 0) | (cut ? SYSCALL_FLAG.textCut : 0),
      arguments: values,
      text_positions: texts.map(([position]) => position),
      texts: texts.map(([position, text]) => {
        if (position !== sized) return strings.intern(text);
        // A host's name; with --network host it is this machine's.
        return strings.intern(redact ? REDACTED : text.slice(0, values[sized + 1] ?? 0));
      }),
    });
  }

  #pushExec(exec: PendingExec, into: EventTable): void {
    const { strings, redact } = this.#options;
    const argv = argvOf(exec);
    const kept = redact ? redactArguments(argv) : argv;
    into.push('exec', exec.common, {
      filenames: strings.intern(exec.filename),
      arguments: kept.map((text) => strings.intern(text)),
      argument_bytes: exec.argumentBytes,
      old_tids: exec.oldTid,
      cgroup_ids: exec.cgroupId,
    });
  }

  #name(tid: number, comm: string): void {
    if (this.#names.size >= MAX_NAMES) this.#names.clear();
    this.#names.set(tid, this.#options.strings.intern(comm));
  }

  #syscallId(number: number): number {
    const known = this.#syscallIds[number];
    return known !== undefined && known !== 0
      ? known
      : this.#options.strings.intern(`syscall_${number}`);
  }

  #malformed(into: EventTable): void {
    into.pushCommon(KIND.malformed, 0, 0, 0, 0);
  }
}

interface Parts {
  /** The kind of line, then its numbers. */
  readonly fields: string[];
  readonly text: string;
}

/** The numbers of a line by field; those that a kind of line lacks are never looked at. */
type Fields = number[] & Record<1 | 2 | 3 | 4 | 5 | 6 | 7 | 8, number>;

/** By position; the names of a descriptor's file and its folders as one path. */
function textsOf({ texts }: PendingCall): [position: number, text: string][] {
  const file = texts.get(FILE_OF_ARGUMENT);
  const own = [...texts].filter(([position]) => position < FILE_OF_ARGUMENT);
  own.sort(([a], [b]) => a - b);
  if (file === undefined) return own;
  // The root's name is "/".
  const names = [texts.get(FILE_OF_ARGUMENT + 2), texts.get(FILE_OF_ARGUMENT + 1), file];
  return [...own, [FILE_OF_ARGUMENT, names.filter((name) => name && name !== '/').join('/')]];
}

/** Field 0 is the kind of line. */
function numbersOf(fields: readonly string[]): number[] {
  const numbers = [0];
  for (let i = 1; i < fields.length; i++) {
    const text = fields[i] as string;
    numbers.push(text === '' ? Number.NaN : Number(text));
  }
  return numbers;
}

/** Maps print negative numbers as unsigned ones. */
function signed(text: string): string {
  return /^\d{19,20}$/.test(text) ? String(BigInt.asIntN(64, BigInt(text))) : text;
}

function argvOf({ chunks, argumentBytes }: PendingExec): string[] {
  const pieces: Uint8Array[] = [];
  for (let i = 0; chunks.has(i); i++) {
    pieces.push(unescapeBuffer(chunks.get(i) as string));
  }
  const whole = Buffer.concat(pieces);
  const texts = whole.toString('utf8').split('\0');
  // The last one ends with a NUL too, unless argv was cut.
  if (texts.at(-1) === '' || argumentBytes > ARGV_BYTES) texts.pop();
  return texts;
}

/**
 * What `%r` writes: unprintable bytes as \xHH, all others as they are, a backslash too. So \x41 is a text's own four
 * characters. \x0a could be either, and is read as the byte.
 */
function unescapeBuffer(text: string): Uint8Array {
  return Buffer.from(
    text.replace(/\\x([0189a-f][0-9a-f]|7f)/g, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    ),
    'latin1',
  );
}
