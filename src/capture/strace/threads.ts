/**
 * Which process a thread belongs to: strace names only threads. Known from a snapshot of /proc, then from
 * every clone. Pure.
 */

/** A process that was there when the recording began. */
export interface KnownThreads {
  readonly pid: number;
  readonly comm: string;
  readonly tids: readonly number[];
  /** It lives in another pid namespace than strace: what its clones return are not the ids that strace prints. */
  readonly otherPids: boolean;
}

export interface StraceProcess {
  /** Thread group id. */
  readonly pid: number;
  comm: string;
  readonly tids: Set<number>;
  readonly otherPids: boolean;
  /** Its children will be in another pid namespace: it has called unshare or setns. */
  otherPidsOfChildren: boolean;
}

export class ThreadTable {
  readonly #processes = new Map<number, StraceProcess>();

  constructor(known: readonly KnownThreads[]) {
    for (const { pid, comm, tids, otherPids } of known) {
      const process = this.#add(pid, comm, otherPids);
      for (const tid of tids) this.#join(process, tid);
    }
  }

  get size(): number {
    return this.#processes.size;
  }

  of(tid: number): StraceProcess | undefined {
    return this.#processes.get(tid);
  }

  /** A thread of which nothing is known is taken for a process of its own. */
  adopt(tid: number): StraceProcess {
    return this.#add(tid, '', false);
  }

  /** A clone's child: a thread of its parent's process, or a process. */
  fork(
    parent: StraceProcess,
    tid: number,
    how: { thread: boolean; newPids: boolean },
  ): StraceProcess {
    if (how.thread) {
      this.#join(parent, tid);
      return parent;
    }
    const otherPids = how.newPids || parent.otherPidsOfChildren;
    return this.#add(tid, parent.comm, otherPids);
  }

  /** Thread `former` has executed a program: the others are gone, and it has its leader's id. */
  executed(leader: number, former: number): void {
    const process = this.#processes.get(leader) ?? this.#processes.get(former);
    if (process === undefined) return;
    for (const tid of process.tids) this.#processes.delete(tid);
    process.tids.clear();
    this.#join(process, leader);
  }

  /** @returns whether it was the last thread of its process: the leader is, for it waits for the others */
  exited(tid: number): boolean {
    const process = this.#processes.get(tid);
    if (process === undefined) return true;
    process.tids.delete(tid);
    this.#processes.delete(tid);
    return process.pid === tid || process.tids.size === 0;
  }

  #add(pid: number, comm: string, otherPids: boolean): StraceProcess {
    const tids = new Set<number>();
    const process = { pid, comm, tids, otherPids, otherPidsOfChildren: otherPids };
    this.#join(process, pid);
    return process;
  }

  #join(process: StraceProcess, tid: number): void {
    process.tids.add(tid);
    this.#processes.set(tid, process);
  }
}
