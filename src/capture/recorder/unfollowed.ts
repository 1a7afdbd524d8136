/**
 * Processes that are followed no longer. What they did before that comes in later, and what they forked before that is
 * still followed.
 */
import type { TraceTime } from '../../base/time.js';
import { KIND } from '../../model/recording/event-kinds.js';
import type { EventTable } from '../../model/recording/event-table.js';

export class Unfollowed {
  /** By pid. A pid is given to another process sooner or later: only what came before counts. */
  readonly #since = new Map<number, TraceTime>();

  add(pid: number, time: TraceTime): void {
    this.#since.set(pid, time);
  }

  /** Whether the process that had this pid at this time was let go. */
  has(pid: number, time: number): boolean {
    const since = this.#since.get(pid);
    return since !== undefined && time <= since;
  }

  /**
   * Children of those that were let go, which are let go too: a child's own children may follow it in `events`.
   * @param from the first row to look at
   * @param unfollow adds the child
   */
  children(events: EventTable, from: number, unfollow: (pid: number) => void): void {
    if (this.#since.size === 0) return;
    for (let row = from; row < events.length; row++) {
      const pid = events.pid.at(row);
      if (events.kind.at(row) !== KIND.fork || !this.has(pid, events.time.at(row))) continue;
      const child = events.value(row, 'child_pids');
      if (child !== pid) unfollow(child);
    }
  }

  /** Nothing from before `time` comes in any more. */
  forget(time: number): void {
    for (const [pid, since] of this.#since) if (since < time) this.#since.delete(pid);
  }
}
