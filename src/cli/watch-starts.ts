/** From the rolling recording of a host to finished starts: which are under way, when one can be told. */
import { analyse } from '../analysis/analyse.js';
import { containersStarting } from '../analysis/starting.js';
import type { ContainerId } from '../base/ids.js';
import type { ContainerRun, Trace } from '../model/trace.js';
import type { HostRecorder } from '../record/host-recorder.js';

/** A start that was seen to its end, or given up. */
export interface WatchedStart {
  readonly run: ContainerRun;
  /** The trace that holds it; stale after the next look. */
  readonly trace: Trace;
}

/** How long events are kept before a start's first exec: the engine works on it before that. */
const LEAD_NS = 5e9;
/** What ends a start, and its clean-up, trails its entrypoint. */
const SETTLE_NS = 4e8;
/** No entrypoint after this long: it is told as it is. */
const GIVE_UP_NS = 120e9;
/** An analysis is not begun again before so many times what the last one took. */
const REST = 6;

export class StartWatcher {
  readonly #recorder: HostRecorder;
  /** When each start under way was first seen. */
  readonly #underWay = new Map<ContainerId, number>();
  /** Ids of late execs: a shim outlives its start. */
  readonly #told = new Set<ContainerId>();
  #restUntil = 0;

  constructor(recorder: HostRecorder) {
    this.#recorder = recorder;
  }

  get underWay(): number {
    return this.#underWay.size;
  }

  /** Takes in what has come and hands over the starts that are complete. */
  async look(tell: (start: WatchedStart) => void, { last = false } = {}): Promise<void> {
    const from = this.#recorder.take();
    const now = this.#recorder.now();
    for (const id of containersStarting(this.#recorder.recording(), from)) {
      if (!this.#told.has(id) && !this.#underWay.has(id)) this.#underWay.set(id, now);
    }
    if (this.#underWay.size > 0 && (now >= this.#restUntil || last)) {
      this.#tellComplete(tell, now, last);
      const after = this.#recorder.now();
      this.#restUntil = after + REST * (after - now);
    }
    const oldest = Math.min(now, ...this.#underWay.values());
    await this.#recorder.forget((oldest - LEAD_NS) as never);
  }

  #tellComplete(tell: (start: WatchedStart) => void, now: number, last: boolean): void {
    const ripe = new Set(
      [...this.#underWay].filter(([, seen]) => last || now - seen > SETTLE_NS).map(([id]) => id),
    );
    if (ripe.size === 0) return;
    const trace = analyse(this.#recorder.recording(), (id) => ripe.has(id));
    for (const run of trace.runs) {
      const seen = this.#underWay.get(run.containerId) ?? now;
      const end = run.window?.end;
      const settled = end !== undefined && (now - end > SETTLE_NS || last);
      const over = end === undefined && (last || now - seen > GIVE_UP_NS || hasEnded(trace, run));
      if (!settled && !over) continue;
      this.#underWay.delete(run.containerId);
      this.#remember(run.containerId);
      tell({ run, trace });
    }
    // A shim without a runtime: nothing was created after all.
    for (const id of ripe) {
      if (now - (this.#underWay.get(id) ?? now) > GIVE_UP_NS) this.#underWay.delete(id);
    }
  }

  #remember(id: ContainerId): void {
    this.#told.add(id);
    if (this.#told.size <= 10_000) return;
    const [first] = this.#told;
    if (first !== undefined) this.#told.delete(first);
  }
}

/** All of its processes are gone, and none was the entrypoint. */
function hasEnded(trace: Trace, { processes }: ContainerRun): boolean {
  return processes.length > 0 && processes.every((key) => trace.processes[key]?.end !== undefined);
}
