/**
 * What a trace proves, in plain words: a table of rules. A finding names its figure, its evidence and what to do,
 * and is made only where the trace shows it: no rule guesses.
 */

import { type Foreign, joinForeign, quoting, raw } from '../../base/foreign.js';
import { grouped } from '../../base/grouped.js';
import type { ProcessKey } from '../../base/ids.js';
import type { TraceTime } from '../../base/time.js';
import type { Recording } from '../../model/recording/recording.js';
import { viewSyscall } from '../../model/syscalls/syscall-view.js';
import type { Category } from '../../model/trace/category.js';
import { copiedInWords } from '../../model/trace/copy-ups.js';
import type { ContainerRun, Finding, ProcessLife, Segment } from '../../model/trace/trace.js';
import { median } from '../../stats/summary.js';

interface Facts {
  readonly run: ContainerRun;
  readonly recording: Recording;
  readonly processes: readonly ProcessLife[];
  /** Length of the window, ns. */
  readonly window: number;
}

interface FindingRule {
  readonly id: string;
  readonly find: (facts: Facts) => Omit<Finding, 'id'> | undefined;
}

const NS_PER_MS = 1e6;
const ms = (ns: number): string => (ns / NS_PER_MS).toFixed(ns < 10 * NS_PER_MS ? 1 : 0);
const length = ({ start, end }: Segment): number => end - start;
const sum = (segments: readonly Segment[]): number =>
  segments.reduce((total, segment) => total + length(segment), 0);
const longestFirst = (segments: readonly Segment[]): Segment[] =>
  [...segments].sort((a, b) => length(b) - length(a));
const percent = (part: number, whole: number): string => `${((100 * part) / whole).toFixed(0)} %`;
const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

/** A share of the start below which a cause is not worth a sentence, and a least length beside it. */
const worth = (ns: number, window: number, leastMs: number, leastShare = 0.03): boolean =>
  ns >= leastMs * NS_PER_MS && ns >= leastShare * window;

function ofCategory({ run }: Facts, category: Category): Segment[] {
  return run.segments.filter((segment) => segment.category === category);
}

/** Length of the segments by key, ns; those without one are left out. */
function sumBy<K>(
  segments: readonly Segment[],
  keyOf: (segment: Segment) => K | undefined,
): Map<K, number> {
  const totals = new Map<K, number>();
  for (const segment of segments) {
    const key = keyOf(segment);
    if (key !== undefined) totals.set(key, (totals.get(key) ?? 0) + length(segment));
  }
  return totals;
}

/** "dockerd 31 ms, runc create 12 ms" */
function byActor(segments: readonly Segment[]): string {
  return [...sumBy(segments, ({ actor }) => actor)]
    .sort(([, a], [, b]) => b - a)
    .slice(0, 3)
    .map(([actor, ns]) => `${actor} ${ms(ns)} ms`)
    .join(', ');
}

const programOf = (life: ProcessLife | undefined): Foreign => {
  const exec = life?.execs.at(-1);
  return exec?.argv[0] ?? exec?.filename ?? life?.comms.at(-1)?.comm ?? 'a process';
};

/** A thread that is ready waits tens of µs for any CPU; an engine's start has hundreds of such waits on an idle machine. */
const LONG_CPU_WAIT_NS = NS_PER_MS;

/** A flush takes less on a disk that is fast and has nothing else to do; as a title shows it. */
const SLOW_SYNC_MS = 2;
/** As few of the flushes as this, and the disk was busy for a moment: it is not slow. */
const STALLS_SHARE = 0.25;
const isSlowSync = (ns: number): boolean => Number(ms(ns)) >= SLOW_SYNC_MS;

/** Time on the path within [from, to) that a process itself ran or waited, ns. */
function ownTime(segments: readonly Segment[], process: ProcessKey, from: number, to: number) {
  return segments
    .filter((segment) => segment.process === process)
    .reduce(
      (total, { start, end }) => total + Math.max(0, Math.min(end, to) - Math.max(start, from)),
      0,
    );
}

/**
 * Time on the path within [from, to) from when a process first has it until it last has it, ns: where the path leaves it
 * and comes back, it waited for what came between. 0: nothing waited for the process.
 */
function heldFor(segments: readonly Segment[], process: ProcessKey, from: number, to: number) {
  const has = (segment: Segment): boolean =>
    segment.process === process && segment.end > from && segment.start < to;
  const first = segments.find(has);
  const last = segments.findLast(has);
  if (first === undefined || last === undefined) return 0;
  return Math.min(last.end, to) - Math.max(first.start, from);
}

/** What each call took decides, not their mean: one that stalls makes 24 quick ones look slow. */
function adviceForSyncs(lengths: readonly number[], ns: number): string {
  const slow = lengths.filter(isSlowSync);
  if (slow.reduce((total, each) => total + each, 0) < ns / 2) {
    return 'most of them are quick, it is their number: a faster disk gains little; a start with less to keep (networks, volumes) syncs less';
  }
  if (slow.length <= lengths.length * STALLS_SHARE) {
    return `look at what else writes to that disk (iostat -x 1): ${slow.length} of ${lengths.length} stalled, the others were quick`;
  }
  return "the engine's metadata sits on a slow or busy disk: move its data root to a faster one";
}

/** When a process became the hook by which older engines set the network up. */
const networkHookSince = (life: ProcessLife | undefined): TraceTime | undefined =>
  life?.execs.find(({ argv }) => argv[0] === 'libnetwork-setkey')?.time;

export const FINDING_RULES: readonly FindingRule[] = [
  {
    id: 'short-of-cpu',
    find: (facts) => {
      const waits = longestFirst(ofCategory(facts, 'scheduling delay')).filter(
        (wait) => length(wait) >= LONG_CPU_WAIT_NS,
      );
      const [longest] = waits;
      const ns = sum(waits);
      if (longest === undefined || !worth(ns, facts.window, 10, 0.1)) return undefined;
      return {
        ns,
        title: `ready to run but without a CPU for ${ms(ns)} ms: the start was short of CPU`,
        evidence: `${plural(waits.length, 'wait')} of 1 ms and more on the critical path, the longest ${ms(length(longest))} ms: ${byActor(waits)}`,
        advice:
          'measure on an idle machine; in production, give the engine a CPU of its own (CPUAffinity, cpusets)',
      };
    },
  },
  {
    id: 'network-hook',
    find: ({ run, processes, window }) => {
      const key = run.processes.find((each) => networkHookSince(processes[each]) !== undefined);
      const hook = key === undefined ? undefined : processes[key];
      const [from, to] = [networkHookSince(hook), hook?.end];
      if (hook === undefined || from === undefined || to === undefined) return undefined;
      const ns = heldFor(run.segments, hook.key, from, to);
      if (!worth(ns, window, 5)) return undefined;
      // dockerd forks them, for all the containers that start: those that this start waited for are its own.
      const onPath = new Set(run.segments.map(({ process }) => process));
      const again = [...onPath].filter((own) => {
        const life = own === undefined || own === key ? undefined : processes[own];
        return (
          life?.start !== undefined &&
          life.start >= from &&
          life.start < to &&
          life.execs.some(({ filename }) => filename.startsWith('/proc/'))
        );
      }).length;
      return {
        ns,
        title: `the network hook re-executed dockerd${again > 0 ? ` ${again + 1} times` : ''}: ${ms(ns)} ms, ${percent(ns, window)} of the start`,
        evidence: `libnetwork-setkey as pid ${hook.pid}, between its exec and its exit, on the critical path`,
        advice: 'newer engines (Docker 28 and later) set the network up without it: upgrade',
      };
    },
  },
  {
    id: 'slow-hook',
    find: (facts) => {
      const { run, processes, window } = facts;
      const byHooks = grouped(
        run.segments.filter(({ actor }) => actor === 'hook'),
        ({ process }) => process,
      );
      const own = [...byHooks].flatMap(([process, segments]) =>
        process === undefined || networkHookSince(processes[process]) !== undefined ? [] : segments,
      );
      const ns = sum(own);
      if (!worth(ns, window, 10)) return undefined;
      const process = longestFirst(own)[0]?.process;
      return {
        ns,
        title: `an OCI hook held the start up for ${ms(ns)} ms`,
        evidence: quoting`${programOf(process === undefined ? undefined : processes[process])} on the critical path, ${percent(ns, window)} of the start`,
        advice:
          'hooks run one after the other while the container waits: make it shorter, or do its work elsewhere',
      };
    },
  },
  {
    id: 'fsync',
    find: (facts) => {
      const synced = ofCategory(facts, 'fsync');
      const ns = sum(synced);
      if (!worth(ns, facts.window, 5)) return undefined;
      const calls = sumBy(synced, ({ syscall }) => syscall);
      const files = sumBy(synced, ({ syscall }) =>
        syscall === undefined ? undefined : viewSyscall(facts.recording, syscall).file(0),
      );
      const lengths = [...calls.values()].sort((a, b) => a - b);
      const worst = [...files].sort(([, a], [, b]) => b - a)[0];
      const parts = [
        worst === undefined ? '' : quoting`most of it for ${worst[0]}: ${ms(worst[1])} ms`,
        // No mean: one that stalls makes all of them look slow.
        lengths.length > 2 ? `the median ${ms(median(lengths))} ms` : '',
        byActor(synced),
      ];
      return {
        ns,
        title: `${plural(lengths.length, 'fsync')} on the critical path: ${ms(ns)} ms${lengths.length > 1 ? `, the longest ${ms(lengths.at(-1) ?? 0)} ms` : ''}`,
        evidence: joinForeign(
          parts.filter((part) => part !== ''),
          '; ',
        ),
        advice: adviceForSyncs(lengths, ns),
      };
    },
  },
  {
    id: 'cold-cache',
    find: (facts) => {
      const cold = ofCategory(facts, 'cold binaries');
      const ns = sum(cold);
      if (!worth(ns, facts.window, 5)) return undefined;
      return {
        ns,
        title: `binaries were read from disk for ${ms(ns)} ms: the page cache was cold`,
        evidence: `${plural(cold.length, 'wait')} for block I/O in page faults and execve: ${byActor(cold)}`,
        advice:
          "the next start will be faster; after a boot or under memory pressure, keep the engine's binaries cached (vmtouch -l)",
      };
    },
  },
  {
    id: 'disk',
    find: (facts) => {
      const waits = ofCategory(facts, 'disk wait');
      const ns = sum(waits);
      if (!worth(ns, facts.window, 10)) return undefined;
      return {
        ns,
        title: `the disk kept the start waiting for ${ms(ns)} ms`,
        evidence: `${plural(waits.length, 'wait')} for block I/O in syscalls: ${byActor(waits)}`,
        advice: "look at the disk below the engine's data root: iostat -x 1, and its I/O limits",
      };
    },
  },
  {
    id: 'cgroup-rcu',
    find: (facts) => {
      const waits = ofCategory(facts, 'cgroups').filter(
        ({ waitsFor }) =>
          waitsFor?.kind === 'rcu' ||
          (waitsFor?.kind === 'kernel-thread' && waitsFor.comm.startsWith('rcu_')),
      );
      const ns = sum(waits);
      if (!worth(ns, facts.window, 5)) return undefined;
      return {
        ns,
        title: `moving a process into its cgroup waited ${ms(ns)} ms for the kernel`,
        evidence: `${plural(waits.length, 'write')} to cgroup.procs blocked until an RCU grace period ended`,
        advice:
          'mount cgroup2 with favordynmods (Linux 6.0 and later; CONFIG_CGROUP_FAVOR_DYNMODS)',
      };
    },
  },
  {
    id: 'sealing',
    find: ({ run, processes, window }) => {
      for (const key of run.processes) {
        const life = processes[key];
        const stages = life?.execs.filter(({ argv }) => argv[1] === 'init') ?? [];
        const [first, second] = stages;
        if (first === undefined || second === undefined) continue;
        // The container's own command may have an argument "init" too.
        if (!/^\/(dev|proc\/[^/]+)\/fd\//.test(raw(second.filename))) continue;
        const ns = ownTime(run.segments, key, first.time, second.time);
        if (!worth(ns, window, 2, 0.01)) return undefined;
        return {
          ns,
          title: `runc sealed its own binary: ${ms(ns)} ms`,
          evidence: quoting`pid ${life?.pid ?? '?'} executed itself twice, the second time from ${second.filename}; its time between the two on the critical path`,
          advice: 'runc 1.2 and later need much less for it: upgrade',
        };
      }
      return undefined;
    },
  },
  {
    id: 'sleep',
    find: (facts) => {
      const slept = ofCategory(facts, 'sleep');
      const ns = sum(slept);
      if (!worth(ns, facts.window, 10)) return undefined;
      const longest = longestFirst(slept)[0];
      const life = longest?.process === undefined ? undefined : facts.processes[longest.process];
      return {
        ns,
        title: `the start slept for ${ms(ns)} ms: it waited for a timer and for nothing else`,
        evidence: quoting`${programOf(life)} (${longest?.actor ?? '?'}), ${plural(slept.length, 'sleep')}: ${byActor(slept)}`,
        advice:
          'look for a sleep or a polling loop in that program; a wrapper around the OCI runtime is a usual suspect',
      };
    },
  },
  {
    id: 'other-start',
    find: ({ run, window }) => {
      const waits = run.segments.filter(({ waitsFor }) => waitsFor?.kind === 'other-container');
      const ns = sum(waits);
      if (!worth(ns, window, 5)) return undefined;
      const cause = longestFirst(waits)[0]?.waitsFor;
      const other = cause?.kind === 'other-container' ? cause : undefined;
      return {
        ns,
        title: `waited ${ms(ns)} ms for the start of another container`,
        evidence: quoting`${plural(waits.length, 'wait')}; the longest was ended by another container's ${other?.actor ?? '?'}, pid ${other?.pid ?? '?'}`,
        advice: "starts at once wait for each other's locks: start fewer at a time",
      };
    },
  },
  {
    id: 'copy-up',
    find: ({ run }) => {
      const ns = run.copyUps.reduce((total, { duration }) => total + duration, 0);
      const bytes = run.copyUps.reduce((total, copyUp) => total + copyUp.bytes, 0);
      const largest = [...run.copyUps].sort((a, b) => b.duration - a.duration)[0];
      if (largest === undefined || ns < 10 * NS_PER_MS) return undefined;
      return {
        ns,
        title: `${copiedInWords(run.copyUps)} copied up from the image: ${(bytes / 1e6).toFixed(1)} MB, ${ms(ns)} ms`,
        evidence: quoting`${largest.path}: ${(largest.bytes / 1e6).toFixed(1)} MB in ${ms(largest.duration)} ms, by ${largest.trigger} (${largest.certainty})`,
        advice: 'put files that are changed on a volume, or do not change them at start',
      };
    },
  },
];

/** Largest first. */
export function findingsOf(
  run: ContainerRun,
  recording: Recording,
  processes: readonly ProcessLife[],
): Finding[] {
  if (run.window === undefined) return [];
  const facts: Facts = { run, recording, processes, window: run.window.end - run.window.start };
  return FINDING_RULES.flatMap(({ id, find }) => {
    const finding = find(facts);
    return finding === undefined ? [] : [{ id, ...finding }];
  }).sort((a, b) => b.ns - a.ns);
}
