/** Traces for tests of what reads them: whole ones put together by hand, small enough to check by eye. */
import { type ContainerId, type ProcessKey, parseContainerId } from '../../src/base/ids.js';
import { durationOf, traceTimeOf } from '../../src/base/time.js';
import { EventTable } from '../../src/model/recording/event-table.js';
import type { Recording, TraceFooter } from '../../src/model/recording/recording.js';
import { StringInterner } from '../../src/model/recording/strings.js';
import type { ActorKind } from '../../src/model/trace/actor-kind.js';
import type { Category } from '../../src/model/trace/category.js';
import type {
  ContainerRun,
  Milestone,
  MilestoneName,
  Phase,
  ProcessLife,
  Segment,
  SegmentState,
  Trace,
  Window,
} from '../../src/model/trace/trace.js';
import type { PlainCause, WaitCause } from '../../src/model/trace/wait-cause.js';
import { sampleFooter, sampleHeader } from './recordings.js';

export const SAMPLE_ID = parseContainerId('0123456789ab'.padEnd(64, 'c')) as ContainerId;

export function sampleRecording(changes: Partial<Recording> = {}): Recording {
  const events = changes.events ?? new EventTable();
  return {
    header: { ...sampleHeader(), versionMajor: 1, versionMinor: 0 },
    clocks: [],
    strings: new StringInterner(),
    events,
    marks: [],
    processes: [],
    loss: { at: traceTimeOf(0), losses: [{ where: 'sys_enter', records: 0 }] },
    diagnostics: [],
    footer: sampleFooter(events.length),
    problems: [],
    unread: '',
    unknownFrames: 0,
    bytes: 441_988,
    ...changes,
  };
}

/** Length in ns and what fills it; a segment begins where the one before ends. */
export type Piece = readonly [
  ns: number,
  actor: ActorKind,
  state: SegmentState,
  phase: Phase | undefined,
  category: Category,
  waitsFor?: PlainCause | WaitCause | undefined,
];

export function segmentsFrom(start: number, pieces: readonly Piece[]): Segment[] {
  let at = start;
  return pieces.map(([ns, actor, state, phase, category, waitsFor]): Segment => {
    const begin = at;
    at += ns;
    return {
      start: traceTimeOf(begin),
      end: traceTimeOf(at),
      actor,
      process: undefined,
      tid: 1000,
      state,
      syscall: undefined,
      waitsFor: typeof waitsFor === 'string' ? { kind: waitsFor } : waitsFor,
      wokenBy: undefined,
      certainty: 'exact',
      inference: undefined,
      phase,
      category,
      rule: category,
    };
  });
}

const MS = 1e6;
/** The create request, on the trace clock. */
const REQUEST = 50 * MS;

export const kernelThread = (comm: string): WaitCause => ({ kind: 'kernel-thread', comm });
const IPTABLES: WaitCause = { kind: 'process', comm: 'iptables', pid: 2044 };

const PIECES: readonly Piece[] = [
  [3_000_201, 'client', 'user code', 'runtime', 'client'],
  [9 * MS, 'dockerd', 'user code', 'runtime', 'dockerd'],
  [22 * MS, 'dockerd', 'blocked', 'storage', 'fsync', 'block-io'],
  [6 * MS, 'dockerd', 'syscall', 'storage', 'rootfs mount'],
  [8 * MS, 'containerd', 'runnable', 'runtime', 'scheduling delay'],
  [14 * MS, 'shim', 'user code', 'runtime', 'shim'],
  [17 * MS, 'runc create', 'user code', 'runtime', 'runc'],
  [12 * MS, 'runc create', 'blocked', 'kernel', 'cgroups', kernelThread('rcu_preempt')],
  [9 * MS, 'init', 'syscall', 'kernel', 'namespaces'],
  [61 * MS, 'hook', 'user code', 'runtime', 'hooks'],
  [44 * MS, 'dockerd', 'blocked', 'runtime', 'network set-up', IPTABLES],
  [18 * MS, 'init', 'syscall', 'kernel', 'mounts'],
  [16 * MS, 'init', 'user code', 'runtime', 'runc'],
  [21 * MS, 'runc start', 'user code', 'runtime', 'runc'],
  [113_000, 'init', 'blocked', undefined, 'unattributed'],
  [4 * MS, 'init', 'syscall', 'kernel', 'exec'],
];

type Found = readonly [name: MilestoneName, msSinceRequest: number, text: string, api?: 'api'];

const MILESTONES: readonly Found[] = [
  ['create requested', 0, 'api: create request sent', 'api'],
  ['create answered', 34.2, 'api: create request answered', 'api'],
  ['start requested', 34.9, 'api: start request sent', 'api'],
  [
    'rootfs mounted',
    39.8,
    `dockerd: mount overlay on /var/lib/docker/overlay2/${'f'.repeat(64)}/merged`,
  ],
  ['shim exec', 48.1, 'exec containerd-shim-runc-v2, pid 2001'],
  ['runc exec', 62.3, 'exec runc, pid 2010'],
  ['cgroup attached', 91, `pid 2020 into /docker/${SAMPLE_ID}`],
  ['first namespace', 92.4, 'unshare of mnt, uts, ipc, pid, net by pid 2022'],
  ['init cloned', 93.1, 'fork of pid 2023, which becomes the entrypoint'],
  ['hooks began', 101.2, 'exec libnetwork-setkey, pid 2030'],
  ['hooks ended', 205.4, 'exit of pid 2030 with 0'],
  ['pivot_root', 212.7, 'pivot_root by pid 2023'],
  ['runc exited', 238.6, 'exit of runc create, pid 2010, with 0'],
  ['exec FIFO opened', 258.4, 'openat by pid 2023 returned after 18.1 ms'],
  ['entrypoint exec', 264.113201, 'exec /bin/sh, pid 2023'],
  ['exited', 266.9, 'exit of pid 2023 with 3'],
  ['first output', 267.2, 'api: first bytes received', 'api'],
];

function milestonesOf(found: readonly Found[]): Milestone[] {
  return found.map(([name, ms, text, api], index) => ({
    name,
    time: traceTimeOf(REQUEST + Math.round(ms * MS)),
    certainty: name === 'cgroup attached' ? 'inferred' : 'exact',
    evidence:
      api === undefined
        ? { kind: 'event', event: index, text }
        : { kind: 'mark', mark: index, text },
  }));
}

type Life = readonly [actor: ActorKind, pid: number, fromMs?: number, toMs?: number];

const LIVES: readonly Life[] = [
  ['client', 900],
  ['dockerd', 700],
  ['containerd', 600],
  ['shim', 2001, 48.1],
  ['runc create', 2010, 62.3, 238.6],
  ['init', 2023, 93.1],
  ['hook', 2030, 101.2, 205.4],
  ['runc start', 2040, 241, 263],
];

function livesOf(lives: readonly Life[]): ProcessLife[] {
  return lives.map(([actor, pid, fromMs, toMs], index) => {
    const at = (ms: number | undefined) =>
      ms === undefined ? undefined : traceTimeOf(REQUEST + ms * MS);
    return {
      key: index as ProcessKey,
      pid,
      parent: undefined,
      start: at(fromMs),
      end: at(toMs),
      exitCode: undefined,
      exitEvent: undefined,
      forkEvent: undefined,
      execs: [],
      comms: [],
      actors: [
        {
          from: at(fromMs) ?? traceTimeOf(-Infinity),
          actor,
          containerId: fromMs === undefined ? undefined : SAMPLE_ID,
        },
      ],
    };
  });
}

/** Some events beside the critical path, so that lanes show who was busy. */
function busyEvents(strings: StringInterner): EventTable {
  const events = new EventTable();
  const name = strings.intern('futex');
  for (const [pid, ms] of [
    [700, 70],
    [700, 110],
    [600, 66],
    [2001, 130],
    [2010, 180],
    [900, 255],
  ] as const) {
    events.push('syscall', { time: REQUEST + ms * MS, pid }, { names: name, durations_ns: 4000 });
  }
  return events;
}

const inOrder = (events: EventTable): Uint32Array =>
  Uint32Array.from({ length: events.length }, (_, row) => row);

/** From the create request to the entrypoint's exec. */
export const windowOf = (start: number, end: number): Window => ({
  start: traceTimeOf(start),
  end: traceTimeOf(end),
  from: 'create requested',
  to: 'entrypoint exec',
});

export function sampleRun(changes: Partial<ContainerRun> = {}): ContainerRun {
  const segments = segmentsFrom(REQUEST, PIECES);
  return {
    containerId: SAMPLE_ID,
    name: 'eager_lamport',
    image: 'alpine:3.20',
    milestones: milestonesOf(MILESTONES),
    absent: [{ name: 'removed', reason: 'the container was not removed while it was recorded' }],
    window: windowOf(REQUEST, segments.at(-1)?.end ?? REQUEST),
    segments,
    copyUps: [
      {
        start: traceTimeOf(REQUEST + 265 * MS),
        duration: durationOf(640e6),
        bytes: 104_857_600,
        path: '/var/lib/big',
        actor: 'entrypoint',
        process: undefined,
        tid: 2023,
        syscall: 4,
        trigger: 'openat',
        certainty: 'inferred',
      },
    ],
    findings: [
      {
        id: 'network-hook',
        ns: durationOf(104_200_000),
        facts: { pid: 2030, execs: 2, windowNs: durationOf(264_113_201) },
      },
      {
        id: 'fsync',
        ns: durationOf(22_000_000),
        facts: {
          calls: 1,
          medianNs: durationOf(22_000_000),
          longestNs: durationOf(22_000_000),
          slow: 1,
          cause: 'slow-disk',
          worst: {
            file: `containers/${SAMPLE_ID}/config.v2.json`,
            ns: durationOf(22_000_000),
          },
          byActor: [{ actor: 'dockerd', ns: durationOf(22_000_000) }],
        },
      },
    ],
    processes: [],
    exitCode: 3,
    failure: '',
    ...changes,
  };
}

/** A start of 264,113,201 ns in which everything went well, but for one refused probe. */
export function startedTrace(changes: Partial<Trace> = {}): Trace {
  const strings = new StringInterner();
  const events = busyEvents(strings);
  return {
    recording: sampleRecording({ events, strings }),
    order: inOrder(events),
    processes: livesOf(LIVES),
    runs: [sampleRun()],
    foreign: [],
    warnings: [
      {
        code: 'probe-refused',
        message: 'fentry/ovl_copy_up_flags was refused: Operation not supported',
        remedy: 'see what this kernel lacks: dit doctor',
      },
    ],
    ...changes,
  };
}

const FAILURE =
  'OCI runtime create failed: exec: "/nosuch": stat /nosuch: no such file or directory: unknown';

/** A command that is not in the image: runc has made everything and fails. Records were lost as well. */
export function failedTrace(): Trace {
  const trace = startedTrace();
  const reached = MILESTONES.filter(([, ms]) => ms < 110);
  const missing = MILESTONES.slice(reached.length).map(([name]) => name);
  const footer: TraceFooter = { ...sampleFooter(6), outcome: 'failed', failure: FAILURE };
  return {
    ...trace,
    recording: {
      ...trace.recording,
      footer,
      loss: { at: traceTimeOf(0), losses: [{ where: 'sched_switch', records: 1234 }] },
    },
    processes: livesOf(
      LIVES.slice(0, 6).map(
        ([actor, pid, from]): Life => (from === undefined ? [actor, pid] : [actor, pid, from, 120]),
      ),
    ),
    runs: [
      sampleRun({
        milestones: milestonesOf(reached),
        absent: missing.map((name) => ({ name, reason: 'runc failed before' })),
        window: undefined,
        segments: [],
        copyUps: [],
        findings: [],
        exitCode: 127,
        failure: FAILURE,
      }),
    ],
    warnings: [
      {
        code: 'lost',
        message: 'records were lost (sched_switch 1234): figures are incomplete',
        remedy: 'use a larger ring: --ring-mb 256',
      },
    ],
  };
}

/** What a kill -9 leaves: no footer, no loss count. */
export function cutTrace(): Trace {
  const trace = startedTrace();
  return {
    ...trace,
    recording: {
      ...trace.recording,
      footer: undefined,
      loss: undefined,
      problems: [{ offset: 4711, message: 'the last frame is cut' }],
    },
    runs: [
      sampleRun({
        milestones: milestonesOf(MILESTONES.slice(0, 7)),
        absent: [],
        window: undefined,
        segments: [],
        copyUps: [],
        findings: [],
        exitCode: undefined,
      }),
    ],
  };
}

/** Text that a terminal would act on, in every place where a trace has text of others. */
export const HOSTILE = 'evil\x1b[2J\x9b31m\u202egnp.\u2066exe\n\x07\ud800\u{e0041}漢字';
/** Categories are dit's own: none is like this, and none that were would get through. */
export const HOSTILE_CATEGORY = HOSTILE as Category;

export function hostileTrace(): Trace {
  const trace = startedTrace();
  const { header } = trace.recording;
  const hostile = <T extends object>(facts: T): T =>
    Object.fromEntries(
      Object.entries(facts).map(([key, value]) => [
        key,
        typeof value === 'string' ? HOSTILE : value,
      ]),
    ) as T;
  return {
    ...trace,
    recording: {
      ...trace.recording,
      header: {
        ...hostile(header),
        host: hostile(header.host),
        engine: hostile(header.engine),
        source: {
          ...hostile(header.source),
          probes: header.source.probes.map(hostile),
        },
        target: { ...hostile(header.target), command: [HOSTILE] },
        command: [HOSTILE],
      },
      footer: { ...sampleFooter(0), outcome: HOSTILE as never, failure: HOSTILE },
      problems: [{ offset: 1, message: HOSTILE }],
      diagnostics: [{ at: traceTimeOf(1), code: HOSTILE, message: HOSTILE, remedy: HOSTILE }],
    },
    runs: [
      sampleRun({
        name: HOSTILE,
        image: HOSTILE,
        failure: HOSTILE,
        milestones: sampleRun().milestones.map((milestone) => ({
          ...milestone,
          evidence: { kind: 'event', event: 1, text: HOSTILE },
        })),
        absent: [{ name: 'removed', reason: HOSTILE }],
        segments: sampleRun().segments.map((segment) => ({
          ...segment,
          category: HOSTILE_CATEGORY,
          waitsFor: { kind: 'kernel-thread', comm: HOSTILE },
          inference: { kind: 'go-processor', syscall: HOSTILE },
        })),
        findings: [
          { id: 'sealing', ns: durationOf(5e6), facts: { pid: 1, filename: HOSTILE } },
          {
            id: 'slow-hook',
            ns: durationOf(5e6),
            facts: { program: HOSTILE, windowNs: durationOf(1e8) },
          },
        ],
        copyUps: sampleRun().copyUps.map((copyUp) => ({
          ...copyUp,
          path: HOSTILE,
          trigger: HOSTILE,
        })),
      }),
    ],
    warnings: [{ code: HOSTILE, message: HOSTILE, remedy: HOSTILE }],
  };
}
