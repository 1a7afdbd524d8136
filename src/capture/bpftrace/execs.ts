/** Execs, put together from the line that says who executes what and the pieces of its argv, which come behind it. */
import type { EventTable } from '../../model/recording/event-table.js';
import type { StringInterner } from '../../model/recording/strings.js';
import { redactArguments } from '../source/redact.js';
import type { Common } from './calls.js';

export interface Exec {
  readonly common: Common;
  readonly oldTid: number;
  readonly argumentBytes: number;
  readonly cgroupId: number;
  readonly filename: string;
}

interface PendingExec extends Exec {
  /** Of argv, by number. */
  readonly chunks: Map<number, string>;
}

/** bpf/bpftrace/recorder.bt cuts argv here, and sends it in such pieces. */
const ARGV_BYTES = 2048;
const CHUNK_BYTES = 128;

/** What waits for its other half is bounded. */
const MAX_PENDING = 16_384;

/** An exec is known by its thread and its time, as it is written. */
export class ExecAssembler {
  readonly #strings: StringInterner;
  readonly #redact: boolean;
  readonly #execs = new Map<string, PendingExec>();

  constructor({ strings, redact }: { readonly strings: StringInterner; readonly redact: boolean }) {
    this.#strings = strings;
    this.#redact = redact;
  }

  /** @returns whether it is pushed, or waits for its argv: too many do */
  begin(exec: Exec, time: string, into: EventTable): boolean {
    const pending = { ...exec, chunks: new Map() };
    if (exec.argumentBytes <= 0) {
      this.#push(pending, into);
      return true;
    }
    if (this.#execs.size >= MAX_PENDING) return false;
    this.#execs.set(`${exec.common.tid} ${time}`, pending);
    return true;
  }

  /** @returns whether there is such an exec */
  chunk(tid: number, time: string, index: number, text: string, into: EventTable): boolean {
    const key = `${tid} ${time}`;
    const exec = this.#execs.get(key);
    if (exec === undefined) return false;
    exec.chunks.set(index, text);
    if (exec.chunks.size < Math.ceil(Math.min(exec.argumentBytes, ARGV_BYTES) / CHUNK_BYTES)) {
      return true;
    }
    this.#execs.delete(key);
    this.#push(exec, into);
    return true;
  }

  /** What is incomplete, as far as it goes. */
  finish(into: EventTable): void {
    for (const exec of this.#execs.values()) this.#push(exec, into);
    this.#execs.clear();
  }

  #push(exec: PendingExec, into: EventTable): void {
    const argv = argvOf(exec);
    const kept = this.#redact ? redactArguments(argv) : argv;
    into.push('exec', exec.common, {
      filenames: this.#strings.intern(exec.filename),
      arguments: kept.map((text) => this.#strings.intern(text)),
      argument_bytes: exec.argumentBytes,
      old_tids: exec.oldTid,
      cgroup_ids: exec.cgroupId,
    });
  }
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
