/** The syscalls of containers, counted in the kernel; held against known numbers, and against what counting costs. */
import { DitError, EXIT } from '../../base/errors.js';
import { cgroupKeys } from '../../container/cgroup/cgroup-keys.js';
import { ContainerCgroup } from '../../container/cgroup/container-cgroup.js';
import { CommandLoop } from '../../measure/command-loop.js';
import type { MeasureContext } from '../../measure/context.js';
import {
  type CallCounts,
  countsBetween,
  largest,
  SyscallCounter,
  sumOf,
} from '../../measure/syscall-counter.js';
import type { CheckResult, Figure } from '../../model/checks/check.js';
import type { Certainty } from '../../model/trace/trace.js';
import { median } from '../../stats/summary.js';
import { type Check, skipped } from '../contract/check.js';

const TOP = 10;
/** What walks the image's files and starts programs: calls of many kinds. */
const MIXED_WORK =
  'n=0; while [ $n -lt 30 ]; do find / -xdev >/dev/null; cat /proc/mounts >/dev/null; n=$((n + 1)); done';

/** Bytes that dd copies one by one: a read and a write each. */
const FEW = { busy: 2000, quiet: 1500 };
const MORE = { busy: 5000, quiet: 2500 };
const COST_BYTES = 200_000;
const COST_ROUNDS = 7;
/** A look-up or two and an addition are some hundred ns; more is a machine whose syscalls are slowed otherwise. */
const MAX_NS_A_CALL = 1000;

export const ebpfCheck: Check = {
  name: 'ebpf',
  shows:
    'which syscalls a container makes and how many a second, counted by the kernel itself for each container apart, and what the counting costs the container',
  thresholds: `fails when the count differs from the known number of calls of either of two containers that run at once; warns when counting costs more than ${MAX_NS_A_CALL} ns a call, or when the kernel passed calls over`,
  run: checkEbpf,
};

async function checkEbpf(context: MeasureContext): Promise<CheckResult> {
  const { seesKernel, signal, say } = context;
  if (!seesKernel) {
    return skipped(
      'BPF programs count on the machine where the containers run, and need root',
      "run it on the engine's own machine, as root",
    );
  }
  say('starting two containers');
  const busy = await CommandLoop.open(context, 'busy');
  const quiet = await CommandLoop.open(context, 'quiet');
  const cgroups = [busy, quiet].map(({ pid, id }) => cgroupKeys(pid, id));
  const keys = cgroups.map((each) => each.keys);

  say('counting known calls, and those of mixed work');
  const counted = await countKnown(busy, quiet, keys);
  signal.throwIfAborted();
  const rounds: CostRound[] = [];
  for (let n = 1; n <= COST_ROUNDS; n++) {
    say(`what it costs, round ${n} of ${COST_ROUNDS}`);
    rounds.push(await costRound(busy, keys));
    signal.throwIfAborted();
  }
  return ebpfResult({
    ...counted,
    rounds,
    evidence: [
      'counted by tp_btf/sys_enter for the tasks of these cgroups (/proc/PID/cgroup):',
      ...cgroups.map(
        ({ lines }, at) => `${at === 0 ? 'busy' : 'quiet'} container: ${cgroupLine(lines)}`,
      ),
    ],
  });
}

/** The line of cgroup v2, or the first of v1's: the container is in each under the same name. */
const cgroupLine = (lines: readonly string[]): string =>
  lines.find((line) => line.startsWith('0:')) ?? lines[0] ?? '';

/** What dd was told to copy, and what was counted. */
export interface KnownCount {
  readonly container: string;
  readonly call: string;
  readonly made: number;
  readonly counted: number;
}

interface Counted {
  readonly known: readonly KnownCount[];
  readonly mixed: CallCounts;
  readonly mixedSeconds: number;
  readonly missed: number;
}

/** The CPU time of one copy, ms: without the probe, and with it. */
export interface CostRound {
  readonly without: number;
  readonly counting: number;
}

const copy = (bytes: number): string => `dd if=/dev/zero of=/dev/null bs=1 count=${bytes}`;

/**
 * Two copies of different lengths: the calls by which dd itself is started and speaks are the same, so that the
 * difference is the copy alone.
 */
async function countKnown(
  busy: CommandLoop,
  quiet: CommandLoop,
  keys: readonly (readonly bigint[])[],
): Promise<Counted> {
  const counter = SyscallCounter.start(keys);
  try {
    const both = async (bytes: typeof FEW): Promise<Map<string, number>[]> => {
      const before = counter.read();
      await Promise.all([busy.run(copy(bytes.busy)), quiet.run(copy(bytes.quiet))]);
      return counter.read().map((after, at) => countsBetween(before[at] as CallCounts, after));
    };
    const few = await both(FEW);
    const more = await both(MORE);
    const [before] = counter.read();
    const begin = performance.now();
    await busy.run(MIXED_WORK);
    const mixedSeconds = (performance.now() - begin) / 1000;
    const [after] = counter.read();
    return {
      known: (['busy', 'quiet'] as const).flatMap((container, at) =>
        ['read', 'write'].map((call) => ({
          container,
          call,
          made: MORE[container] - FEW[container],
          counted: (more[at]?.get(call) ?? 0) - (few[at]?.get(call) ?? 0),
        })),
      ),
      mixed: countsBetween(before as CallCounts, after as CallCounts),
      mixedSeconds,
      missed: counter.missed(),
    };
  } finally {
    counter.stop();
  }
}

async function costRound(
  shell: CommandLoop,
  keys: readonly (readonly bigint[])[],
): Promise<CostRound> {
  // The CPU's time, not the clock's: others who run meanwhile are not the probe's doing.
  const cgroup = new ContainerCgroup(shell.pid);
  const timed = async (): Promise<number> => {
    const begin = cpuMs(cgroup);
    await shell.run(copy(COST_BYTES));
    return cpuMs(cgroup) - begin;
  };
  const without = await timed();
  const counter = SyscallCounter.start(keys);
  try {
    return { without, counting: await timed() };
  } finally {
    counter.stop();
  }
}

/** What the container used so far. @throws DitError cgroup-unknown (exit 3) */
function cpuMs(cgroup: ContainerCgroup): number {
  const v1 = cgroup.read('cpuacct', 'cpuacct.usage');
  if (v1 !== undefined) return Number(v1) / 1e6;
  const v2 = /^usage_usec (\d+)$/m.exec(cgroup.read('cpu', 'cpu.stat') ?? '')?.[1];
  if (v2 !== undefined) return Number(v2) / 1e3;
  throw new DitError({
    code: 'cgroup-unknown',
    exitCode: EXIT.capability,
    message: 'neither cpuacct.usage nor cpu.stat of the container can be read',
    remedy: "dit has to see the host's cgroups",
  });
}

/** Pure. */
export function ebpfResult(
  facts: Counted & { readonly rounds: readonly CostRound[]; readonly evidence: readonly string[] },
): CheckResult {
  const { known, mixed, mixedSeconds, missed, rounds } = facts;
  const without = median(rounds.map((round) => round.without));
  const counting = median(rounds.map((round) => round.counting));
  const nsPerCall = ((counting - without) * 1e6) / (2 * COST_BYTES);
  const certainty: Certainty = missed > 0 ? 'inferred' : 'exact';
  const source = 'BPF program at sys_enter, counts by cgroup';
  const timed = `${COST_BYTES} reads and as many writes of a byte by dd: CPU time of the container's cgroup, median of ${rounds.length} by turns`;
  const calls = sumOf(mixed);
  const figures: Figure[] = [
    ...known.map(({ container, call, made, counted }) => ({
      name: `${container} container, ${call}: ${made} made`,
      value: counted,
      unit: 'count' as const,
      source,
      certainty,
      group: 'known calls of two containers at once',
    })),
    {
      name: 'calls of mixed work',
      value: calls,
      unit: 'count',
      source,
      certainty,
      group: 'mixed work',
    },
    {
      name: 'rate',
      value: calls / mixedSeconds,
      unit: 'calls/s',
      source: `${source}, by dit's clock`,
      certainty,
      group: 'mixed work',
    },
    ...largest(mixed, TOP).map(([name, value]) => ({
      name,
      value,
      unit: 'count' as const,
      source,
      certainty,
      group: `mixed work, the ${TOP} most frequent`,
    })),
    cost('CPU time without the probe', without, 'ms', timed),
    cost('CPU time while it counts', counting, 'ms', timed),
    cost('more', (100 * (counting - without)) / without, '%', timed),
    cost('more a call', nsPerCall, 'ns', timed),
  ];
  return { ...judge(known, nsPerCall, missed), figures, findings: [], evidence: facts.evidence };
}

const cost = (name: string, value: number, unit: Figure['unit'], source: string): Figure => ({
  name,
  value,
  unit,
  source,
  certainty: 'exact',
  group: 'cost of counting',
});

function judge(
  known: readonly KnownCount[],
  nsPerCall: number,
  missed: number,
): Pick<CheckResult, 'verdict' | 'reason' | 'remedy'> {
  const wrong = known.filter(({ made, counted }) => made !== counted);
  if (wrong.length > 0) {
    const said = wrong.map(
      ({ container, call, made, counted }) =>
        `${counted} of ${made} calls of ${call} in the ${container} container`,
    );
    return {
      verdict: 'fail',
      reason: `counted ${said.join(', ')}`,
      remedy:
        missed > 0
          ? 'this kernel passes over programs that are under way: a newer kernel counts all'
          : 'run it again: something else may have been executed in the containers',
    };
  }
  const exact = `the count is exact in both containers; counting costs ${nsPerCall.toFixed(0)} ns a call`;
  if (missed > 0) {
    return {
      verdict: 'warn',
      reason: `${exact}; the kernel passed over ${missed} calls of the machine, which may be theirs`,
      remedy: 'take the counts as lower bounds',
    };
  }
  if (!(nsPerCall <= MAX_NS_A_CALL)) {
    return {
      verdict: 'warn',
      reason: `${exact}, more than ${MAX_NS_A_CALL}`,
      remedy: 'count for a short time only, and on an idle machine',
    };
  }
  return { verdict: 'pass', reason: exact, remedy: '' };
}
