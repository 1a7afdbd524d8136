/**
 * Which client a start was for, where dit is not the client: the one that wrote the request. Where no request
 * could be read, the critical path, followed beyond the engine, ends at the process that asked for it; a
 * path that ends at a process outside the command is another client's start.
 */
import type { ContainerId } from '../../base/ids.js';
import { lastUpTo } from '../../base/sorted.js';
import type { TraceTime } from '../../base/time.js';
import { WAKE_CONTEXT, WAKE_FLAG } from '../../model/recording/event-kinds.js';
import type { ProcessExec } from '../../model/trace/trace.js';
import { actorAt } from '../actors/actors.js';
import type { ProcessDraft } from '../order/process-table.js';
import { type PathAnchor, walkCriticalPath } from '../path/critical-path.js';
import type { PathSegment } from '../path/path-segment.js';
import { entrypointExec, initProcess } from '../view/entrypoint.js';
import { type RunView, spanOf, type TraceView } from '../view/run-view.js';
import { type ContainerRequests, clientRequests } from './client-requests.js';
import { requestSent } from './own-requests.js';

/** The program that asked for a start. */
export interface Client {
  readonly life: ProcessDraft;
  readonly exec: ProcessExec;
}

export class ClientFinder {
  readonly #isCommand: boolean;
  readonly #commandExec: TraceTime | undefined;
  /** Execs that another start begins with already. */
  readonly #claimed = new Set<number>();

  readonly #requests: ReadonlyMap<ContainerId, ContainerRequests>;
  /** dit's own process, or the command's. */
  readonly #client: ProcessDraft | undefined;
  /** By process: it is the command's, or a process of the command's is above it. */
  readonly #descends: readonly boolean[];
  /** What the command's programs executed, in time order. */
  #programs: readonly Client[] | undefined;
  /** Those of them that did not become anything else by it. */
  #staying: readonly Client[] | undefined;

  constructor(view: TraceView) {
    const { recording, lives } = view;
    this.#isCommand = recording.header.target.scope === 'command';
    this.#requests = this.#isCommand ? clientRequests(view) : new Map();
    this.#client = lives.processes.find(({ role }) => role === 'client');
    this.#commandExec = this.#client?.execs[0]?.time;
    const descends: boolean[] = [];
    // Parents come before their children.
    for (const { key, parent } of lives.processes) {
      const isClients = view.actors[key]?.[0]?.actor === 'client';
      descends.push(isClients || (parent !== undefined && descends[parent] === true));
    }
    this.#descends = descends;
  }

  /** What the command's programs wrote to an engine about a container. */
  requestsFor({ containerId }: RunView): ContainerRequests | undefined {
    return this.#requests.get(containerId);
  }

  /** The client's thread at the moments of its requests, in time order. */
  anchorsOf(run: RunView): PathAnchor[] {
    const { create, start } = this.requestsFor(run) ?? {};
    const written = [create, start].flatMap((request) =>
      request === undefined || request.ambiguous
        ? []
        : [{ time: request.time, tid: run.recording.events.tid.at(request.row) }],
    );
    // dit's own requests: all on its first thread.
    const own = this.#client?.pid;
    const marked =
      own === undefined || this.#isCommand
        ? []
        : run.marks
            .filter(({ name }) => name === 'start')
            .map((mark) => ({ time: requestSent(run, mark).time, tid: own }));
    return [...written, ...marked];
  }

  /** Whether a start, seen while a command ran, was somebody else's. */
  isForeign(run: RunView): boolean {
    if (!this.#isCommand) return false;
    // What descends from the command is its own; what a daemon starts may be for anybody.
    if (run.processes.some(({ key }) => this.#descends[key])) return false;
    if (this.#requests.size > 0) return !this.#requests.has(run.containerId);
    if (!run.activity.hasSchedule) return false;
    // No request could be read, as over TLS: where the path comes from must do.
    const path = this.#path(run);
    const isClients = ({ tid, start, end }: PathSegment): boolean => {
      const pid = run.index.ownerOf(tid, start) ?? run.index.ownerOf(tid, end);
      return pid !== undefined && spanOf(run, pid, start as TraceTime)?.actor === 'client';
    };
    if (path.length === 0 || path.some(isClients)) return false;
    return path.some(({ wokenBy }) => wokenBy !== undefined && isOutsider(run, wokenBy));
  }

  /**
   * The program whose exec the start begins with; undefined where none is seen, or where it had started
   * another container before: what it did until then was not for this one.
   */
  claim(run: RunView): Client | undefined {
    if (!this.#isCommand) return undefined;
    const asked = this.requestsFor(run);
    const client =
      asked !== undefined
        ? programOf(run, asked.life, asked.create?.time ?? asked.start?.time ?? 0)
        : run.activity.hasSchedule
          ? clientOf(run, this.#path(run))
          : this.#lastClientBefore(run);
    if (client === undefined || this.#claimed.has(client.exec.event)) return undefined;
    this.#claimed.add(client.exec.event);
    return client;
  }

  /** Without a schedule: whichever program of the command's was executed last before the container's first. */
  #lastClientBefore(run: RunView): Client | undefined {
    const first = run.processes
      .flatMap(({ execs }) => execs)
      .reduce((earliest, { time }) => Math.min(earliest, time), Number.POSITIVE_INFINITY);
    this.#programs ??= run.lives.processes
      .filter(({ key }) => run.actors[key]?.[0]?.actor === 'client')
      .flatMap((life) => life.execs.map((exec) => ({ life, exec })))
      .sort((a, b) => a.exec.time - b.exec.time);
    this.#staying ??= this.#programs.filter(
      ({ life, exec }) => actorAt(run.actors[life.key] ?? [], exec.time).actor === 'client',
    );
    const last = this.#staying[lastUpTo(this.#staying, first, ({ exec }) => exec.time)];
    const [earliest] = this.#programs;
    return last ?? (earliest !== undefined && earliest.exec.time <= first ? earliest : undefined);
  }

  #path(run: RunView): PathSegment[] {
    const init = initProcess(run);
    const end = entrypointExec(run)?.time;
    const start = this.#commandExec;
    if (init === undefined || end === undefined || start === undefined || end <= start) return [];
    return walkCriticalPath(run, { start, end }, init.pid, this.anchorsOf(run));
  }
}

/**
 * The program of the command's that is on the path last; else the runtime or the container's init that the
 * command itself became.
 */
function clientOf(run: RunView, path: readonly PathSegment[]): Client | undefined {
  let became: Client | undefined;
  for (const { tid, start } of [...path].reverse()) {
    const pid = run.index.ownerOf(tid, start);
    const life = pid === undefined ? undefined : run.lives.at(pid, start as TraceTime);
    if (life === undefined) continue;
    const spans = run.actors[life.key] ?? [];
    if (spans[0]?.actor !== 'client') continue;
    if (actorAt(spans, start as TraceTime).actor === 'client') {
      const client = programOf(run, life, start);
      if (client !== undefined) return client;
    }
    const [exec] = life.execs;
    if (exec !== undefined) became ??= { life, exec };
  }
  return became;
}

/** How far up parents are looked at: no process has a hundred of them. */
const MOST_PARENTS = 1_000;

/** What a process runs at a time: what it executed last, or its parent where it has not yet. */
function programOf(run: RunView, life: ProcessDraft, time: number): Client | undefined {
  let runner: ProcessDraft | undefined = life;
  for (let up = 0; runner !== undefined && up < MOST_PARENTS; up++) {
    const exec = runner.execs[lastUpTo(runner.execs, time, (candidate) => candidate.time)];
    if (exec !== undefined) return { life: runner, exec };
    runner = runner.parent === undefined ? undefined : run.lives.processes[runner.parent];
  }
  return undefined;
}

/** Woken by a task that is neither followed nor a kernel thread. */
function isOutsider(run: RunView, waking: number): boolean {
  const { events } = run.recording;
  if (events.value(waking, 'contexts') !== WAKE_CONTEXT.task) return false;
  if ((events.value(waking, 'flags') & WAKE_FLAG.kernelThread) !== 0) return false;
  return spanOf(run, events.pid.at(waking), events.time.at(waking) as TraceTime) === undefined;
}
