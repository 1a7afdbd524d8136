import { describe, expect, it } from 'vitest';
import { actorAt, assignActors } from '../../../../src/analysis/actors/actors.js';
import { buildLives } from '../../../../src/analysis/order/process-table.js';
import { timeOrder } from '../../../../src/analysis/order/time-order.js';
import {
  CONTAINER,
  OTHER_CONTAINER,
  PID,
  type Stream,
  startedContainer,
} from '../../../support/stream.js';

const TIMES = { shim: 2000, runc: 3000, init: 4000, entrypoint: 10_000 };

function actorOf(
  stream: Stream,
  pid: number,
  time: number,
): { actor: string; containerId: unknown } {
  const recording = stream.recording();
  const lives = buildLives(recording, timeOrder(recording.events));
  const spans = assignActors(lives.processes);
  const life = lives.at(pid, time as never);
  if (life === undefined) throw new Error(`no process ${pid} at ${time}`);
  const { actor, containerId } = actorAt(spans[life.key] ?? [], time as never);
  return { actor, containerId };
}

describe('assignActors', () => {
  it.each([
    ['the engine daemon', PID.dockerd, 1, 'dockerd', undefined],
    ['a child of containerd before its exec', PID.shim, 1999, 'containerd', undefined],
    ['the shim from its exec on', PID.shim, 2000, 'shim', CONTAINER],
    ['a child of the shim before its exec', PID.runc, 2999, 'shim', CONTAINER],
    ['runc create', PID.runc, 3000, 'runc create', CONTAINER],
    ['runc init', PID.init, 4000, 'init', CONTAINER],
    ['the entrypoint', PID.init, 10_000, 'entrypoint', CONTAINER],
  ])('knows %s', (_name, pid, time, actor, containerId) => {
    expect(actorOf(startedContainer(TIMES), pid, time)).toEqual({ actor, containerId });
  });

  it('takes a sealed runc that executes itself again for what it was', () => {
    const stream = startedContainer(TIMES).exec(4001, PID.init, '/dev/fd/6', ['runc', 'init']);
    expect(actorOf(stream, PID.init, 4500).actor).toBe('init');
  });

  it('takes a command called "init" for the entrypoint once runc has named its last stage', () => {
    const stream = startedContainer(TIMES).exec(9000, PID.init, '/proc/self/exe', [
      'busybox',
      'init',
    ]);
    expect(actorOf(stream, PID.init, 9500).actor).toBe('entrypoint');
  });

  it("takes a runtime's wrapper for the runtime", () => {
    const wrapper = 90;
    const stream = startedContainer(TIMES)
      .fork(2500, PID.shim, wrapper)
      .exec(2510, wrapper, '/usr/local/bin/slow-runc', [
        '/bin/sh',
        '/usr/local/bin/slow-runc',
        '--root',
        '/r',
        'create',
        CONTAINER,
      ]);
    expect(actorOf(stream, wrapper, 2600).actor).toBe('runc create');
  });

  it("takes what a runtime's wrapper executes before there is an init for the runtime", () => {
    const wrapper = 90;
    const stream = startedContainer(TIMES)
      .fork(2500, PID.shim, wrapper)
      .exec(2510, wrapper, '/bin/sh', ['sh', 'slow-runc', 'create', CONTAINER])
      .fork(2520, wrapper, 93)
      .exec(2530, 93, '/bin/sleep', ['sleep', '0.2']);
    expect(actorOf(stream, 93, 2600).actor).toBe('runc create');
  });

  it('takes what runc create executes for a hook, and its children too', () => {
    const hook = 91;
    const stream = startedContainer(TIMES)
      .fork(5000, PID.runc, hook)
      .exec(5010, hook, '/proc/20/exe', ['libnetwork-setkey', '-exec-root=/run', CONTAINER, 'abc'])
      .fork(5020, hook, 92);
    expect(actorOf(stream, hook, 5500)).toEqual({ actor: 'hook', containerId: CONTAINER });
    expect(actorOf(stream, 92, 5500).actor).toBe('hook');
  });

  it('does not let the arguments of an entrypoint claim another container', () => {
    const stream = startedContainer(TIMES).exec(11_000, PID.init, '/bin/sh', [
      'sh',
      OTHER_CONTAINER,
    ]);
    expect(actorOf(stream, PID.init, 11_500).containerId).toBe(CONTAINER);
  });

  it('keeps two lives of one pid apart', () => {
    const stream = startedContainer(TIMES)
      .exit(20_000, PID.runc)
      .fork(21_000, PID.dockerd, PID.runc);
    expect(actorOf(stream, PID.runc, 19_000).actor).toBe('runc create');
    expect(actorOf(stream, PID.runc, 22_000).actor).toBe('dockerd');
  });
});
