/** Whether two recordings may be compared: what differs besides the start itself, as a table of facts. */
import { type Foreign, joinForeign, quoting } from '../../base/foreign.js';
import { shortId } from '../../base/ids.js';
import { NS_PER_MS } from '../../base/time.js';
import { type Recording, recordsLost } from '../../model/recording/recording.js';
import type { ContainerRun, Trace } from '../../model/trace/trace.js';

interface Fact {
  readonly name: string;
  readonly of: (recording: Recording) => Foreign;
}

/** Untrusted text in every value. */
const FACTS: readonly Fact[] = [
  { name: 'host', of: ({ header: { host } }) => host.hostname },
  {
    name: 'kernel',
    of: ({ header: { host } }) => quoting`${host.kernelRelease} ${host.architecture}`,
  },
  { name: 'CPUs', of: ({ header: { host } }) => String(host.cpus) },
  { name: 'cgroup version', of: ({ header: { host } }) => host.cgroupVersion },
  {
    name: 'engine',
    of: ({ header: { engine } }) => quoting`${engine.name} ${engine.version}`.trim(),
  },
  { name: 'containerd', of: ({ header: { engine } }) => engine.containerdVersion },
  { name: 'runc', of: ({ header: { engine } }) => engine.runcVersion },
  { name: 'storage driver', of: ({ header: { engine } }) => engine.storageDriver },
  { name: 'cgroup driver', of: ({ header: { engine } }) => engine.cgroupDriver },
  { name: 'engine data root', of: ({ header: { engine } }) => engine.dataRoot },
  { name: 'source', of: ({ header: { source } }) => source.name },
  { name: 'image', of: ({ header: { target } }) => target.image },
  { name: 'command', of: ({ header: { target } }) => joinForeign(target.command, ' ') },
  { name: 'network', of: ({ header: { target } }) => target.network },
  { name: 'runtime', of: ({ header: { target } }) => target.runtime },
];

/** A start that read binaries and files from the disk for longer than this, where the other did not, was cold. */
const COLD_NS = 5 * NS_PER_MS;
const COLD_TIMES = 4;

/** What differs, a sentence each; empty: the two may be compared. */
export function differencesBetween(
  before: { readonly trace: Trace; readonly run: ContainerRun },
  after: { readonly trace: Trace; readonly run: ContainerRun },
): Foreign[] {
  const notes: Foreign[] = FACTS.flatMap(({ name, of }) => {
    const [a, b] = [of(before.trace.recording), of(after.trace.recording)];
    return a === b ? [] : [quoting`${name}: ${inWords(a)} before, ${inWords(b)} after`];
  });
  for (const [name, { trace, run }] of [
    ['before', before],
    ['after', after],
  ] as const) {
    const { header, loss, footer } = trace.recording;
    if (trace.runs.length > 1) {
      const which = quoting`${run.name} (${shortId(run.containerId)})`;
      notes.push(
        quoting`${name}: one of ${trace.runs.length} starts in its recording, that of ${which}`,
      );
    }
    if (header.source.perturbed) {
      notes.push(`${name}: recorded by a source that slows what it measures`);
    }
    const lost = recordsLost(loss?.losses ?? []);
    if (lost > 0) notes.push(`${name}: ${lost} events were lost`);
    if (footer === undefined) notes.push(`${name}: the recording has no end`);
    if (run.exitCode !== undefined && run.exitCode !== 0) {
      notes.push(`${name}: the container exited with ${run.exitCode}`);
    }
  }
  const [cold, warm] = [diskNs(before.run), diskNs(after.run)];
  const colder = cold > warm ? 'before' : 'after';
  const [more, less] = [Math.max(cold, warm), Math.min(cold, warm)];
  if (more >= COLD_NS && more >= COLD_TIMES * less) {
    notes.push(
      `page cache: ${colder} waited ${toMs(more)} ms for the disk, the other ${toMs(less)} ms: one cold, one warm`,
    );
  }
  return notes;
}

const inWords = (value: Foreign): Foreign => (value === '' ? 'not given' : quoting`"${value}"`);

const toMs = (ns: number): string => (ns / NS_PER_MS).toFixed(1);

function diskNs({ segments }: ContainerRun): number {
  return segments.reduce(
    (sum, { category, start, end }) =>
      category === 'cold binaries' || category === 'disk wait' ? sum + (end - start) : sum,
    0,
  );
}
