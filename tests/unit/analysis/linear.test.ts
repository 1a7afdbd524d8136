/** Small files that are made to be slow: no list of a trace is searched once for each member of another. */
import { describe, expect, it } from 'vitest';
import { analyse } from '../../../src/analysis/analyse.js';
import { criticalChain } from '../../../src/analysis/summaries/chain.js';
import { processTree } from '../../../src/analysis/summaries/process-namespaces.js';
import { buildTracks } from '../../../src/analysis/tracks/tracks.js';
import { actorLookup } from '../../../src/model/trace/actor-lookup.js';
import type { ContainerRun } from '../../../src/model/trace/trace.js';
import { PID, Stream, startedContainer } from '../../support/stream.js';

/** What is linear takes a second or two; what is quadratic, minutes. */
const BOUND_MS = 60_000;

const idOf = (number: number): string => number.toString(16).padStart(64, '0');
const STAGES = { shim: 2000, runc: 3000, init: 4000, entrypoint: 10_000_000 };

describe('the analysis', { timeout: BOUND_MS }, () => {
  it('looks at the events once, however many containers were created, and says how many it leaves out', () => {
    const stream = new Stream();
    for (let i = 0; i < 30_000; i++) stream.mark('create', i, i + 1, { containerId: idOf(i) });
    for (let i = 0; i < 100_000; i++) {
      stream.syscall('mount', i, i + 1, 10, 10, { texts: { 1: '/merged', 2: 'overlay' } });
    }
    const trace = analyse(stream.recording());
    expect(trace.runs.length).toBe(1_000);
    const warning = trace.warnings.find(({ code }) => code === 'starts-left-out');
    expect(warning?.message).toContain('the last 29000 are left out');
  });

  it('looks at a container once, however often its creation was recorded', () => {
    const stream = startedContainer(STAGES);
    for (let i = 0; i < 1_000; i++) stream.mark('create', 100, 500);
    expect(analyse(stream.recording()).runs).toHaveLength(1);
  });

  it('finds the life of a pid that was given a hundred thousand times, in a circle of parents', () => {
    const stream = new Stream().known(10, 'client').known(11, 'client', 10);
    for (let i = 0; i < 100_000; i++) {
      stream.fork(2 * i, 10, 11).exit(2 * i + 1, 10);
      stream.fork(2 * i, 11, 10).exit(2 * i + 1, 11);
    }
    const trace = analyse(stream.recording());
    expect(trace.processes.length).toBeGreaterThan(100_000);
    expect(trace.processes.every(({ key, parent }) => (parent ?? -1) < key)).toBe(true);
    const actorAt = actorLookup(trace.processes);
    const unknown = trace.order.filter((_, time) => actorAt(10, time) === undefined);
    expect(unknown).toHaveLength(0);
  });

  it('takes a process of a hundred thousand execs, and as many parents above the last one', () => {
    const stream = new Stream().known(10, 'client');
    for (let i = 0; i < 100_000; i++) {
      stream.rename(i, 10, `name ${i}`).exec(i, 10, '/bin/x', ['x']);
      stream.syscall('unshare', i, i, 10, 10, { arguments: [0x20000] });
      stream.fork(i, 10 + i, 11 + i);
    }
    const recording = stream.recording();
    const header = {
      ...recording.header,
      target: { ...recording.header.target, scope: 'command' as const },
    };
    const trace = analyse({ ...recording, header });
    expect(trace.processes).toHaveLength(100_001);
    expect(buildTracks(trace).tracks.length).toBeGreaterThan(100_000);
  });

  it('puts a chain of children of any length into a tree', () => {
    const stream = startedContainer(STAGES).mark('create', 100, 500).mark('start', 600, 9000);
    stream.fork(5_000, PID.init, 100_000);
    for (let i = 0; i < 20_000; i++) stream.fork(5_001 + i, 100_000 + i, 100_001 + i);
    const trace = analyse(stream.recording());
    const tree = processTree(trace, trace.runs[0] as ContainerRun);
    expect(Math.max(...tree.slice(-3).map(({ depth }) => depth))).toBeGreaterThan(20_000);
  });

  it('walks a path on which no thread is ever seen to come onto a CPU', () => {
    const stream = startedContainer(STAGES).mark('create', 100, 500).mark('start', 600, 9000);
    for (let i = 0; i < 100_000; i++) {
      stream.switch(10_000 + 2 * i, { pid: PID.init }, { pid: 0 });
      stream.wake(10_001 + 2 * i, { pid: PID.runc }, { pid: PID.init });
    }
    const [run] = analyse(stream.recording()).runs;
    expect(run?.window?.end).toBe(STAGES.entrypoint);
  });

  it('puts a hundred thousand requests that never ended onto tracks', () => {
    const stream = new Stream();
    for (let i = 0; i < 100_000; i++) stream.mark('inspect', i, undefined, { containerId: '' });
    expect(buildTracks(analyse(stream.recording())).tracks).toHaveLength(100_000);
  });

  it('folds visits of any number into a link of the chain', () => {
    const [run] = analyse(
      startedContainer(STAGES).mark('create', 100, 500).mark('start', 600, 9000).recording(),
    ).runs;
    const segment = run?.segments[0];
    if (run === undefined || segment === undefined) throw new Error('no path');
    const at = (start: number, process: number) =>
      ({ ...segment, start, end: start + 1, process }) as typeof segment;
    const segments = [at(0, 1)];
    for (let i = 1; i < 300_000; i++) segments.push(at(i, 2));
    expect(criticalChain({ ...run, segments }, 1e9)).toMatchObject([{ duration: 300_000 }]);
  });
});
