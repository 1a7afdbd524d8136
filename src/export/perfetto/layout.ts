/** Which tracks the file has, what they are called and how they are ordered. */
import { type Foreign, joinForeign, quoting } from '../../base/foreign.js';
import { shortId } from '../../base/ids.js';
import { MinHeap } from '../../base/min-heap.js';
import { ACTORS } from '../../model/trace/actor-kind.js';
import type { ContainerRun, CopyUp, ProcessLife, Trace } from '../../model/trace/trace.js';
import type { Track, Tracks } from '../../model/trace/tracks.js';
import { UNIT } from './fields.js';
import type { TrackDescription } from './packet-sequence.js';
import { firstSlices } from './wake-ups.js';

export interface RunTracks {
  readonly run: ContainerRun;
  /** Holds the start as one slice, and the other tracks of the run. */
  readonly start: number;
  readonly path: number;
  readonly milestones: number;
  /** Copy-ups that overlap have tracks of their own. */
  readonly copyUps: readonly { readonly track: number; readonly copyUp: CopyUp }[];
  readonly copiedBytes: number;
}

/** Uuids: one a track, fresh for every life of a process and of a thread. */
export interface Layout {
  readonly descriptions: readonly TrackDescription[];
  /** By index in Tracks.tracks. */
  readonly trackUuids: readonly number[];
  readonly runs: readonly RunTracks[];
  readonly notes: number;
  /** Wake-ups by interrupts and by threads that are not followed. */
  readonly outside: number;
  readonly running: number;
  readonly runnable: number;
  readonly lost: number;
}

export function layOut(trace: Trace, tracks: Tracks): Layout {
  return new LayoutBuilder(trace, tracks).build();
}

class LayoutBuilder {
  readonly #trace: Trace;
  readonly #tracks: Tracks;
  readonly #descriptions: TrackDescription[] = [];
  #uuid = 0;
  #rank = 0;

  constructor(trace: Trace, tracks: Tracks) {
    this.#trace = trace;
    this.#tracks = tracks;
  }

  build(): Layout {
    const runs = this.#trace.runs.map((run) => this.#describeRun(run));
    const requests = this.#tracks.tracks.some(({ kind }) => kind === 'requests')
      ? this.#describe("requests to the engine's API")
      : 0;
    return {
      runs,
      notes: this.#describe('recording'),
      outside: this.#describe('wake-ups by interrupts and other threads'),
      running: this.#describe('threads on a CPU', undefined, UNIT.count),
      runnable: this.#describe('threads waiting for a CPU', undefined, UNIT.count),
      lost: this.#describe('lost records', undefined, UNIT.count),
      trackUuids: this.#describeTracks(requests),
      descriptions: this.#descriptions,
    };
  }

  #add(description: Omit<TrackDescription, 'uuid'>): number {
    this.#uuid++;
    this.#descriptions.push({ ...description, uuid: this.#uuid });
    return this.#uuid;
  }

  #describe(name: Foreign, parent?: number, unit?: number): number {
    this.#rank++;
    return this.#add({
      name,
      rank: this.#rank,
      time: this.#tracks.span.start,
      ...(parent === undefined ? {} : { parent }),
      ...(unit === undefined ? {} : { unit }),
    });
  }

  #describeRun(run: ContainerRun): RunTracks {
    const who = [run.image, run.name || shortId(run.containerId)].filter((part) => part !== '');
    const start = this.#describe(quoting`start of ${joinForeign(who, ', ')}`);
    return {
      run,
      start,
      path: this.#describe('critical path', start),
      milestones: this.#describe('milestones', start),
      copyUps: this.#describeCopyUps(run.copyUps, start),
      copiedBytes: this.#describe('bytes copied up', start, UNIT.bytes),
    };
  }

  #describeCopyUps(copyUps: readonly CopyUp[], parent: number): RunTracks['copyUps'] {
    const busy = new MinHeap<CopyUpLane>(({ end }) => end);
    const free = new MinHeap<CopyUpLane>(({ number }) => number);
    let lanes = 0;
    return [...copyUps]
      .sort((a, b) => a.start - b.start)
      .map((copyUp) => {
        while (busy.first !== undefined && busy.first.end <= copyUp.start) {
          free.push(busy.pop() as CopyUpLane);
        }
        let lane = free.pop();
        if (lane === undefined) {
          const number = ++lanes;
          const name = number === 1 ? 'copy-ups' : `copy-ups ${number}`;
          lane = { number, track: this.#describe(name, parent), end: 0 };
        }
        lane.end = copyUp.start + copyUp.duration;
        busy.push(lane);
        return { track: lane.track, copyUp };
      });
  }

  #describeTracks(requests: number): readonly number[] {
    const { tracks, slices } = this.#tracks;
    const begins = firstSlices(tracks.length, slices.track);
    const beginOf = (track: number): number =>
      (begins[track] as number) < (begins[track + 1] as number)
        ? (slices.start[begins[track] as number] as number)
        : this.#tracks.span.start;
    const processes = this.#describeProcesses();
    const uuids: number[] = [];
    let requestTracks = 0;
    tracks.forEach((track, index) => {
      const time = beginOf(index);
      const rank = index;
      switch (track.kind) {
        case 'thread': {
          const { pid, tid } = track;
          const parent = processes.get(processOf(track)) as number;
          const name = track.name || `thread ${tid}`;
          // The main thread comes first.
          const place = tid === pid ? -1 : rank;
          uuids.push(this.#add({ name, parent, rank: place, time, thread: { pid, tid } }));
          break;
        }
        case 'schedule': {
          const parent = uuids[track.parent ?? -1] as number;
          uuids.push(this.#add({ name: 'on a CPU', parent, rank, time }));
          break;
        }
        case 'requests':
          requestTracks++;
          uuids.push(
            this.#add({ name: `requests ${requestTracks}`, parent: requests, rank, time }),
          );
          break;
      }
    });
    return uuids;
  }

  /** By the parts that they play in a start, then by time. */
  #describeProcesses(): ReadonlyMap<string, number> {
    const owners = new Map<string, Track>();
    for (const track of this.#tracks.tracks) {
      if (track.kind !== 'thread') continue;
      const key = processOf(track);
      const owner = owners.get(key);
      if (owner === undefined || track.tid === track.pid) owners.set(key, track);
    }
    const lives = new Map(this.#trace.processes.map((life) => [life.key, life]));
    // Of several of one pid the first counts.
    const known = new Map(
      this.#trace.recording.processes.toReversed().map((each) => [each.pid, each.arguments]),
    );
    const { start } = this.#tracks.span;
    const described = [...owners].map(([key, track]) => {
      const life = track.process === undefined ? undefined : lives.get(track.process);
      return { key, track, life, time: life?.start ?? start };
    });
    described.sort(
      (a, b) =>
        ACTORS.indexOf(a.track.actor) - ACTORS.indexOf(b.track.actor) ||
        a.time - b.time ||
        a.track.pid - b.track.pid,
    );
    return new Map(
      described.map(({ key, track, life, time }, rank) => [
        key,
        this.#add({
          name: processName(track),
          rank,
          time,
          process: {
            pid: track.pid,
            cmdline: commandLine(known, life, track.pid),
            start: life?.start,
          },
        }),
      ]),
    );
  }
}

const processOf = ({ process, pid }: Track): string =>
  process === undefined ? `pid ${pid}` : `${process}`;

/** "runc create (runc)", "dockerd"; of processes without a part in a start the name alone. */
function processName({ actor, name, pid }: Track): Foreign {
  if (actor === 'other') return name || `pid ${pid}`;
  return name === '' || name === actor ? actor : quoting`${actor} (${name})`;
}

/** A track of copy-ups, and until when it is taken. */
interface CopyUpLane {
  readonly number: number;
  readonly track: number;
  end: number;
}

/** @param known what was there before the recording, by pid: its arguments */
function commandLine(
  known: ReadonlyMap<number, readonly Foreign[]>,
  life: ProcessLife | undefined,
  pid: number,
): readonly Foreign[] {
  const argv = life?.execs.at(-1)?.argv;
  if (argv !== undefined) return argv;
  const wasThere = life !== undefined && life.forkEvent === undefined;
  return wasThere ? (known.get(pid) ?? []) : [];
}
