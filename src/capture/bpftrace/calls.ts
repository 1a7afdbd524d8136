/** Calls with arguments, put together from lines that come in any order: its arguments, their texts, its exit. */
import { FILE_OF_ARGUMENT, SYSCALL_FLAG } from '../../model/recording/event-kinds.js';
import type { EventTable } from '../../model/recording/event-table.js';
import type { StringInterner } from '../../model/recording/strings.js';
import { REDACTED } from '../source/redact.js';
import type { SyscallTable } from '../source/syscall-table.js';

export interface Common {
  /** ns since the session base. */
  readonly time: number;
  readonly cpu: number;
  readonly pid: number;
  readonly tid: number;
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

export interface CallOptions {
  readonly strings: StringInterner;
  readonly redact: boolean;
  /** Texts of this length were cut. */
  readonly textBytes: number;
}

/** What waits for its other half is bounded. */
const MAX_PENDING = 16_384;

/** A call is known by its thread and the time of its entry, as it is written. */
export class CallAssembler {
  readonly #options: CallOptions;
  readonly #syscalls: SyscallTable;
  readonly #calls = new Map<string, PendingCall>();

  constructor(options: CallOptions, syscalls: SyscallTable) {
    this.#options = options;
    this.#syscalls = syscalls;
  }

  /** @param wanted bits by position: the texts that belong to it */
  arguments(
    common: Common,
    entry: string,
    values: number[],
    wanted: number,
    into: EventTable,
  ): void {
    const call = this.#call(common.tid, entry, into);
    call.common = common;
    call.values = values;
    call.missing |= wanted;
    for (const position of call.texts.keys()) call.missing &= ~(1 << position);
    this.#pushIfWhole(call, common.tid, entry, into);
  }

  text(tid: number, entry: string, position: number, text: string, into: EventTable): void {
    const call = this.#call(tid, entry, into);
    call.texts.set(position, text);
    call.missing &= ~(1 << position);
    this.#pushIfWhole(call, tid, entry, into);
  }

  exit(
    common: Common,
    entry: string,
    number: number,
    duration: number,
    result: number,
    into: EventTable,
  ): void {
    const call = this.#call(common.tid, entry, into);
    call.common = common;
    call.duration = duration;
    call.number = number;
    call.result = result;
    this.#pushIfWhole(call, common.tid, entry, into);
  }

  /** A thread that execs goes on under its leader's id. */
  move(oldTid: number, tid: number): void {
    const prefix = `${oldTid} `;
    for (const [key, call] of this.#calls) {
      if (!key.startsWith(prefix)) continue;
      this.#calls.delete(key);
      this.#calls.set(`${tid} ${key.slice(prefix.length)}`, call);
    }
  }

  /** What is incomplete, as far as it goes. */
  finish(into: EventTable): void {
    for (const call of this.#calls.values()) this.#push(call, into);
    this.#calls.clear();
  }

  #call(tid: number, entry: string, into: EventTable): PendingCall {
    const key = `${tid} ${entry}`;
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
    this.#push(oldest[1], into);
  }

  #pushIfWhole(call: PendingCall, tid: number, entry: string, into: EventTable): void {
    if (call.values === undefined || call.result === undefined || call.missing !== 0) return;
    this.#calls.delete(`${tid} ${entry}`);
    this.#push(call, into);
  }

  #push(call: PendingCall, into: EventTable): void {
    const { common, number = 0, values = [] } = call;
    // A text alone: of a call that had not returned.
    if (common === undefined || call.result === undefined) return;
    const { strings, redact, textBytes } = this.#options;
    const sized = this.#syscalls.recorded(number)?.sized;
    const texts = textsOf(call);
    const cut = texts.some(([, text]) => Buffer.byteLength(text) >= textBytes - 1);
    into.push('syscall', common, {
      names: this.#syscalls.nameId(number),
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
}

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
