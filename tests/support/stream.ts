/** Synthetic recordings: threads that run, block and wake each other, written down as the kernel would. */

import type { TraceTime } from '../../src/base/time.js';
import { SWITCH_FLAG, SYSCALL_FLAG, WAKE_CONTEXT } from '../../src/model/recording/event-kinds.js';
import { EventTable } from '../../src/model/recording/event-table.js';
import {
  type ApiMark,
  type KnownProcess,
  PROCESS_ROLES,
  type Recording,
} from '../../src/model/recording/recording.js';
import { StringInterner } from '../../src/model/recording/strings.js';

export const CONTAINER = 'c'.repeat(64);
export const OTHER_CONTAINER = 'd'.repeat(64);
const BLOCKED = 1;

interface SyscallArguments {
  readonly result?: number;
  readonly arguments?: readonly number[];
  /** By argument; 8 + n: the file behind descriptor n. */
  readonly texts?: Readonly<Record<number, string>>;
}

export class Stream {
  readonly events = new EventTable();
  readonly strings = new StringInterner();
  readonly marks: ApiMark[] = [];
  readonly processes: KnownProcess[] = [];

  known(pid: number, comm: string, parentPid = 1, tids: readonly number[] = [pid]): this {
    this.processes.push({
      pid,
      parentPid,
      comm,
      arguments: [comm],
      start: -1e9 as TraceTime,
      role: PROCESS_ROLES.find((role) => role === comm) ?? '',
      tids,
    });
    return this;
  }

  mark(name: string, start: number, end: number | undefined, more: Partial<ApiMark> = {}): this {
    this.marks.push({
      name,
      start: start as TraceTime,
      end: end as TraceTime | undefined,
      containerId: CONTAINER,
      status: 200,
      error: '',
      wallClock: false,
      detail: new Map(),
      ...more,
    });
    return this;
  }

  fork(time: number, pid: number, childPid: number, childTid = childPid, tid = pid): this {
    this.events.push(
      'fork',
      { time, pid, tid },
      { child_pids: childPid, child_tids: childTid, child_comms: this.strings.intern('child') },
    );
    return this;
  }

  exec(time: number, pid: number, filename: string, argv: readonly string[]): this {
    this.events.push(
      'exec',
      { time, pid },
      {
        filenames: this.strings.intern(filename),
        arguments: argv.map((argument) => this.strings.intern(argument)),
        old_tids: pid,
      },
    );
    return this;
  }

  rename(time: number, pid: number, comm: string): this {
    this.events.push('rename', { time, pid }, { comms: this.strings.intern(comm) });
    return this;
  }

  exit(time: number, pid: number, code = 0): this {
    this.events.push('exit', { time, pid }, { codes: code, flags: 1 });
    return this;
  }

  syscall(
    name: string,
    start: number,
    end: number | undefined,
    pid: number,
    tid = pid,
    more: SyscallArguments = {},
  ): this {
    const positions = Object.keys(more.texts ?? {}).map(Number);
    const detailed = more.arguments !== undefined || positions.length > 0;
    this.events.push(
      'syscall',
      { time: start, pid, tid },
      {
        names: this.strings.intern(name),
        durations_ns: end === undefined ? 0 : end - start,
        results: more.result ?? 0,
        flags:
          (end === undefined ? SYSCALL_FLAG.unfinished : 0) |
          (detailed ? SYSCALL_FLAG.hasArguments : 0),
        arguments: detailed ? [...(more.arguments ?? []), 0, 0, 0, 0, 0, 0].slice(0, 6) : [],
        text_positions: positions,
        texts: positions.map((position) => this.strings.intern(more.texts?.[position] ?? '')),
      },
    );
    return this;
  }

  cacheFill(from: number, to: number, pid: number, tid = pid): this {
    this.events.push(
      'cache_fill',
      { time: from, pid, tid },
      { folios: 16, last_offset_ns: to - from },
    );
    return this;
  }

  /** A CPU goes from one thread to another; tid 0 is the idle task. */
  switch(
    time: number,
    from: { pid: number; tid?: number; runnable?: boolean; ioWait?: boolean },
    to: { pid: number; tid?: number },
    cpu = 0,
  ): this {
    this.events.push(
      'switch',
      { time, cpu, pid: from.pid, tid: from.tid ?? from.pid },
      {
        previous_states: from.runnable === true ? 0 : BLOCKED,
        next_pids: to.pid,
        next_tids: to.tid ?? to.pid,
        flags: from.ioWait === true ? SWITCH_FLAG.ioWait : 0,
      },
    );
    return this;
  }

  wake(
    time: number,
    waker: { pid: number; tid?: number; comm?: string },
    target: { pid: number; tid?: number },
    more: { context?: number; vector?: number; flags?: number } = {},
  ): this {
    this.events.push(
      'waking',
      { time, pid: waker.pid, tid: waker.tid ?? waker.pid },
      {
        target_pids: target.pid,
        target_tids: target.tid ?? target.pid,
        contexts: more.context ?? WAKE_CONTEXT.task,
        vectors: more.vector ?? 0,
        flags: more.flags ?? 0,
        waker_comms: this.strings.intern(waker.comm ?? 'waker'),
      },
    );
    return this;
  }

  recording(): Recording {
    return {
      header: {
        versionMajor: 1,
        versionMinor: 0,
        traceId: '0'.repeat(32),
        ditVersion: 'test',
        startNs: 1_000_000_000n,
        startRealtimeNs: 1_700_000_000_000_000_000n,
        host: {
          hostname: 'host',
          kernelRelease: '6.1.0',
          architecture: 'x86_64',
          cpus: 2,
          memoryBytes: 2 ** 30,
          os: 'Debian',
          cgroupVersion: '2',
          lockdown: 'none',
          loadAverage1m: 0,
        },
        engine: {
          endpoint: 'unix:///run/docker.sock',
          name: 'Docker Engine',
          version: '28.5.2',
          apiVersion: '1.51',
          containerdVersion: '2.1',
          runcVersion: '1.3',
          storageDriver: 'overlay2',
          cgroupDriver: 'cgroupfs',
          cgroupVersion: '2',
          privateEngine: true,
          defaultRuntime: 'runc',
          dataRoot: '/var/lib/docker',
        },
        source: {
          name: 'ebpf',
          probes: [],
          perturbed: false,
          perturbation: '',
          ringBytes: 2 ** 26,
        },
        target: {
          image: 'image',
          command: [],
          containerName: 'name',
          network: '',
          runtime: '',
          scope: '',
          containerId: '',
        },
        redacted: false,
        command: ['dit', 'trace', 'run'],
      },
      clocks: [],
      strings: this.strings,
      events: this.events,
      marks: this.marks,
      processes: this.processes,
      loss: { at: 0 as TraceTime, losses: [{ where: 'sys_exit', records: 0 }] },
      diagnostics: [],
      footer: {
        end: 1e9 as TraceTime,
        outcome: 'complete',
        failure: '',
        events: this.events.length,
        malformed: 0,
        disarmNs: 0,
        recorderCpuNs: 0,
      },
      problems: [],
      unread: '',
      unknownFrames: 0,
      bytes: 0,
    };
  }
}

export const PID = {
  client: 10,
  dockerd: 20,
  containerd: 30,
  shim: 40,
  runc: 50,
  init: 60,
  start: 70,
} as const;

/** Client, engine, shim, runc create and init of one container: forked and executed, nothing else. */
export function startedContainer(times: {
  shim: number;
  runc: number;
  init: number;
  entrypoint: number;
}): Stream {
  const id = ['-namespace', 'moby', '-id', CONTAINER];
  return new Stream()
    .known(PID.client, 'client')
    .known(PID.dockerd, 'dockerd')
    .known(PID.containerd, 'containerd', PID.dockerd)
    .fork(times.shim - 5, PID.containerd, PID.shim)
    .exec(times.shim, PID.shim, '/usr/bin/containerd-shim-runc-v2', [
      'containerd-shim-runc-v2',
      ...id,
    ])
    .fork(times.runc - 5, PID.shim, PID.runc)
    .exec(times.runc, PID.runc, '/usr/bin/runc', [
      'runc',
      '--root',
      '/r',
      'create',
      '--bundle',
      '/b',
      CONTAINER,
    ])
    .fork(times.init - 5, PID.runc, PID.init)
    .exec(times.init, PID.init, '/proc/self/exe', ['runc', 'init'])
    .rename(times.init + 5, PID.init, 'runc:[2:INIT]')
    .exec(times.entrypoint, PID.init, '/bin/sh', ['sh', '-c', 'true']);
}
