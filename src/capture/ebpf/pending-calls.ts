/** Arguments of calls that have not returned, by thread: a call's return is a record of its own. */
import type { StringInterner } from '../../model/recording/strings.js';

export interface PendingCall {
  /** ns since the session base. */
  readonly entry: number;
  readonly number: number;
  readonly cpu: number;
  readonly pid: number;
  readonly values: {
    readonly arguments: readonly number[];
    readonly text_positions: readonly number[];
    readonly texts: readonly number[];
  };
  readonly flags: number;
}

/** As many threads as the BPF programs can follow at once: more calls cannot be under way. */
const MAX_PENDING = 65_536;

export class PendingCalls {
  readonly #byTid = new Map<number, PendingCall>();

  get size(): number {
    return this.#byTid.size;
  }

  add(tid: number, call: PendingCall): void {
    this.#byTid.delete(tid);
    // The ends of so many were lost.
    if (this.#byTid.size >= MAX_PENDING) this.#byTid.delete(this.#byTid.keys().next().value ?? 0);
    this.#byTid.set(tid, call);
  }

  /** The call that returns now; what the thread was in otherwise has lost its end. */
  return(tid: number, entry: number, number: number): PendingCall | undefined {
    const call = this.#byTid.get(tid);
    if (call === undefined) return undefined;
    this.#byTid.delete(tid);
    return call.entry === entry && call.number === number ? call : undefined;
  }

  drop(tid: number): void {
    this.#byTid.delete(tid);
  }

  /** A thread that execs gets its leader's id, and its execve returns under that one. */
  takeOver(oldTid: number, tid: number): void {
    const call = this.#byTid.get(oldTid);
    if (call === undefined || oldTid === tid) return;
    this.#byTid.delete(oldTid);
    this.#byTid.set(tid, call);
  }

  /** @param unfollowed by pid since when; what begins later is another process's of that pid */
  forget(unfollowed: ReadonlyMap<number, number>): void {
    if (unfollowed.size === 0) return;
    for (const [tid, { pid, entry }] of this.#byTid) {
      if (entry <= (unfollowed.get(pid) ?? Number.NEGATIVE_INFINITY)) this.#byTid.delete(tid);
    }
  }

  /** Their texts under the ids of another table. */
  move(from: StringInterner, to: StringInterner): void {
    for (const [tid, call] of this.#byTid) {
      const texts = call.values.texts.map((id) => to.intern(from.text(id)));
      this.#byTid.set(tid, { ...call, values: { ...call.values, texts } });
    }
  }

  /** All of them, which are pending no longer. */
  *takeAll(): Generator<[tid: number, call: PendingCall]> {
    yield* this.#byTid;
    this.#byTid.clear();
  }
}
