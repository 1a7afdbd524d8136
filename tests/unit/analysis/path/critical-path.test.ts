import { describe, expect, it } from 'vitest';
import { analyse } from '../../../../src/analysis/analyse.js';
import { WAKE_CONTEXT, WAKE_FLAG } from '../../../../src/model/recording/event-kinds.js';
import type { Segment } from '../../../../src/model/trace/trace.js';
import { OTHER_CONTAINER, PID, type Stream, startedContainer } from '../../../support/stream.js';

const END = 10_000;
const TIMES = { shim: 2000, runc: 3000, init: 4000, entrypoint: END };
const idle = { pid: 0 };

/** init runs from 9000 to its exec; before that it blocked at 5000, in `call`, and was woken at 8900. */
function initThatWaited(call = 'futex'): Stream {
  return startedContainer(TIMES)
    .mark('create', 100, 500)
    .switch(4000, idle, { pid: PID.init })
    .syscall(call, 4990, 9050, PID.init)
    .switch(5000, { pid: PID.init }, idle)
    .switch(9000, idle, { pid: PID.init });
}

const segmentsOf = (stream: Stream): readonly Segment[] =>
  analyse(stream.recording()).runs[0]?.segments ?? [];

const at = (segments: readonly Segment[], time: number): Segment => {
  const segment = segments.find(({ start, end }) => start <= time && time < end);
  if (segment === undefined) throw new Error(`no segment at ${time}`);
  return segment;
};

describe('walkCriticalPath', () => {
  it('goes on with the thread that ended the wait, and calls the rest a scheduling delay', () => {
    const stream = initThatWaited()
      .wake(8900, { pid: PID.runc }, { pid: PID.init })
      .switch(3000, idle, { pid: PID.runc }, 1);
    const segments = segmentsOf(stream);
    expect(at(segments, 9500)).toMatchObject({
      actor: 'init',
      state: 'user code',
      phase: 'runtime',
    });
    expect(at(segments, 8950)).toMatchObject({
      actor: 'init',
      state: 'runnable',
      category: 'scheduling delay',
    });
    expect(at(segments, 7000)).toMatchObject({
      actor: 'runc create',
      tid: PID.runc,
      category: 'runc',
    });
  });

  it('does not follow the threads that execve ends: what they did was not waited for', () => {
    const idler = 61;
    const stream = startedContainer(TIMES)
      .mark('create', 100, 500)
      .switch(4000, idle, { pid: PID.init })
      .fork(4100, PID.init, PID.init, idler)
      .switch(4200, idle, { pid: PID.init, tid: idler }, 1)
      .switch(4300, { pid: PID.init, tid: idler }, idle, 1)
      .syscall('execve', 8900, END + 50, PID.init, PID.init, { arguments: [0] })
      .wake(8990, { pid: PID.init }, { pid: PID.init, tid: idler })
      .switch(9000, { pid: PID.init }, { pid: PID.init, tid: idler })
      .wake(9100, { pid: PID.init, tid: idler }, { pid: PID.init })
      .switch(9110, { pid: PID.init, tid: idler }, { pid: PID.init });
    const segments = segmentsOf(stream);
    expect(at(segments, 9050)).toMatchObject({
      tid: PID.init,
      state: 'blocked',
      category: 'exec',
      certainty: 'exact',
    });
    expect(at(segments, 8000)).toMatchObject({ tid: PID.init, state: 'user code' });
  });

  it('a thread whose first switch was not recorded runs since its fork', () => {
    const born = 51;
    const stream = initThatWaited()
      .switch(3000, idle, { pid: PID.runc }, 1)
      .fork(8000, PID.runc, PID.runc, born)
      .wake(8800, { pid: PID.runc, tid: born }, { pid: PID.init })
      .switch(8850, { pid: PID.runc, tid: born }, idle, 0);
    const segments = segmentsOf(stream);
    expect(at(segments, 8500)).toMatchObject({ tid: born, state: 'user code' });
    expect(at(segments, 7000)).toMatchObject({ tid: PID.runc, state: 'user code' });
  });

  it('names a wait that block I/O ended, inside its syscall', () => {
    const stream = initThatWaited('fdatasync').wake(
      8900,
      idle,
      { pid: PID.init },
      {
        context: WAKE_CONTEXT.hardIrq,
        flags: WAKE_FLAG.blockCompletion,
      },
    );
    expect(at(segmentsOf(stream), 7000)).toMatchObject({
      actor: 'init',
      state: 'blocked',
      waitsFor: { kind: 'block-io' },
      phase: 'storage',
      category: 'fsync',
      certainty: 'exact',
    });
  });

  it('takes block I/O outside any syscall for a cold binary', () => {
    const stream = startedContainer(TIMES)
      .mark('create', 100, 500)
      .switch(4000, idle, { pid: PID.init })
      .switch(5000, { pid: PID.init, ioWait: true }, idle)
      .wake(
        8900,
        { pid: 2, comm: 'kworker/0:1' },
        { pid: PID.init },
        { flags: WAKE_FLAG.kernelThread },
      )
      .switch(9000, idle, { pid: PID.init });
    expect(at(segmentsOf(stream), 7000)).toMatchObject({
      phase: 'storage',
      category: 'cold binaries',
    });
  });

  it('counts the CPU time of a read that misses the page cache as storage, up to its wait', () => {
    const stream = startedContainer(TIMES)
      .mark('create', 100, 500)
      .switch(4000, idle, { pid: PID.init })
      .cacheFill(4600, 4800, PID.init)
      .switch(5000, { pid: PID.init, ioWait: true }, idle)
      .wake(8900, idle, { pid: PID.init }, { flags: WAKE_FLAG.blockCompletion, context: 2 })
      .switch(9000, idle, { pid: PID.init });
    const segments = segmentsOf(stream);
    expect(at(segments, 4500)).toMatchObject({ state: 'user code', category: 'runc' });
    for (const time of [4600, 4900]) {
      expect(at(segments, time)).toMatchObject({ state: 'user code', category: 'cold binaries' });
    }
    expect(at(segments, 9500)).toMatchObject({ state: 'user code', category: 'runc' });
  });

  it('leaves a syscall that fills the page cache without waiting for the disk what it is', () => {
    const stream = startedContainer(TIMES)
      .mark('create', 100, 500)
      .switch(4000, idle, { pid: PID.init })
      .syscall('write', 4500, 5500, PID.init)
      .cacheFill(4600, 4800, PID.init);
    expect(at(segmentsOf(stream), 4700)).toMatchObject({ state: 'syscall', category: 'runc' });
  });

  it('does not lose the path in a thread that is not there yet', () => {
    const monitor = PID.dockerd + 1;
    const parent = PID.dockerd + 2;
    const child = PID.dockerd + 3;
    const stream = initThatWaited()
      .wake(8900, { pid: PID.dockerd, tid: parent }, { pid: PID.init })
      .fork(10, PID.dockerd, PID.dockerd, monitor)
      .fork(11, PID.dockerd, PID.dockerd, parent)
      .switch(20, idle, { pid: PID.dockerd, tid: parent })
      .switch(30, { pid: PID.dockerd, tid: parent }, idle)
      .wake(8550, { pid: PID.dockerd, tid: monitor }, { pid: PID.dockerd, tid: parent })
      .switch(8600, idle, { pid: PID.dockerd, tid: parent })
      // The monitor is woken by its timer at 8000 and runs at 8400; what ran then was forked at 8200.
      .syscall('nanosleep', 2990, 8410, PID.dockerd, monitor)
      .switch(2900, idle, { pid: PID.dockerd, tid: monitor }, 1)
      .switch(3000, { pid: PID.dockerd, tid: monitor }, idle, 1)
      .wake(
        8000,
        idle,
        { pid: PID.dockerd, tid: monitor },
        { context: WAKE_CONTEXT.hardIrq, flags: WAKE_FLAG.hrtimer },
      )
      .switch(8400, idle, { pid: PID.dockerd, tid: monitor }, 1)
      .switch(1000, idle, { pid: PID.dockerd }, 2)
      .fork(8200, PID.dockerd, PID.dockerd, child)
      .switch(8300, idle, { pid: PID.dockerd, tid: child }, 3)
      .syscall('gettid', 8320, 8330, PID.dockerd, child)
      .switch(8500, { pid: PID.dockerd, tid: child }, idle, 3);
    const segments = segmentsOf(stream);
    expect(at(segments, 7500)).toMatchObject({ tid: PID.dockerd, state: 'user code' });
  });

  it.each([
    ['a timer', { context: WAKE_CONTEXT.hardIrq, flags: WAKE_FLAG.hrtimer }, 'timer', 'sleep'],
    ['the network', { context: WAKE_CONTEXT.softIrq, vector: 3 }, 'network', 'IPC hand-over'],
    ['RCU', { context: WAKE_CONTEXT.softIrq, vector: 9 }, 'rcu', 'IPC hand-over'],
  ])('names a wait that %s ended', (_name, wake, kind, category) => {
    const stream = initThatWaited('epoll_pwait').wake(
      8900,
      { pid: PID.shim },
      { pid: PID.init },
      wake,
    );
    expect(at(segmentsOf(stream), 7000)).toMatchObject({
      state: 'blocked',
      waitsFor: { kind },
      category,
    });
  });

  it('does not follow a kernel thread, and names it', () => {
    const stream = initThatWaited('write').wake(
      8900,
      { pid: 16, comm: 'rcu_preempt' },
      { pid: PID.init },
      { flags: WAKE_FLAG.kernelThread },
    );
    expect(at(segmentsOf(stream), 7000)).toMatchObject({
      actor: 'init',
      waitsFor: { kind: 'kernel-thread', comm: 'rcu_preempt' },
    });
  });

  it("does not follow another container's process, and names it", () => {
    const other = 80;
    const stream = initThatWaited()
      .fork(1000, PID.containerd, other)
      .exec(1100, other, '/usr/bin/containerd-shim-runc-v2', ['shim', '-id', OTHER_CONTAINER])
      .wake(8900, { pid: other }, { pid: PID.init });
    const segment = at(segmentsOf(stream), 7000);
    expect(segment.waitsFor).toEqual({ kind: 'other-container', actor: 'shim', pid: other });
    expect(segment.actor).toBe('init');
  });

  it('takes the fork for the wake-up of a new process', () => {
    const segments = segmentsOf(
      startedContainer(TIMES)
        .mark('create', 100, 500)
        .switch(3000, idle, { pid: PID.runc })
        .switch(4500, { pid: PID.runc }, { pid: PID.init }),
    );
    expect(at(segments, 5000)).toMatchObject({ actor: 'init', state: 'user code' });
    expect(at(segments, 4200)).toMatchObject({ tid: PID.init, state: 'runnable' });
    expect(at(segments, 3500)).toMatchObject({ tid: PID.runc, state: 'user code' });
  });

  it('keeps a preempted thread on the path while it waits for a CPU', () => {
    const stream = startedContainer(TIMES)
      .mark('create', 100, 500)
      .switch(4000, idle, { pid: PID.init })
      .switch(5000, { pid: PID.init, runnable: true }, { pid: PID.runc })
      .switch(7000, { pid: PID.runc }, { pid: PID.init });
    expect(at(segmentsOf(stream), 6000)).toMatchObject({
      tid: PID.init,
      state: 'runnable',
      category: 'scheduling delay',
    });
  });

  it('finds a wake-up that overtook the switch', () => {
    const stream = initThatWaited().wake(4999, { pid: PID.runc }, { pid: PID.init });
    expect(at(segmentsOf(stream), 7000)).toMatchObject({ tid: PID.init, state: 'runnable' });
  });

  it('says where a wake-up is missing', () => {
    expect(at(segmentsOf(initThatWaited()), 7000)).toMatchObject({
      state: 'blocked',
      certainty: 'inferred',
      inference: { kind: 'wake-up-missing' },
    });
  });

  it("goes past Go's monitor thread to whoever wrote the message that it polled", () => {
    const monitor = PID.dockerd + 1;
    const worker = PID.dockerd + 2;
    const stream = startedContainer(TIMES)
      .mark('create', 100, 500)
      .switch(4000, idle, { pid: PID.init }, 1)
      .switch(4500, { pid: PID.init }, idle, 1)
      .wake(9000, { pid: PID.dockerd, tid: worker }, { pid: PID.init })
      .switch(9000, idle, { pid: PID.init }, 1)
      .fork(10, PID.dockerd, PID.dockerd, monitor)
      .fork(11, PID.dockerd, PID.dockerd, worker)
      // The worker was woken by the monitor, which had napped since 3000 and then polled.
      .switch(20, idle, { pid: PID.dockerd, tid: worker })
      .switch(30, { pid: PID.dockerd, tid: worker }, idle)
      .wake(8550, { pid: PID.dockerd, tid: monitor }, { pid: PID.dockerd, tid: worker })
      .switch(8600, idle, { pid: PID.dockerd, tid: worker })
      .syscall('nanosleep', 2990, 8500, PID.dockerd, monitor)
      .switch(2900, idle, { pid: PID.dockerd, tid: monitor }, 1)
      .switch(3000, { pid: PID.dockerd, tid: monitor }, idle, 1)
      .wake(
        8400,
        idle,
        { pid: PID.dockerd, tid: monitor },
        {
          context: WAKE_CONTEXT.hardIrq,
          flags: WAKE_FLAG.hrtimer,
        },
      )
      .switch(8450, idle, { pid: PID.dockerd, tid: monitor }, 1)
      .syscall('epoll_pwait', 8510, 8520, PID.dockerd, monitor, { result: 1 })
      .switch(1000, idle, { pid: PID.containerd })
      .syscall('write', 5900, 6000, PID.containerd, PID.containerd, { result: 42 });
    const segments = segmentsOf(stream);
    expect(at(segments, 7000)).toMatchObject({
      actor: 'dockerd',
      category: 'Go scheduler',
      waitsFor: { kind: 'go-poller' },
      certainty: 'inferred',
    });
    expect(at(segments, 5950)).toMatchObject({ actor: 'containerd', state: 'syscall' });
  });
});
