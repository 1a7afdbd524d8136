/** From the rolling recording of a host to finished starts: which are under way, when one can be told. */

import { type StartExec, startExecs, startsAnew } from '../analysis/actors/starting.js';
import { analyse } from '../analysis/analyse.js';
import type { Foreign } from '../base/foreign.js';
import type { ContainerId } from '../base/ids.js';
import type { TraceTime } from '../base/time.js';
import type { HostRecorder } from '../capture/recorder/host-recorder.js';
import { KIND } from '../model/recording/event-kinds.js';
import type { Recording } from '../model/recording/recording.js';
import type { ContainerRun, Trace } from '../model/trace/trace.js';

/** A start that cannot be reported, because its analysis failed; the others still are. */
export interface UntoldStart {
  readonly id: ContainerId;
  readonly error: unknown;
}

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

/** One that is not told yet; a container that is restarted may have several. */
interface StartUnderWay extends StartExec {
  /** When it was first seen. */
  readonly seen: number;
  /** Of a container that was started before: what came earlier is another start's. */
  readonly since: TraceTime | undefined;
  /** When the container's next start began. */
  until: TraceTime | undefined;
}

export class StartWatcher {
  readonly #recorder: HostRecorder;
  /** In the order in which they began. */
  readonly #underWay = new Set<StartUnderWay>();
  readonly #told = new Set<ContainerId>();
  readonly #onUntold: (start: UntoldStart) => void;
  readonly #analysis: typeof analyse;
  #restUntil = 0;

  /** @param analysis that of a recording, which a test makes fail */
  constructor(
    recorder: HostRecorder,
    onUntold: (start: UntoldStart) => void,
    analysis: typeof analyse = analyse,
  ) {
    this.#recorder = recorder;
    this.#onUntold = onUntold;
    this.#analysis = analysis;
  }

  get underWay(): number {
    return this.#underWay.size;
  }

  /** Takes in what has come and hands over the starts that are complete. */
  look(tell: (start: WatchedStart) => void, { last = false } = {}): void {
    const from = this.#recorder.take();
    const now = this.#recorder.now();
    const recording = this.#recorder.recording();
    for (const exec of startExecs(recording, from)) this.#begin(exec, recording, now);
    this.#recorder.unfollow(commandsIn(this.#told, recording, from), from);
    if (this.#underWay.size > 0 && (now >= this.#restUntil || last)) {
      this.#tellComplete(tell, now, last);
      const after = this.#recorder.now();
      this.#restUntil = after + REST * (after - now);
    }
    const oldest = Math.min(now, ...[...this.#underWay].map(({ seen }) => seen));
    this.#recorder.forget((oldest - LEAD_NS) as TraceTime);
  }

  #begin(exec: StartExec, recording: Recording, now: number): void {
    const { id, pid, time } = exec;
    const before = [...this.#underWay].findLast((start) => start.id === id);
    // A wrapper of a shim and what it wraps are one process.
    if (before !== undefined && (!exec.isFirst || before.pid === pid)) return;
    if (before !== undefined) before.until = time;
    const since = startsAnew(recording, exec, before !== undefined || this.#told.has(id));
    this.#underWay.add({ ...exec, seen: now, since, until: undefined });
  }

  #tellComplete(tell: (start: WatchedStart) => void, now: number, last: boolean): void {
    const ripe = [...this.#underWay].filter(({ seen }) => last || now - seen > SETTLE_NS);
    for (const { start, trace } of this.#analysed(ripe)) {
      try {
        this.#tellIfComplete(start, trace, tell, now, last);
      } catch (error) {
        this.#giveUp(start, error);
      }
    }
  }

  #tellIfComplete(
    start: StartUnderWay,
    trace: Trace,
    tell: (start: WatchedStart) => void,
    now: number,
    last: boolean,
  ): void {
    const run = trace.runs.find(({ containerId }) => containerId === start.id);
    const isLate = start.until !== undefined || now - start.seen > GIVE_UP_NS;
    if (run === undefined) {
      // A shim without a runtime: nothing was created after all.
      if (isLate) this.#underWay.delete(start);
      else if (last) this.#giveUp(start, new Error('the watch ended before its runtime was seen'));
      return;
    }
    const end = run.window?.end;
    const settled = end !== undefined && (now - end > SETTLE_NS || last);
    const over = end === undefined && (last || isLate || hasEnded(trace, run));
    if (!settled && !over) return;
    this.#underWay.delete(start);
    this.#remember(start.id);
    tell({ run, trace });
    this.#recorder.unfollow(ownPids(trace, run));
  }

  /** One start that cannot be analysed or told ends neither the watch nor the others. */
  #giveUp(start: StartUnderWay, error: unknown): void {
    this.#underWay.delete(start);
    this.#remember(start.id);
    this.#onUntold({ id: start.id, error });
  }

  /** Containers that start once are analysed together; each start of one that is restarted, on its own. */
  *#analysed(
    starts: readonly StartUnderWay[],
  ): Generator<{ readonly start: StartUnderWay; readonly trace: Trace }> {
    const isOnly = ({ since, until }: StartUnderWay): boolean =>
      since === undefined && until === undefined;
    const only = new Map(starts.filter(isOnly).map((start) => [start.id, start]));
    let together: Trace | undefined;
    try {
      if (only.size > 0) {
        together = this.#analysis(this.#recorder.recording(), (id) => only.has(id));
      }
    } catch {
      // One of them cannot be analysed: each is tried on its own.
    }
    for (const start of starts) {
      const isTogether = isOnly(start);
      if (isTogether && together !== undefined) {
        yield { start, trace: together };
        continue;
      }
      let trace: Trace;
      try {
        const recording = isTogether ? this.#recorder.recording() : this.#recorder.window(start);
        trace = this.#analysis(recording, (id) => id === start.id);
      } catch (error) {
        this.#giveUp(start, error);
        continue;
      }
      yield { start, trace };
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

/** What lives in the container: nobody asks what it does once its start is told. The shim is the engine's, and stays. */
function ownPids(trace: Trace, { processes }: ContainerRun): number[] {
  return processes.flatMap((key) => {
    const life = trace.processes[key];
    const actor = life?.actors.at(-1)?.actor;
    const lives = life !== undefined && life.end === undefined;
    return lives && (actor === 'init' || actor === 'entrypoint') ? [life.pid] : [];
  });
}

/** Runtimes that run a command in one of these containers: `runc exec … ID`, as `docker exec` and health checks do. */
function commandsIn(ids: ReadonlySet<Foreign>, recording: Recording, from: number): number[] {
  const { events, strings } = recording;
  const pids: number[] = [];
  for (let row = from; row < events.length; row++) {
    if (events.kind.at(row) !== KIND.exec) continue;
    const argv = events.values(row, 'arguments').map((id) => strings.text(id));
    if (argv.includes('exec') && argv.some((argument) => ids.has(argument))) {
      pids.push(events.pid.at(row));
    }
  }
  return pids;
}
