/** Containers that others than dit start: engines and runtimes of every kind, by what they execute. */
import { describe, expect, it } from 'vitest';
import { analyse } from '../../../../src/analysis/analyse.js';
import type { Recording } from '../../../../src/model/recording/recording.js';
import type { ContainerRun, Trace } from '../../../../src/model/trace/trace.js';
import { CONTAINER, OTHER_CONTAINER, Stream } from '../../../support/stream.js';

const NEW_PID_AND_MOUNTS = 0x20000000 + 0x00020000;

function analysed(stream: Stream, scope: 'command' | 'host', containerId = ''): Trace {
  const recording = stream.recording();
  const { header } = recording;
  return analyse({
    ...recording,
    header: { ...header, target: { ...header.target, scope, containerId } },
  } as Recording);
}

const actorsOf = (trace: Trace, pid: number): string[] =>
  trace.processes.find((life) => life.pid === pid)?.actors.map(({ actor }) => actor) ?? [];

const sumOf = (run: ContainerRun | undefined): number =>
  run?.segments.reduce((sum, { start, end }) => sum + end - start, 0) ?? Number.NaN;

const command = (): Stream => new Stream().known(10, 'client');

describe('the containers of a command', () => {
  it('are found below crun, which does not execute itself anew', () => {
    const stream = command()
      .exec(100, 10, '/usr/bin/crun', ['crun', 'run', '--bundle', 'b', 'hello'])
      .exec(200, 10, '3', ['crun', 'run', '--bundle', 'b', 'hello'])
      .fork(300, 10, 20)
      .syscall('pivot_root', 400, 500, 20, 20, { texts: { 0: '.', 1: '.' } })
      .exec(900, 20, '/bin/echo', ['echo', 'runc', 'create', OTHER_CONTAINER])
      .exit(950, 20);
    const trace = analysed(stream, 'command');
    expect(actorsOf(trace, 20)).toEqual(['init', 'entrypoint']);
    const [run] = trace.runs;
    expect(trace.runs).toHaveLength(1);
    expect(run?.containerId).toBe('hello');
    expect(run?.window).toMatchObject({ start: 100, end: 900, from: 'command exec' });
    expect(sumOf(run)).toBe(800);
  });

  it('are found below conmon, and begin with podman', () => {
    const stream = command()
      .exec(100, 10, '/usr/bin/podman', ['podman', 'run', 'image'])
      .fork(200, 10, 20)
      .exec(250, 20, '/usr/bin/conmon', ['conmon', '--api-version', '1', '-c', CONTAINER])
      .fork(300, 20, 30)
      .exec(350, 30, '/usr/bin/crun', ['crun', 'create', '--bundle', 'b', CONTAINER])
      .fork(400, 30, 40)
      .syscall('pivot_root', 450, 500, 40, 40, { texts: { 0: '.', 1: '.' } })
      .exit(550, 30)
      .fork(600, 10, 50)
      .exec(620, 50, '/usr/bin/crun', ['crun', 'start', CONTAINER])
      .exec(700, 40, '/bin/true', ['true']);
    const trace = analysed(stream, 'command');
    const [run] = trace.runs;
    expect(trace.runs.map(({ containerId }) => containerId)).toEqual([CONTAINER]);
    expect(actorsOf(trace, 20)).toEqual(['client', 'shim']);
    expect(actorsOf(trace, 50)).toEqual(['client', 'runc start']);
    expect(run?.window).toMatchObject({ start: 100, end: 700, from: 'command exec' });
  });

  it('are programs that make their namespaces themselves, where no runtime is', () => {
    const stream = command()
      .exec(100, 10, '/usr/bin/unshare', ['unshare', '-pmf', 'true'])
      .syscall('unshare', 200, 250, 10, 10, { arguments: [NEW_PID_AND_MOUNTS] })
      .fork(300, 10, 20)
      .exec(400, 20, '/bin/true', ['true']);
    const trace = analysed(stream, 'command');
    const [run] = trace.runs;
    expect(run?.containerId).toBe('pid-10');
    expect(run?.window).toMatchObject({ start: 100, end: 400 });
    expect(run?.milestones.map(({ name }) => name)).toEqual([
      'command exec',
      'first namespace',
      'init cloned',
      'entrypoint exec',
    ]);
  });

  it('are none where a program only looks like a runtime’s client', () => {
    const stream = command()
      .exec(100, 10, '/usr/bin/grep', ['grep', 'runc', 'create', CONTAINER])
      .fork(200, 10, 20)
      .exec(300, 20, '/bin/create', ['create', CONTAINER]);
    expect(analysed(stream, 'command').runs).toEqual([]);
  });

  it('are those that its programs asked an engine for, not other clients’', () => {
    const stream = dockerStarts(command().exec(100, 10, '/usr/bin/docker', ['docker', 'run', 'a']))
      .syscall('write', 300, 310, 10, 10, { texts: { 1: 'POST /v1.41/containers/create' } })
      .syscall('write', 600, 610, 10, 10, {
        texts: { 1: `POST /v1.41/containers/${CONTAINER}/start` },
      });
    const trace = analysed(stream, 'command');
    expect(trace.runs.map(({ containerId }) => containerId)).toEqual([CONTAINER]);
    expect(trace.foreign).toEqual([OTHER_CONTAINER]);
    const [run] = trace.runs;
    expect(run?.window?.from).toBe('command exec');
    const at = (name: string) => run?.milestones.find((milestone) => milestone.name === name);
    expect(at('create requested')).toMatchObject({ time: 300, certainty: 'exact' });
    expect(at('start requested')).toMatchObject({ time: 600, certainty: 'exact' });
  });

  it('share a program: what it did before its second one was for the first', () => {
    const stream = dockerStarts(command().exec(100, 10, '/usr/bin/compose', ['compose', 'up']))
      .syscall('write', 300, 310, 10, 10, { texts: { 1: 'POST /containers/create' } })
      .syscall('write', 350, 360, 10, 10, { texts: { 1: 'POST /containers/create' } })
      .syscall('write', 600, 610, 10, 10, { texts: { 1: `POST /containers/${CONTAINER}/start` } })
      .syscall('write', 650, 660, 10, 10, {
        texts: { 1: `POST /containers/${OTHER_CONTAINER}/start` },
      });
    const { runs } = analysed(stream, 'command');
    expect(runs.map(({ window }) => window?.from)).toEqual(['command exec', 'create requested']);
    // Two creates were under way: which was for which is inferred.
    const creates = runs.flatMap(({ milestones }) =>
      milestones.filter(({ name }) => name === 'create requested'),
    );
    expect(creates.map(({ certainty }) => certainty)).toEqual(['inferred', 'inferred']);
  });

  it('that are given one name are told apart at least by a warning', () => {
    const stream = command().exec(100, 10, '/bin/sh', ['sh']);
    for (const [pid, from] of [
      [20, 200],
      [30, 600],
    ] as const) {
      stream
        .fork(from, 10, pid)
        .exec(from + 10, pid, '/usr/bin/crun', ['crun', 'run', 'same'])
        .fork(from + 20, pid, pid + 1)
        .syscall('pivot_root', from + 30, from + 40, pid + 1, pid + 1, { texts: { 0: '.' } })
        .exec(from + 50, pid + 1, '/bin/true', ['true'])
        .exit(from + 60, pid + 1)
        .exit(from + 70, pid);
    }
    const trace = analysed(stream, 'command');
    expect(trace.runs).toHaveLength(1);
    expect(trace.warnings.map(({ code }) => code)).toContain('id-reused');
  });
});

describe('the containers of a host', () => {
  it('are all that start, or the one that the file is about', () => {
    const ids = (containerId = ''): string[] =>
      analysed(dockerStarts(new Stream()), 'host', containerId).runs.map((run) => run.containerId);
    expect(ids()).toEqual([CONTAINER, OTHER_CONTAINER]);
    expect(ids(OTHER_CONTAINER)).toEqual([OTHER_CONTAINER]);
  });

  it('begin with the engine’s first call that names them', () => {
    const stream = dockerStarts(new Stream()).syscall('mkdirat', 400, 410, 1, 1, {
      texts: { 1: `/var/lib/docker/containers/${CONTAINER}` },
    });
    const [run] = analysed(stream, 'host').runs;
    expect(run?.window).toMatchObject({ start: 400, from: 'create requested' });
    expect(run?.milestones[0]).toMatchObject({ name: 'create requested', certainty: 'inferred' });
  });

  it('are not those in which something is executed later', () => {
    const stream = new Stream()
      .known(1, 'dockerd')
      .known(2, 'containerd')
      .fork(100, 2, 60)
      .exec(110, 60, '/usr/bin/containerd-shim-runc-v2', ['shim', '-id', CONTAINER])
      .fork(200, 60, 70)
      .exec(210, 70, '/usr/sbin/runc', ['runc', 'exec', '--process', 'p', CONTAINER])
      .exec(220, 70, '/proc/self/exe', ['runc', 'init'])
      .exec(300, 70, '/bin/sh', ['sh']);
    expect(analysed(stream, 'host').runs).toEqual([]);
  });
});

/** Two containers, started by a daemon. */
function dockerStarts(stream: Stream): Stream {
  stream.known(1, 'dockerd').known(2, 'containerd');
  for (const [index, id] of [CONTAINER, OTHER_CONTAINER].entries()) {
    const pid = 100 + 100 * index;
    const time = 700 + 1000 * index;
    stream
      .fork(time, 2, pid)
      .exec(time + 10, pid, '/usr/bin/containerd-shim-runc-v2', ['shim', '-id', id])
      .fork(time + 20, pid, pid + 1)
      .exec(time + 30, pid + 1, '/usr/sbin/runc', ['runc', 'create', id])
      .fork(time + 40, pid + 1, pid + 2)
      .exec(time + 50, pid + 2, '/proc/self/exe', ['runc', 'init'])
      .rename(time + 60, pid + 2, 'runc:[2:INIT]')
      .exec(time + 200, pid + 2, '/bin/true', ['true']);
  }
  return stream;
}

describe('what a container executes', () => {
  const container = (): Stream =>
    command()
      .exec(100, 10, '/usr/bin/crun', ['crun', 'run', '--bundle', 'b', 'hello'])
      .fork(300, 10, 20)
      .syscall('pivot_root', 400, 500, 20, 20, { texts: { 0: '.', 1: '.' } })
      .exec(900, 20, '/bin/sh', ['sh'])
      .fork(1000, 20, 30);
  const runs = (stream: Stream): string[] =>
    analysed(stream, 'command').runs.map(({ containerId }) => containerId);

  it('starts no container, whatever it is called', () => {
    const stream = container()
      .exec(1100, 30, '/tmp/containerd-shim-x', ['containerd-shim-x', '-id', OTHER_CONTAINER])
      .fork(1200, 30, 40)
      .exec(1300, 40, '/tmp/runc', ['runc', 'create', OTHER_CONTAINER]);
    expect(runs(stream)).toEqual(['hello']);
  });

  it('starts none either where it ran before the recording', () => {
    const stream = new Stream()
      .known(10, 'containerd')
      .known(20, '', 10)
      .known(30, 'entrypoint', 20)
      .fork(100, 30, 40)
      .exec(200, 40, '/tmp/runc', ['runc', 'create', OTHER_CONTAINER]);
    expect(runs(stream)).toEqual([]);
  });

  it('starts one where that has an init of its own, as Docker in Docker makes it', () => {
    const stream = container()
      .exec(1100, 30, '/usr/bin/containerd-shim', ['containerd-shim', '-id', OTHER_CONTAINER])
      .fork(1200, 30, 40)
      .exec(1300, 40, '/usr/bin/runc', ['runc', 'create', OTHER_CONTAINER])
      .fork(1400, 40, 50)
      .syscall('pivot_root', 1500, 1600, 50, 50, { texts: { 0: '.', 1: '.' } })
      .exec(1700, 50, '/bin/true', ['true']);
    expect(runs(stream)).toContain(OTHER_CONTAINER);
  });
});

describe('a start that fails', () => {
  const failing = (code: number): Stream =>
    command()
      .fork(200, 10, 20)
      .exec(250, 20, '/usr/bin/conmon', ['conmon', '--api-version', '1', '-c', CONTAINER])
      .fork(300, 20, 30)
      .exec(350, 30, '/usr/bin/runc', ['/usr/bin/runc', 'create', '--bundle', 'b', CONTAINER])
      .exit(550, 30, code);

  it.each([
    [1, 'runc create exited with 1'],
    [-9, 'runc create was ended by signal 9'],
    [0, ''],
  ])('says how its runtime ended: %d', (code, failure) => {
    expect(analysed(failing(code), 'command').runs[0]?.failure).toBe(failure);
  });
});
