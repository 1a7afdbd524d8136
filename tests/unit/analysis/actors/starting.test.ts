/** Which execs begin a start, and from when on what is seen of a restarted container is about this start. */
import { describe, expect, test } from 'vitest';
import { startExecs, startsAnew } from '../../../../src/analysis/actors/starting.js';
import type { TraceTime } from '../../../../src/base/time.js';
import { CONTAINER, OTHER_CONTAINER, PID, Stream } from '../../../support/stream.js';

const SHIM = '/usr/bin/containerd-shim-runc-v2';

const shim = (stream: Stream, time: number, ...action: string[]): Stream =>
  stream.exec(time, PID.shim, SHIM, [SHIM, '-namespace', 'moby', '-id', CONTAINER, ...action]);
const runc = (stream: Stream, time: number, command: string, id = CONTAINER): Stream =>
  stream.exec(time, PID.runc, '/usr/bin/runc', ['runc', '--root', '/r', command, id]);
const mkdir = (stream: Stream, time: number, path: string): Stream =>
  stream.syscall('mkdirat', time, time + 1, PID.dockerd, PID.dockerd, { texts: { 1: path } });

describe('the execs that work for a start', () => {
  test("are a shim's and a runtime's create; the shim's start is the first", () => {
    const stream = new Stream();
    runc(shim(shim(stream, 1000, 'start'), 1200), 2000, 'create');
    runc(stream, 1500, 'run', OTHER_CONTAINER);
    const recording = stream.recording();
    expect(startExecs(recording, 0)).toEqual([
      { id: CONTAINER, pid: PID.shim, time: 1000, isFirst: true },
      { id: CONTAINER, pid: PID.shim, time: 1200, isFirst: false },
      { id: OTHER_CONTAINER, pid: PID.runc, time: 1500, isFirst: false },
      { id: CONTAINER, pid: PID.runc, time: 2000, isFirst: false },
    ]);
    expect(startExecs(recording, recording.events.length)).toEqual([]);
  });

  test('are none of those that come when it has begun or ended', () => {
    const stream = shim(new Stream(), 1100, '-bundle', `/run/task/moby/${CONTAINER}`, 'delete');
    for (const command of ['start', 'exec', 'kill', 'delete', 'state']) runc(stream, 2000, command);
    expect(startExecs(stream.recording(), 0)).toEqual([]);
  });

  test('do not take a container called "start" for a shim', () => {
    const [create] = startExecs(runc(new Stream(), 1000, 'create', 'start').recording(), 0);
    expect(create).toMatchObject({ id: 'start', isFirst: false });
  });
});

describe('a container that was started before starts anew', () => {
  const again = (stream: Stream, isKnown = false) =>
    startsAnew(
      stream.recording(),
      { id: CONTAINER as never, pid: 90, time: 9000 as TraceTime, isFirst: true },
      isKnown,
    );

  test('with the first folder that is made for it since its end', () => {
    const stream = mkdir(new Stream(), 1000, `/containers/${CONTAINER}`);
    shim(runc(shim(stream, 1100, 'start'), 1200, 'create'), 3000, 'delete');
    mkdir(mkdir(stream, 4000, `/exec/${OTHER_CONTAINER}`), 5000, `/exec/${CONTAINER}`);
    mkdir(mkdir(stream, 6000, `/task/${CONTAINER}/rootfs`), 9500, `/late/${CONTAINER}`);
    expect(again(stream)).toBe(5000);
  });

  test('with its exec where no folder was seen', () => {
    expect(again(shim(new Stream(), 3000, 'delete'))).toBe(9000);
    expect(again(new Stream(), true)).toBe(9000);
  });

  test('unless nothing tells that it was started before', () => {
    expect(again(mkdir(new Stream(), 1000, `/containers/${CONTAINER}`))).toBeUndefined();
  });
});
