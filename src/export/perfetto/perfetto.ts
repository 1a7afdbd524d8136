/** A trace for Perfetto: ui.perfetto.dev and trace_processor open it. */

import type { Foreign } from '../../base/foreign.js';
import { quoting } from '../../base/foreign.js';
import { phaseTotals } from '../../model/trace/totals.js';
import { type Segment, type Trace, windowLength } from '../../model/trace/trace.js';
import { SLICE_KINDS, type Tracks } from '../../model/trace/tracks.js';
import { inferenceText } from '../../words/inference-text.js';
import { waitText } from '../../words/wait-text.js';
import { threadCounts } from './counters.js';
import { EventFacts } from './event-facts.js';
import { type Layout, layOut, type RunTracks } from './layout.js';
import { writeNotes } from './notes.js';
import { PacketSequence } from './packet-sequence.js';
import { PacketStream } from './packet-stream.js';
import { type WakeUpEnds, wakeUpEnds } from './wake-ups.js';

/** What the file does not say, in plain words. */
export const leavesOut: readonly string[] = [
  'findings and their advice: see them with dit trace show',
  'what CPUs did besides running the followed threads: each slice on a CPU has its number',
  'names of flags and of error numbers: arguments and results are numbers as recorded',
  'the arrow of a wake-up if its thread was not seen on a CPU afterwards',
  'where records were lost: the trace has one total',
];

/**
 * A Perfetto trace in chunks of some 256 KiB, made while they are taken. Times are absolute CLOCK_MONOTONIC, ns.
 * Not in time order over all tracks, as Perfetto allows; on each track it is, the outer before the inner.
 * @param tracks those of the same trace
 */
export function* perfettoTrace(
  trace: Trace,
  tracks: Tracks,
): Generator<Uint8Array, void, undefined> {
  const { header, clocks } = trace.recording;
  const stream = new PacketStream(header.startNs);
  for (const clock of clocks) stream.clockSnapshot(clock, header.startRealtimeNs);
  if (clocks.length === 0) stream.firstClocks(header.startRealtimeNs);

  const layout = layOut(trace, tracks);
  const events = new PacketSequence(stream, 1);
  events.describeRoot();
  for (const description of layout.descriptions) {
    events.describe(description);
    if (stream.isFull) yield stream.take();
  }
  // Its packets say where records are missing, which voids the names that its sequence has given until then.
  writeNotes(trace, tracks.span, layout, new PacketSequence(stream, 2));
  const ends = wakeUpEnds(tracks);
  const parts = [
    ...layout.runs.map((run) => writeRun(trace, run, events)),
    // Before the slices, so that of equal times the arrow's beginning is read first.
    writeWakeUps(trace, tracks, layout, ends, events),
    writeSlices(trace, tracks, layout, ends, events),
    writeInstants(trace, tracks, layout, events),
    writeCounters(trace, tracks, layout, events),
  ];
  for (const part of parts) {
    for (const _ of part) if (stream.isFull) yield stream.take();
  }
  if (stream.writer.pos > 0) yield stream.take();
}

/** Stops after every event, so that the caller may hand out what is there. */
type Writing = Generator<void, void, undefined>;

function* writeRun(trace: Trace, tracks: RunTracks, packets: PacketSequence): Writing {
  const { run, start, path, milestones } = tracks;
  const { window, segments } = run;
  if (window !== undefined) {
    packets.begin(start, window.start, `${window.from} → ${window.to}`, 'start');
    const inferred = segments.filter(({ certainty }) => certainty === 'inferred');
    packets.fact('window_ns', windowLength(window));
    for (const { phase, ns } of phaseTotals(segments)) packets.fact(`${phase}_ns`, ns);
    packets.fact(
      'inferred_ns',
      inferred.reduce((sum, { start, end }) => sum + (end - start), 0),
    );
  } else {
    const time = run.milestones.reduce((first, { time }) => Math.min(first, time), Infinity);
    packets.instant(start, Number.isFinite(time) ? time : 0, 'no whole start', 'start');
  }
  packets
    .fact('container', run.containerId)
    .fact('name', run.name)
    .fact('image', run.image)
    .fact('exit_code', run.exitCode)
    .fact('failure', run.failure)
    .fact('absent', new Map(run.absent.map(({ name, reason }) => [name, reason])))
    .close();
  yield;
  if (window !== undefined) packets.end(start, window.end).close();
  for (const segment of segments) {
    writeSegment(trace, segment, path, packets);
    yield;
  }
  let number = 0;
  for (const { name, time, certainty, evidence } of [...run.milestones].sort(
    (a, b) => a.time - b.time,
  )) {
    number++;
    packets
      .instant(milestones, time, name, 'milestone')
      .fact('number', number)
      .fact('certainty', certainty)
      .fact('evidence', evidence.text)
      .close();
    yield;
  }
  yield* writeCopyUps(tracks, packets);
}

function writeSegment(
  trace: Trace,
  segment: Segment,
  track: number,
  packets: PacketSequence,
): void {
  const { events, strings } = trace.recording;
  const { phase = 'unattributed', syscall, wokenBy, process } = segment;
  packets
    .begin(track, segment.start, segment.category, phase)
    .fact('phase', phase)
    .fact('category', segment.category)
    .fact('actor', segment.actor)
    .fact('state', segment.state)
    .fact('certainty', segment.certainty)
    .fact('reason', inferenceText(segment.inference))
    .fact('rule', segment.rule)
    .fact('waits_for', waitText(segment.waitsFor))
    .fact('pid', process === undefined ? undefined : trace.processes[process]?.pid)
    .fact('tid', segment.tid);
  if (syscall !== undefined) packets.fact('syscall', strings.text(events.value(syscall, 'names')));
  if (wokenBy !== undefined) {
    packets.fact('woken_by', strings.text(events.value(wokenBy, 'waker_comms')));
  }
  packets.close();
  packets.end(track, segment.end).close();
}

/** Those of the kernel's events and those inferred alike; the sum of their bytes grows as each ends. */
function* writeCopyUps({ copyUps, copiedBytes }: RunTracks, packets: PacketSequence): Writing {
  for (const { track, copyUp } of copyUps) {
    const { start, duration, path } = copyUp;
    packets
      .begin(track, start, quoting`copy-up ${path}`, 'copy-up')
      .fact('path', path)
      .fact('bytes', copyUp.bytes)
      .fact('actor', copyUp.actor)
      .fact('tid', copyUp.tid)
      .fact('trigger', copyUp.trigger)
      .fact('certainty', copyUp.certainty)
      .close();
    packets.end(track, start + duration).close();
    yield;
  }
  const finished = copyUps
    .map(({ copyUp: { start, duration, bytes } }) => ({ time: start + duration, bytes }))
    .sort((a, b) => a.time - b.time);
  let sum = 0;
  for (const { time, bytes } of finished) {
    sum += bytes;
    packets.counter(copiedBytes, time, sum).close();
    yield;
  }
}

/** Instants of the threads that wake others, each the beginning of an arrow. */
function* writeWakeUps(
  trace: Trace,
  { wakeUps, tracks }: Tracks,
  layout: Layout,
  ends: WakeUpEnds,
  packets: PacketSequence,
): Writing {
  const facts = new EventFacts(trace.recording, packets);
  const names = tracks.map(({ name, tid }) => quoting`wakes ${name || `thread ${tid}`}`);
  for (let wakeUp = 0; wakeUp < wakeUps.length; wakeUp++) {
    const from = wakeUps.from[wakeUp] as number;
    const track = from < 0 ? layout.outside : (layout.trackUuids[from] as number);
    const name = names[wakeUps.to[wakeUp] as number] as Foreign;
    packets.instant(track, wakeUps.fromTime[wakeUp] as number, name, 'wake-up');
    facts.wakeUp(wakeUps.event[wakeUp] as number);
    if ((ends.slice[wakeUp] as number) >= 0) packets.flow(wakeUp + 1);
    packets.close();
    yield;
  }
}

function* writeSlices(
  trace: Trace,
  tracks: Tracks,
  layout: Layout,
  ends: WakeUpEnds,
  packets: PacketSequence,
): Writing {
  const { slices, names } = tracks;
  const facts = new EventFacts(trace.recording, packets);
  /** Slices that are begun and not ended, the innermost last. */
  const open: number[] = [];
  const endNewest = (): void => {
    const slice = open.pop() as number;
    const uuid = layout.trackUuids[slices.track[slice] as number] as number;
    packets.end(uuid, slices.end[slice] as number).close();
  };
  for (let slice = 0; slice < slices.length; slice++) {
    while (open.length > 0 && !lies(slice, open.at(-1) as number, tracks)) {
      endNewest();
      yield;
    }
    const kind = SLICE_KINDS[slices.kind[slice] as number] as (typeof SLICE_KINDS)[number];
    const uuid = layout.trackUuids[slices.track[slice] as number] as number;
    const name = names[slices.name[slice] as number] as Foreign;
    const event = slices.event[slice] as number;
    packets.begin(uuid, slices.start[slice] as number, name, kind);
    switch (kind) {
      case 'syscall':
        facts.syscall(event);
        break;
      case 'copy-up':
        facts.copyUp(event);
        break;
      case 'running':
        facts.running(event);
        break;
      case 'request':
        facts.request(event);
        break;
      case 'program':
      case 'thread':
        break;
    }
    if (slices.cut[slice] === 1) packets.fact('cut', true);
    for (let at = ends.first[slice] as number; at >= 0; at = ends.next[at] as number) {
      packets.terminate(at + 1);
    }
    packets.close();
    open.push(slice);
    yield;
  }
  while (open.length > 0) {
    endNewest();
    yield;
  }
}

/** Within the other one: a slice may begin where one before it ends, or have no length. */
function lies(inner: number, outer: number, { slices }: Tracks): boolean {
  return (
    slices.track[inner] === slices.track[outer] &&
    (slices.depth[inner] as number) > (slices.depth[outer] as number) &&
    (slices.end[inner] as number) <= (slices.end[outer] as number)
  );
}

function* writeInstants(
  trace: Trace,
  { instants }: Tracks,
  layout: Layout,
  packets: PacketSequence,
): Writing {
  const { events } = trace.recording;
  const facts = new EventFacts(trace.recording, packets);
  for (let instant = 0; instant < instants.length; instant++) {
    const row = instants.event[instant] as number;
    const uuid = layout.trackUuids[instants.track[instant] as number] as number;
    const name = events.kindName(row).replace('_', ' ');
    packets.instant(uuid, instants.time[instant] as number, name, 'event');
    facts.plain(row);
    packets.close();
    yield;
  }
}

function* writeCounters(
  trace: Trace,
  tracks: Tracks,
  layout: Layout,
  packets: PacketSequence,
): Writing {
  const said = { running: -1, runnable: -1 };
  for (const counts of threadCounts(trace, tracks)) {
    for (const name of ['running', 'runnable'] as const) {
      if (counts[name] === said[name]) continue;
      said[name] = counts[name];
      packets.counter(layout[name], counts.time, counts[name]).close();
    }
    yield;
  }
}
