/** The ebpf test: syscalls of two containers, counted in the kernel; known numbers, mixed work, and the cost. */

import { DitError, EXIT } from '../../base/errors.js';
import { NS_PER_MS } from '../../base/time.js';
import { cgroupKeys } from '../../container/cgroup/cgroup-keys.js';
import { ContainerCgroup } from '../../container/cgroup/container-cgroup.js';
import { type CallCounts, countsBetween } from '../../measure/call-counts.js';
import { CommandLoop } from '../../measure/command-loop.js';
import type { MeasureContext } from '../../measure/context.js';
import { SyscallCounter } from '../../measure/syscall-counter.js';
import { defineCheck, Skip } from '../contract/check.js';
import { COST_BYTES, type CostRound, type EbpfFacts, type EbpfReason, judgeEbpf } from './judge.js';
import { ebpfText } from './text.js';

export const ebpfCheck = defineCheck({ name: 'ebpf', measure, judge: judgeEbpf, text: ebpfText });

/** What walks the image's files and starts programs: calls of many kinds. */
const MIXED_WORK =
  'n=0; while [ $n -lt 30 ]; do find / -xdev >/dev/null; cat /proc/mounts >/dev/null; n=$((n + 1)); done';

/** Bytes that dd copies one by one: a read and a write each. */
const FEW = { busy: 2000, quiet: 1500 };
const MORE = { busy: 5000, quiet: 2500 };
const COST_ROUNDS = 7;
const US_PER_MS = 1e3;

async function measure(context: MeasureContext): Promise<EbpfFacts | Skip<EbpfReason>> {
  const { seesKernel, signal, say } = context;
  if (!seesKernel) return new Skip({ kind: 'kernel out of reach' });
  say('starting two containers');
  const busy = await CommandLoop.open(context, 'busy');
  const quiet = await CommandLoop.open(context, 'quiet');
  const found = [busy, quiet].map(({ pid, id }) => cgroupKeys(pid, id));
  const keys = found.map((each) => each.keys);

  say('counting known calls, and those of mixed work');
  const counted = await countKnown(busy, quiet, keys);
  signal.throwIfAborted();
  const rounds: CostRound[] = [];
  for (let n = 1; n <= COST_ROUNDS; n++) {
    say(`what it costs, round ${n} of ${COST_ROUNDS}`);
    rounds.push(await costRound(busy, keys));
    signal.throwIfAborted();
  }
  return { ...counted, rounds, cgroups: found.map(({ lines }) => cgroupLine(lines)) };
}

/** The line of cgroup v2, or the first of v1's: the container is in each under the same name. */
const cgroupLine = (lines: readonly string[]): string =>
  lines.find((line) => line.startsWith('0:')) ?? lines[0] ?? '';

const copy = (bytes: number): string => `dd if=/dev/zero of=/dev/null bs=1 count=${bytes}`;

/**
 * Two copies of different lengths: the calls by which dd itself is started and speaks are the same, so that the
 * difference is the copy alone.
 */
async function countKnown(
  busy: CommandLoop,
  quiet: CommandLoop,
  keys: readonly (readonly bigint[])[],
): Promise<Pick<EbpfFacts, 'known' | 'mixed' | 'mixedSeconds' | 'missed'>> {
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
  if (v1 !== undefined) return Number(v1) / NS_PER_MS;
  const v2 = /^usage_usec (\d+)$/m.exec(cgroup.read('cpu', 'cpu.stat') ?? '')?.[1];
  if (v2 !== undefined) return Number(v2) / US_PER_MS;
  throw new DitError({
    code: 'cgroup-unknown',
    exitCode: EXIT.unavailable,
    message: 'neither cpuacct.usage nor cpu.stat of the container can be read',
    remedy: "run dit where it sees the host's cgroups: not in a container with a cgroup namespace",
  });
}
