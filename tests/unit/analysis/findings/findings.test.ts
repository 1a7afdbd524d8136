/** Each rule with a run that triggers it, and one that is like it and must not. */
import { describe, expect, it } from 'vitest';
import { FINDING_RULES, findingsOf } from '../../../../src/analysis/findings/findings.js';
import type { ProcessKey } from '../../../../src/base/ids.js';
import { durationOf, traceTimeOf } from '../../../../src/base/time.js';
import { EventTable } from '../../../../src/model/recording/event-table.js';
import type { Recording } from '../../../../src/model/recording/recording.js';
import { StringInterner } from '../../../../src/model/recording/strings.js';
import type { Finding } from '../../../../src/model/trace/findings.js';
import type { ContainerRun, CopyUp, ProcessLife } from '../../../../src/model/trace/trace.js';
import { findingText } from '../../../../src/words/findings/finding-text.js';
import type { FindingText } from '../../../../src/words/findings/text.js';
import { keyOf, livesOf } from '../../../support/lives.js';
import { sampleTrace } from '../../../support/samples.js';
import {
  kernelThread,
  type Piece,
  sampleRecording,
  sampleRun,
  segmentsFrom,
  windowOf,
} from '../../../support/traces.js';

const MS = 1e6;

interface Case {
  readonly run: ContainerRun;
  readonly recording?: Recording;
  readonly processes?: readonly ProcessLife[];
}

/** A run of 200 ms in which nothing is remarkable but what `pieces` say. */
function runOf(pieces: readonly Piece[], changes: Partial<ContainerRun> = {}): ContainerRun {
  const used = pieces.reduce((sum, [ns]) => sum + ns, 0);
  const rest: Piece = [200 * MS - used, 'dockerd', 'user code', 'runtime', 'dockerd'];
  const segments = segmentsFrom(0, [...pieces, rest]);
  const window = windowOf(0, 200 * MS);
  return sampleRun({ segments, window, copyUps: [], findings: [], ...changes });
}

const find = ({
  run,
  recording = sampleRecording(),
  processes = [],
}: Case): (Finding & FindingText)[] => findingsOf(run, recording, processes).map(inWords);
const inWords = (finding: Finding): Finding & FindingText => ({
  ...finding,
  ...findingText(finding),
});

const fsyncs = (calls: number, ms: number): Case =>
  fsyncsOf(Array.from({ length: calls }, () => ms));

function fsyncsOf(lengths: readonly number[]): Case {
  const calls = lengths.length;
  const strings = new StringInterner();
  const events = new EventTable();
  const files = ['meta.db', 'local-kv.db'];
  for (let call = 0; call < calls; call++) {
    events.push(
      'syscall',
      { time: call, pid: 1 },
      {
        names: strings.intern('fdatasync'),
        text_positions: [8],
        texts: [strings.intern(files[call % 2] ?? '')],
      },
    );
  }
  const run = runOf(
    lengths.map((ms): Piece => [ms * MS, 'containerd', 'blocked', 'storage', 'fsync', 'block-io']),
  );
  const segments = run.segments.map((segment, index) => ({
    ...segment,
    syscall: index < calls ? index : undefined,
  }));
  return { run: { ...run, segments }, recording: sampleRecording({ events, strings }) };
}

/**
 * A hook from 50 ms on, for which dockerd executes itself once more. Another hook in front of it is none of its time,
 * another container's start meanwhile none of its work.
 */
function networkHook(ms: number, argv0 = 'libnetwork-setkey', isWaitedFor = true): Case {
  const foreign = { time: 70 * MS, filename: '/proc/self/exe', argv: ['runc', 'init'] };
  const processes = livesOf([
    {
      actor: 'hook',
      start: 50 * MS,
      end: (50 + ms) * MS,
      execs: [{ time: 50 * MS, filename: '/proc/7/exe', argv: [argv0, '-exec-root=/run'] }],
    },
    {
      actor: 'dockerd',
      start: 60 * MS,
      end: 61 * MS,
      execs: [{ time: 60 * MS, filename: '/proc/self/exe', argv: ['set-ipv6'] }],
    },
    {
      actor: 'hook',
      start: 10 * MS,
      end: 49 * MS,
      execs: [{ time: 11 * MS, filename: '/bin/other-hook', argv: ['/bin/other-hook'] }],
    },
    { actor: 'init', start: 65 * MS, end: 190 * MS, execs: [foreign] },
  ]);
  const run = runOf(
    [
      [50 * MS, 'runc create', 'user code', 'runtime', 'runc'],
      ...(isWaitedFor ? hooksPath(ms) : []),
    ],
    { processes: [0, 2].map(keyOf) },
  );
  const ran: Readonly<Record<string, ProcessKey>> = { hooks: keyOf(0), 'network set-up': keyOf(1) };
  const segments = run.segments.map((segment) => ({ ...segment, process: ran[segment.category] }));
  return { run: { ...run, segments }, processes };
}

/** The hook, dockerd for it, the hook again. */
const hooksPath = (ms: number): readonly Piece[] => [
  [1 * MS, 'hook', 'user code', 'runtime', 'hooks'],
  [(ms - 2) * MS, 'dockerd', 'user code', 'runtime', 'network set-up'],
  [1 * MS, 'hook', 'user code', 'runtime', 'hooks'],
];

function hookOf(ms: number, argv0: string): Case {
  const run = runOf([[ms * MS, 'hook', 'user code', 'runtime', 'hooks']]);
  const segments = run.segments.map((segment) =>
    segment.actor === 'hook' ? { ...segment, process: keyOf(0) } : segment,
  );
  const execs = [{ time: 0, filename: argv0, argv: [argv0] }];
  return { run: { ...run, segments }, processes: livesOf([{ actor: 'hook', execs }]) };
}

/** runc's first stage executes itself again after `ms`, of which the start waits for it for `waitedMs`. */
function sealing(ms: number, filename = '/proc/self/fd/6', waitedMs = ms): Case {
  const processes = livesOf([
    {
      actor: 'init',
      execs: [
        { time: 20 * MS, filename: '/proc/self/exe', argv: ['runc', 'init'] },
        { time: (20 + ms) * MS, filename, argv: ['runc', 'init'] },
      ],
    },
  ]);
  const run = runOf(
    [
      [18 * MS, 'runc create', 'user code', 'runtime', 'runc'],
      // Its time before the first of the two execs is none of it.
      [(2 + waitedMs) * MS, 'init', 'user code', 'runtime', 'runc'],
    ],
    { processes: [keyOf(0)] },
  );
  const segments = run.segments.map((segment) =>
    segment.actor === 'init' ? { ...segment, process: keyOf(0) } : segment,
  );
  return { run: { ...run, segments }, processes };
}

function sleeping(ms: number): Case {
  const run = runOf([[ms * MS, 'runc create', 'blocked', 'runtime', 'sleep', 'timer']]);
  const segments = run.segments.map((segment) => ({ ...segment, process: keyOf(0) }));
  const execs = [{ time: 0, filename: '/bin/sleep', argv: ['sleep', '0.2'] }];
  return { run: { ...run, segments }, processes: livesOf([{ actor: 'runc create', execs }]) };
}

function copying(ms: number): Case {
  const copyUp = (path: string, duration: number, bytes: number): CopyUp => ({
    start: traceTimeOf(210 * MS),
    duration: durationOf(duration),
    bytes,
    path,
    actor: 'entrypoint',
    process: undefined,
    tid: 1,
    syscall: undefined,
    trigger: 'openat',
    certainty: 'exact',
  });
  return {
    run: runOf([], {
      copyUps: [
        copyUp('/folder', 0, 0),
        copyUp('/small', 1 * MS, 1000),
        copyUp('/big', ms * MS, 100e6),
      ],
    }),
  };
}

const waiting = (
  ms: number,
  ...rest: [Piece[1], Piece[2], Piece[3], Piece[4], Piece[5]?]
): Case => ({
  run: runOf([[ms * MS, ...rest]]),
});

const cpuWaits = (lengths: readonly number[]): Case => ({
  run: runOf(
    lengths.map((ms): Piece => [ms * MS, 'init', 'runnable', 'runtime', 'scheduling delay']),
  ),
});

/** Rule, what triggers it, its title and evidence, and what does not. */
const CASES: readonly (readonly [
  id: string,
  triggers: Case,
  title: string,
  evidence: string,
  not: readonly Case[],
])[] = [
  [
    'short-of-cpu',
    cpuWaits([20, 40, 1, ...Array.from({ length: 100 }, () => 0.9)]),
    'ready to run but without a CPU for 61 ms: the start was short of CPU',
    '3 waits of 1 ms and more on the critical path, the longest 40 ms: init 61 ms',
    [
      // As on an idle machine: an engine has more threads than that has CPUs.
      cpuWaits(Array.from({ length: 447 }, () => 0.15)),
      cpuWaits([...Array.from({ length: 446 }, () => 0.03), 9]),
      waiting(19, 'init', 'runnable', 'runtime', 'scheduling delay'),
      waiting(61, 'init', 'blocked', 'runtime', 'IPC hand-over'),
    ],
  ],
  [
    'network-hook',
    networkHook(108),
    'the network hook re-executed dockerd 2 times: 108 ms, 54 % of the start',
    'libnetwork-setkey as pid 100, between its exec and its exit, on the critical path',
    [networkHook(4), networkHook(108, 'my-hook'), networkHook(108, 'libnetwork-setkey', false)],
  ],
  [
    'slow-hook',
    hookOf(150, '/opt/hooks/gpu'),
    'an OCI hook held the start up for 150 ms',
    '/opt/hooks/gpu on the critical path, 75 % of the start',
    [hookOf(8, '/opt/hooks/gpu'), hookOf(150, 'libnetwork-setkey')],
  ],
  [
    'fsync',
    fsyncs(12, 0.75),
    '12 fsyncs on the critical path: 9.0 ms, the longest 0.8 ms',
    'most of it for meta.db: 4.5 ms; the median 0.8 ms; containerd 9.0 ms',
    [fsyncs(4, 0.75), waiting(9, 'dockerd', 'blocked', 'storage', 'disk wait', 'block-io')],
  ],
  [
    'cold-cache',
    waiting(42, 'client', 'blocked', 'storage', 'cold binaries', 'block-io'),
    'binaries were read from disk for 42 ms: the page cache was cold',
    '1 wait for block I/O in page faults and execve: client 42 ms',
    [waiting(3, 'client', 'blocked', 'storage', 'cold binaries', 'block-io')],
  ],
  [
    'disk',
    waiting(30, 'dockerd', 'blocked', 'storage', 'disk wait', 'block-io'),
    'the disk kept the start waiting for 30 ms',
    '1 wait for block I/O in syscalls: dockerd 30 ms',
    [waiting(4, 'dockerd', 'blocked', 'storage', 'disk wait', 'block-io')],
  ],
  [
    'cgroup-rcu',
    waiting(13, 'runc create', 'blocked', 'kernel', 'cgroups', kernelThread('rcu_preempt')),
    'moving a process into its cgroup waited 13 ms for the kernel',
    '1 write to cgroup.procs blocked until an RCU grace period ended',
    [
      waiting(13, 'runc create', 'syscall', 'kernel', 'cgroups'),
      waiting(13, 'runc create', 'blocked', 'kernel', 'cgroups', {
        kind: 'process',
        comm: 'rcu_preempt',
        pid: 12,
      }),
      waiting(13, 'runc create', 'blocked', 'kernel', 'mounts', kernelThread('rcu_exp_gp_kthr')),
    ],
  ],
  [
    'sealing',
    sealing(4),
    'runc sealed its own binary: 4.0 ms',
    'pid 100 executed itself twice, the second time from /proc/self/fd/6; its time between the two on the critical path',
    [sealing(1), sealing(40, '/usr/bin/busybox'), sealing(138, '/dev/fd/6', 0)],
  ],
  [
    'sleep',
    sleeping(100),
    'the start slept for 100 ms: it waited for a timer and for nothing else',
    'sleep (runc create), 1 sleep: runc create 100 ms',
    [sleeping(5), waiting(100, 'dockerd', 'blocked', 'runtime', 'Go scheduler', 'timer')],
  ],
  [
    'other-start',
    waiting(40, 'dockerd', 'blocked', 'runtime', 'dockerd', {
      kind: 'other-container',
      actor: 'runc',
      pid: 12,
    }),
    'waited 40 ms for the start of another container',
    "1 wait; the longest was ended by another container's runc, pid 12",
    [
      waiting(40, 'dockerd', 'blocked', 'runtime', 'dockerd', {
        kind: 'process',
        comm: "another container's runc",
        pid: 12,
      }),
    ],
  ],
  [
    'copy-up',
    copying(640),
    '2 files and 1 folder or file without data copied up from the image: 100.0 MB, 641 ms',
    '/big: 100.0 MB in 640 ms, by openat (exact)',
    [copying(5), { run: runOf([]) }],
  ],
];

describe('findings', () => {
  it.each(CASES)('%s: says it with figure and evidence', (id, triggers, title, evidence) => {
    const found = find(triggers);
    expect(found.map((finding) => finding.id)).toEqual([id]);
    expect(found[0]).toMatchObject({ title, evidence });
    expect(found[0]?.remedy).not.toBe('');
    const figure = /([\d.]+) ms/.exec(title)?.[1];
    expect(((found[0]?.ns ?? 0) / MS).toFixed(figure?.includes('.') ? 1 : 0)).toBe(figure);
  });

  it.each(CASES)('%s: is silent where the trace does not prove it', (id, _case, _t, _e, not) => {
    for (const each of not) expect(find(each).map((finding) => finding.id)).not.toContain(id);
  });

  it('has a case for every rule', () => {
    expect(CASES.map(([id]) => id)).toEqual(Object.keys(FINDING_RULES));
  });

  it('finds nothing in a start without anything remarkable, nor in one that never was', () => {
    expect(find({ run: runOf([]) })).toEqual([]);
    expect(find({ run: { ...copying(640).run, window: undefined } })).toEqual([]);
  });

  it('blames the disk for syncs that take long, and not for many', () => {
    const advice = (calls: number, ms: number): string | undefined =>
      find(fsyncs(calls, ms))[0]?.remedy;
    expect(advice(40, 0.18)).toContain('a faster disk gains little');
    expect(advice(12, 1.9)).toContain('a faster disk gains little');
    expect(advice(12, 2.1)).toContain('slow or busy disk');
    expect(advice(1, 22)).toContain('slow or busy disk');
    expect(find(fsyncs(1, 22))[0]?.title).toBe('1 fsync on the critical path: 22 ms');
  });

  it('tells the one sync that stalled from those that were quick', () => {
    const found = find(fsyncsOf([...Array.from({ length: 24 }, () => 0.2), 100]))[0];
    expect(found?.title).toBe('25 fsyncs on the critical path: 105 ms, the longest 100 ms');
    expect(found?.evidence).toContain('the median 0.2 ms');
    expect(found?.remedy).toContain('1 of 25 stalled');
    // One of two is no exception.
    expect(find(fsyncsOf([0.2, 100]))[0]?.remedy).toContain('slow or busy disk');
  });

  it('calls no sync quick that its own title shows as slow', () => {
    const found = find(fsyncs(12, 1.96))[0];
    expect(found?.title).toBe('12 fsyncs on the critical path: 24 ms, the longest 2.0 ms');
    expect(found?.remedy).toContain('slow or busy disk');
  });

  it('gives the time on the critical path, and no more', () => {
    for (const triggers of [networkHook(108), sealing(4), sealing(40, '/dev/fd/6', 5)]) {
      const { window, segments } = triggers.run;
      const own = segments.filter(({ process }) => process !== undefined);
      const waited = own.reduce((sum, { start, end }) => sum + end - start, 0);
      const [finding] = find(triggers);
      expect(finding?.ns).toBeGreaterThan(0);
      expect(finding?.ns).toBeLessThanOrEqual(waited);
      expect(finding?.ns).toBeLessThan((window?.end ?? 0) - (window?.start ?? 0));
    }
  });

  // All wait for a CPU for 9 to 33 % of their time; two of them for a tenth and more in waits of 1 ms and more.
  it.each([
    ['docker-20.10/bridge.dit', false],
    ['docker-20.10/none.dit', true],
    ['docker-20.10/slow-runtime.dit', false],
    ['docker-28.5/bridge.dit', true],
    ['docker-28.5/none.dit', false],
  ])('of the recorded start %s: short of CPU %s, no slow disk', (name, isShort) => {
    const found = sampleTrace(name).runs[0]?.findings ?? [];
    expect(found.some(({ id }) => id === 'short-of-cpu')).toBe(isShort);
    expect(found.map((finding) => findingText(finding).remedy).join()).not.toContain(
      'slow or busy disk',
    );
  });

  it('names the largest first', () => {
    const run = runOf([
      [12 * MS, 'runc create', 'blocked', 'kernel', 'cgroups', kernelThread('rcu_preempt')],
      [70 * MS, 'init', 'runnable', 'runtime', 'scheduling delay'],
      [20 * MS, 'client', 'blocked', 'storage', 'cold binaries', 'block-io'],
    ]);
    expect(find({ run }).map(({ id }) => id)).toEqual(['short-of-cpu', 'cold-cache', 'cgroup-rcu']);
  });
});
