/**
 * Makes a trace file of many events, for benchmarks and tests: container starts that run at once, with
 * the proportions of real ones (a start is about 27,000 events: 60 % syscalls, most without arguments,
 * 25 % switches, 13 % wake-ups). The first start is the one that the header and the marks speak of.
 *
 *   npx tsx scripts/generate-trace.ts --events 1000000 --out big.dit [--seed 1]
 */
import { rmSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { traceTimeOf } from '../src/base/time.js';
import {
  EXIT_FLAG,
  SWITCH_FLAG,
  SYSCALL_FLAG,
  WAKE_CONTEXT,
} from '../src/model/recording/event-kinds.js';
import { EventTable } from '../src/model/recording/event-table.js';
import type { KnownProcess, ProcessRole } from '../src/model/recording/recording.js';
import { StringInterner } from '../src/model/recording/strings.js';
import { type NewTraceHeader, TraceFileWriter } from '../src/tracefile/writer.js';

const EVENTS_OF_A_START = 27_000;
const CPUS = 4;
/** Events that a live recording has between two writes. */
const BATCH_EVENTS = 20_000;
/** Mean time between two events of one start: 400 ms for all. */
const STEP_NS = 15_000;
const CLIENT = 900;
const DOCKERD = 700;
const CONTAINERD = 600;

/** Numbers in [0, 1) from a seed (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Syscalls of Go programs and their share, in per cent; the last takes the rest. */
const COMMON_SYSCALLS: readonly (readonly [name: string, share: number, typicalNs: number])[] = [
  ['futex', 34, 60_000],
  ['epoll_pwait', 9, 40_000],
  ['nanosleep', 6, 70_000],
  ['read', 11, 2_500],
  ['write', 7, 4_000],
  ['rt_sigprocmask', 8, 250],
  ['rt_sigaction', 7, 220],
  ['mmap', 5, 1_800],
  ['close', 4, 700],
  ['fcntl', 3, 240],
  ['newfstatat', 2, 1_900],
  ['getpid', 1, 180],
  ['sched_yield', 1, 900],
  ['madvise', 2, 1_500],
];
const ARGUMENTS_SHARE = 0.04;

interface Thread {
  readonly pid: number;
  readonly tid: number;
  lastExit: number;
}

interface Process {
  readonly pid: number;
  comm: string;
  readonly threads: readonly Thread[];
}

/** The events of several starts, in the order in which a recorder would get them. */
class Machine {
  readonly table = new EventTable();
  readonly interner = new StringInterner();
  readonly random: () => number;
  now = 0;
  #nextPid = 1000;
  readonly #running: Thread[];
  readonly dockerd: Process;
  readonly containerd: Process;
  readonly client: Process;

  constructor(random: () => number) {
    this.random = random;
    this.dockerd = processOf(DOCKERD, 'dockerd', 18);
    this.containerd = processOf(CONTAINERD, 'containerd', 14);
    this.client = processOf(CLIENT, 'dit', 8);
    this.#running = Array.from({ length: CPUS }, () => this.dockerd.threads[0] as Thread);
  }

  pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.random() * items.length)] as T;
  }

  /** A duration around `typicalNs`: most shorter, some far longer. */
  around(typicalNs: number): number {
    return Math.round(typicalNs * 0.3 * Math.exp(2.2 * this.random() * this.random() * 2));
  }

  #common(thread: Thread, time: number): { time: number; cpu: number; pid: number; tid: number } {
    return { time, cpu: thread.tid % CPUS, pid: thread.pid, tid: thread.tid };
  }

  syscall(
    thread: Thread,
    name: string,
    typicalNs: number,
    texts: readonly (readonly [position: number, text: string])[] = [],
    result = 0,
  ): void {
    const start = Math.max(thread.lastExit, this.now - this.around(typicalNs));
    const withArguments = texts.length > 0;
    thread.lastExit = this.now;
    this.table.push('syscall', this.#common(thread, start), {
      names: this.interner.intern(name),
      durations_ns: this.now - start,
      results: result,
      flags: withArguments ? SYSCALL_FLAG.hasArguments : 0,
      arguments: withArguments ? [-100, 0x7f_1234_5000 + thread.tid * 4096, 0x80000, 0, 0, 0] : [],
      text_positions: texts.map(([position]) => position),
      texts: texts.map(([, text]) => this.interner.intern(text)),
    });
  }

  fork(parent: Process, comm: string, threads: number): Process {
    const child = processOf(this.#nextPid, comm, threads);
    this.#nextPid += threads + 1;
    const thread = parent.threads[0] as Thread;
    for (const { pid, tid } of child.threads) {
      this.table.push('fork', this.#common(tid === pid ? thread : firstOf(child), this.now), {
        child_pids: pid,
        child_tids: tid,
        child_comms: this.interner.intern(comm),
      });
    }
    return child;
  }

  exec(process: Process, filename: string, argv: readonly string[]): void {
    process.comm = (filename.split('/').at(-1) as string).slice(0, 15);
    this.table.push('exec', this.#common(firstOf(process), this.now), {
      filenames: this.interner.intern(filename),
      arguments: argv.map((argument) => this.interner.intern(argument)),
      argument_bytes: argv.reduce((bytes, argument) => bytes + argument.length + 1, 0),
    });
  }

  rename(process: Process, comm: string): void {
    process.comm = comm;
    const comms = this.interner.intern(comm);
    this.table.push('rename', this.#common(firstOf(process), this.now), { comms });
  }

  exit(process: Process, code = 0): void {
    for (const thread of process.threads.toReversed()) {
      const flags = thread.tid === thread.pid ? EXIT_FLAG.lastThread : 0;
      this.table.push('exit', this.#common(thread, this.now), { codes: code, flags });
    }
  }

  cgroup(
    kind: 'cgroup_mkdir' | 'cgroup_attach',
    by: Process,
    path: string,
    target?: Process,
  ): void {
    this.table.push(kind, this.#common(firstOf(by), this.now), {
      cgroup_ids: 5000 + by.pid,
      hierarchy_ids: 0,
      paths: this.interner.intern(path),
      target_pids: target?.pid ?? 0,
      target_tids: target?.pid ?? 0,
    });
  }

  /** What happens between the steps of a start: a syscall, a switch or a wake-up. */
  ordinary(actors: readonly Process[]): void {
    const other = this.pick(this.pick(actors).threads);
    const chance = this.random();
    const cpu = other.tid % CPUS;
    const running = this.#running[cpu] as Thread;
    if (chance < 0.61) this.#ordinarySyscall(other);
    else if (chance < 0.865) {
      const preempted = this.random() < 0.1;
      this.table.push(
        'switch',
        { ...this.#common(running, this.now), cpu },
        {
          previous_states: preempted ? 0 : this.random() < 0.05 ? 2 : 1,
          next_pids: other.pid,
          next_tids: other.tid,
          flags: preempted ? SWITCH_FLAG.preempted : 0,
        },
      );
      this.#running[cpu] = other;
    } else {
      const softIrq = this.random() < 0.15;
      this.table.push(
        'waking',
        { ...this.#common(running, this.now), cpu },
        {
          target_pids: other.pid,
          target_tids: other.tid,
          contexts: softIrq ? WAKE_CONTEXT.softIrq : WAKE_CONTEXT.task,
          vectors: softIrq ? this.pick([1, 3, 4]) : 0,
          waker_comms: this.interner.intern(this.pick(actors).comm),
        },
      );
    }
  }

  #ordinarySyscall(thread: Thread): void {
    if (this.random() < ARGUMENTS_SHARE) {
      const path = `/var/lib/docker/overlay2/${Math.floor(this.random() * 4000)}/diff/etc`;
      this.syscall(thread, 'openat', 4_000, [[1, path]], 7);
      return;
    }
    let share = this.random() * 100;
    const [name, , typicalNs] =
      COMMON_SYSCALLS.find((syscall) => {
        share -= syscall[1];
        return share < 0;
      }) ?? (COMMON_SYSCALLS[0] as (typeof COMMON_SYSCALLS)[number]);
    const failed = name === 'futex' || name === 'read' ? this.random() < 0.2 : false;
    this.syscall(thread, name, typicalNs, [], failed ? -11 : name === 'mmap' ? 0x7f_0000_0000 : 0);
  }
}

function processOf(pid: number, comm: string, threads: number): Process {
  return {
    pid,
    comm,
    threads: Array.from({ length: threads }, (_, index) => ({
      pid,
      tid: pid + index,
      lastExit: 0,
    })),
  };
}

const firstOf = (process: Process): Thread => process.threads[0] as Thread;

/** One step of a start, at its share of the start's events. */
type Step = readonly [at: number, run: () => void];

/** A container's start as runc and dockerd make it, in few steps. */
class ContainerStart {
  readonly id: string;
  readonly times = { create: [0, 0], start: [0, 0], wait: [0, 0] };
  initPid = 0;
  #actors: Process[];
  readonly #steps: Step[];

  constructor(machine: Machine, number: number) {
    this.id = number.toString(16).padStart(4, '0').repeat(16);
    this.#actors = [machine.client, machine.dockerd, machine.containerd];
    this.#steps = this.#plan(machine);
  }

  /** Emits what comes at `progress` (0 to 1) of this start. */
  advance(machine: Machine, progress: number): void {
    const step = this.#steps[0];
    if (step !== undefined && step[0] <= progress) {
      this.#steps.shift();
      step[1]();
    } else machine.ordinary(this.#actors);
  }

  #plan(m: Machine): Step[] {
    const { dockerd, containerd, id } = {
      dockerd: m.dockerd,
      containerd: m.containerd,
      id: this.id,
    };
    const rootfs = `/var/lib/docker/overlay2/${id}/merged`;
    const scope = `/docker/${id}`;
    const task = ['--namespace', 'moby', '--id', id];
    const enter = (process: Process): Process => {
      this.#actors = [...this.#actors, process];
      return process;
    };
    const leave = (process: Process, code = 0): void => {
      m.exit(process, code);
      this.#actors = this.#actors.filter((actor) => actor !== process);
    };
    const mount = (by: Process, target: string, type: string, ns: number): void =>
      m.syscall(firstOf(by), 'mount', ns, [
        [0, type],
        [1, target],
        [2, type],
      ]);
    let shim = dockerd;
    let runc = dockerd;
    let parent = dockerd;
    let child = dockerd;
    let init = dockerd;
    const mounts: Step[] = Array.from({ length: 36 }, (_, index) => [
      0.6 + index * 0.005,
      () => mount(init, `${rootfs}/mnt/${index}`, 'tmpfs', 12_000),
    ]);
    const steps: Step[] = [
      [0, () => this.times.create.fill(m.now)],
      [0.05, () => mount(dockerd, `${rootfs}-init`, 'overlay', 400_000)],
      [0.08, () => m.syscall(firstOf(dockerd), 'fsync', 3_000_000)],
      [
        0.15,
        () => {
          this.times.create[1] = m.now;
          this.times.start.fill(m.now + 20_000);
        },
      ],
      [0.2, () => mount(dockerd, rootfs, 'overlay', 500_000)],
      [
        0.25,
        () => {
          shim = enter(m.fork(containerd, 'containerd', 1));
          m.exec(shim, '/usr/bin/containerd-shim-runc-v2', [
            'containerd-shim-runc-v2',
            ...task,
            'start',
          ]);
        },
      ],
      [
        0.3,
        () => {
          const starter = shim;
          shim = enter(m.fork(starter, 'containerd-shim', 11));
          m.exec(shim, '/usr/bin/containerd-shim-runc-v2', ['containerd-shim-runc-v2', ...task]);
          leave(starter);
        },
      ],
      [
        0.36,
        () => {
          runc = enter(m.fork(shim, 'containerd-shim', 7));
          m.exec(runc, '/usr/bin/runc', ['runc', '--root', '/run/runc/moby', 'create', id]);
        },
      ],
      [
        0.42,
        () => {
          parent = enter(m.fork(runc, 'runc', 1));
          m.exec(parent, '/proc/self/exe', ['runc', 'init']);
          m.rename(parent, 'runc:[0:PARENT]');
        },
      ],
      [0.44, () => m.cgroup('cgroup_mkdir', runc, scope)],
      [0.45, () => m.cgroup('cgroup_attach', runc, scope, parent)],
      [
        0.5,
        () => {
          child = enter(m.fork(parent, 'runc:[0:PARENT]', 1));
          m.rename(child, 'runc:[1:CHILD]');
          m.syscall(firstOf(child), 'unshare', 300_000);
        },
      ],
      [
        0.55,
        () => {
          init = enter(m.fork(child, 'runc:[1:CHILD]', 1));
          this.initPid = init.pid;
          m.rename(init, 'runc:[2:INIT]');
          leave(child);
          leave(parent);
        },
      ],
      ...mounts,
      [0.8, () => m.syscall(firstOf(init), 'pivot_root', 40_000, [[0, '.']])],
      [0.84, () => leave(runc)],
      [
        0.86,
        () => {
          runc = enter(m.fork(shim, 'containerd-shim', 6));
          m.exec(runc, '/usr/bin/runc', ['runc', '--root', '/run/runc/moby', 'start', id]);
        },
      ],
      [0.9, () => m.syscall(firstOf(init), 'openat', 900_000, [[1, '/proc/self/fd/4']], 5)],
      [
        0.92,
        () => {
          m.exec(init, '/bin/true', ['true']);
          this.times.start[1] = m.now;
          this.times.wait.fill(m.now + 30_000);
        },
      ],
      [0.94, () => leave(runc)],
      [
        0.97,
        () => {
          leave(init);
          this.times.wait[1] = m.now;
        },
      ],
      [0.99, () => leave(shim)],
    ];
    return steps;
  }
}

/** Writes a whole recording of `events` events; the same seed gives the same file. */
export function generateTrace(writer: TraceFileWriter, events: number, seed = 1): void {
  const machine = new Machine(randomOf(seed));
  const starts = Array.from(
    { length: Math.max(1, Math.round(events / EVENTS_OF_A_START)) },
    (_, index) => new ContainerStart(machine, index + 1),
  );
  const { table, interner } = machine;
  const clock = (): void =>
    writer.clock({
      trace: traceTimeOf(machine.now),
      realtimeOffset: machine.now,
      boottimeOffset: 0,
      uncertaintyNs: 45,
    });

  writer.header(header());
  clock();
  writer.processes(
    traceTimeOf(0),
    [machine.client, machine.dockerd, machine.containerd].map(knownProcess),
  );
  let written = 0;
  while (table.length < events) {
    machine.now += Math.ceil(-Math.log(1 - machine.random()) * (STEP_NS / starts.length));
    machine.pick(starts).advance(machine, table.length / events);
    if (table.length - written < BATCH_EVENTS) continue;
    writer.events(table, written, table.length, interner);
    written = table.length;
  }
  writer.events(table, written, events, interner);
  writeMarks(writer, starts[0] as ContainerStart);
  clock();
  writer.loss({
    at: traceTimeOf(machine.now),
    losses: ['sys_exit', 'sched_switch', 'queue'].map((where) => ({ where, records: 0 })),
  });
  writer.footer({
    end: traceTimeOf(machine.now),
    outcome: 'complete',
    failure: '',
    events: writer.eventCount,
    malformed: 0,
    disarmNs: 12_000_000,
    recorderCpuNs: 60_000_000,
  });
}

function writeMarks(writer: TraceFileWriter, { times, id, initPid }: ContainerStart): void {
  for (const [name, [start, end]] of Object.entries(times)) {
    writer.mark({
      name,
      start: traceTimeOf(start as number),
      end: traceTimeOf(end as number),
      containerId: id,
      status: name === 'create' ? 201 : name === 'start' ? 204 : 200,
      error: '',
      wallClock: false,
      detail: new Map(
        name === 'wait'
          ? [
              ['exit_code', '0'],
              ['init_pid', String(initPid)],
            ]
          : [],
      ),
    });
  }
}

function knownProcess({ pid, comm, threads }: Process): KnownProcess {
  return {
    pid,
    parentPid: pid === CONTAINERD ? DOCKERD : 1,
    comm,
    arguments: [`/usr/bin/${comm}`],
    start: traceTimeOf(-3_600_000_000_000),
    role: pid === CLIENT ? 'client' : (comm as ProcessRole),
    tids: threads.map(({ tid }) => tid),
  };
}

const header = (): NewTraceHeader => ({
  traceId: '5eed'.repeat(8),
  ditVersion: '0.1.0',
  startNs: 7_200_000_000_000n,
  startRealtimeNs: 1_750_000_000_000_000_000n,
  host: {
    hostname: 'synthetic',
    kernelRelease: '6.12.0',
    architecture: 'x86_64',
    cpus: CPUS,
    memoryBytes: 8 * 2 ** 30,
    os: 'Debian GNU/Linux 13 (trixie)',
    cgroupVersion: '2',
    lockdown: 'none',
    loadAverage1m: 0.4,
  },
  engine: {
    endpoint: 'unix:///run/docker.sock',
    name: 'Docker Engine',
    version: '28.5.0',
    apiVersion: '1.51',
    containerdVersion: '1.7.28',
    runcVersion: '1.3.0',
    storageDriver: 'overlay2',
    cgroupDriver: 'cgroupfs',
    cgroupVersion: '2',
    privateEngine: false,
    defaultRuntime: 'runc',
    dataRoot: '/var/lib/docker',
  },
  source: {
    name: 'ebpf',
    probes: ['sys_exit', 'sched_switch', 'sched_waking', 'sched_process_exec'].map((program) => ({
      program,
      attachPoint: `tp_btf/${program}`,
      attached: true,
      refusal: '',
      attachedNs: 7_199_990_000_000n,
    })),
    perturbed: false,
    perturbation: '',
    ringBytes: 64 * 2 ** 20,
  },
  target: {
    image: 'synthetic',
    command: ['true'],
    containerName: '',
    network: 'none',
    runtime: 'runc',
    scope: '',
    containerId: '',
  },
  redacted: false,
  command: ['dit', 'trace', 'run', 'synthetic', 'true'],
});

function main(): void {
  const { values } = parseArgs({
    options: {
      events: { type: 'string', default: '1000000' },
      out: { type: 'string' },
      seed: { type: 'string', default: '1' },
    },
  });
  const events = Number(values.events);
  if (values.out === undefined || !Number.isSafeInteger(events) || events < 1) {
    throw new Error('usage: generate-trace --events N --out FILE [--seed N]');
  }
  rmSync(values.out, { force: true });
  const writer = new TraceFileWriter(values.out);
  generateTrace(writer, events, Number(values.seed));
  writer.close();
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) main();
