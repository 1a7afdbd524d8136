/** Memory: what identical containers share, who is charged for it, and that a limit holds. */
import { closeSync, constants } from 'node:fs';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type Dockerode from 'dockerode';
import { pack } from 'tar-stream';
import type { Foreign } from '../../base/foreign.js';
import { memoryCgroup, readCgroupMemory } from '../../container/cgroup/cgroup-memory.js';
import type { MeasureContext } from '../../measure/context.js';
import { evictFile } from '../../measure/files/evict-file.js';
import { type ContainersMemory, measureContainers } from '../../measure/memory.js';
import { runScript } from '../../measure/sandbox/container-script.js';
import type { ContainerOptions, Running } from '../../measure/sandbox/sandbox.js';
import type { CheckFinding, CheckResult, Figure } from '../../model/checks/check.js';
import { processArguments } from '../../platform/processes/process-table.js';
import type { Check } from '../contract/check.js';
import { type CheckPart, joinParts, leftOut } from '../contract/check-part.js';
import { oomKillMessage } from './kernel-log.js';

/** How many containers are compared. */
const COUNTS = [1, 3, 10] as const;

/** A file in a layer of the image, which every container reads. */
const SHARED_FILE = '/dit-shared';
const SHARED_BYTES = 8_000_000;

const LIMIT_BYTES = 32 << 20;
/** What is allocated under the limit. */
const ALLOCATED_MEBIBYTES = 64;
const SIGKILL_EXIT = 137;

const SMAPS = 'sum over /proc/PID/smaps_rollup of all their processes';
const CGROUP = "the memory controller's files of their cgroups";

export const memoryCheck: Check = {
  name: 'memory',
  shows:
    'what identical containers take together and share, which of them is charged for the file cache, and that a memory limit holds',
  thresholds: `pass: ${COUNTS.at(-1)} containers share memory (PSS below RSS) and an allocation over the limit is killed by the kernel; warn: they share none, or the engine does not report the kill; fail: the limit is not enforced`,
  run,
};

async function run(context: MeasureContext): Promise<CheckResult> {
  const parts = [await sharing(context)];
  context.signal.throwIfAborted();
  parts.push(await limit(context));
  return joinParts(parts);
}

function sharedLayer(): Readable {
  const archive = pack();
  archive.entry({ name: SHARED_FILE.slice(1) }, Buffer.alloc(SHARED_BYTES, 'dit: shared\n'));
  archive.finalize();
  return archive as unknown as Readable;
}

/** Starts them one batch after the other, so that every count is measured on the same containers and more. */
async function sharing(context: MeasureContext): Promise<CheckPart> {
  const { sandbox, signal, say, seesKernel } = context;
  const image = await sandbox.image(context.image, sharedLayer());
  const options: ContainerOptions = {
    Image: image,
    User: '0',
    Cmd: ['sleep', '600'],
    HostConfig: { NetworkMode: 'none' },
  };
  const running: Running[] = [];
  const figures: Figure[] = [];
  const evidence: Foreign[] = [];
  let most: ContainersMemory | undefined;
  for (const count of COUNTS) {
    say(`memory of ${count} ${count === 1 ? 'container' : 'identical containers'}`);
    while (running.length < count) {
      signal.throwIfAborted();
      running.push(await sandbox.start(options, 'memory'));
    }
    if (seesKernel) {
      for (const { pid } of running) await whenExecuted(pid, 'sleep', signal);
      most = measureContainers(running.map(({ pid }) => pid));
      figures.push(...figuresOf(most, count));
    } else {
      figures.push(...(await statsFigures(context, running, count)));
    }
  }
  if (most === undefined) {
    const unseen = leftOut(
      'processes-unseen',
      "RSS, PSS and who is charged for shared files are left out: the processes are not on this machine, or not dit's to look into",
      "run it as root on the engine's machine: sudo dit test memory",
    );
    for (const container of running) await container.remove();
    return { ...unseen, figures };
  }
  const charged = await whoIsCharged(running, signal);
  for (const container of running) await container.remove();
  figures.push(...charged.figures);
  evidence.push(...firstLines(most), ...charged.evidence);
  return { ...judgeSharing(most), figures, evidence, findings: charged.findings };
}

/**
 * An engine answers a start before the container's program is executed: until then the process is the runtime, which
 * is much larger.
 */
async function whenExecuted(pid: number, program: string, signal: AbortSignal): Promise<void> {
  for (let left = 100; left > 0 && processArguments(pid)[0] !== program; left--) {
    await sleep(20, undefined, { signal });
  }
}

function figuresOf({ processes, usage, cache }: ContainersMemory, count: number): Figure[] {
  const group = count === 1 ? '1 container' : `${count} containers together`;
  const figure = (name: string, value: number, source: string): Figure => ({
    name,
    value,
    unit: 'bytes',
    source,
    certainty: 'exact',
    group,
  });
  return [
    figure('RSS', processes.rss, SMAPS),
    figure('PSS', processes.pss, SMAPS),
    figure('shared clean', processes.sharedClean, SMAPS),
    figure('private', processes.private, SMAPS),
    figure('charged to the cgroups', usage, CGROUP),
    figure('of it file cache', cache, CGROUP),
    figure('PSS a container', processes.pss / count, SMAPS),
  ];
}

/** The first container's, in the kernel's words. */
function firstLines({ containers: [first] }: ContainersMemory): string[] {
  if (first === undefined) return [];
  const { rss, pss, sharedClean } = first.processes;
  const kilobytes = [
    ['Rss', rss],
    ['Pss', pss],
    ['Shared_Clean', sharedClean],
  ].map(([name, bytes]) => `${name}: ${Number(bytes) / 1024} kB`);
  return [
    `first of ${COUNTS.at(-1)} containers, pids ${first.pids.join(' ')}: ${kilobytes.join(', ')}`,
    ...first.cgroup.lines.map((line) => `first of ${COUNTS.at(-1)} containers: ${line}`),
  ];
}

/** Pure. */
export function judgeSharing({
  processes,
}: Pick<ContainersMemory, 'processes'>): Pick<CheckPart, 'verdict' | 'reason' | 'remedy'> {
  const { pss, rss } = processes;
  const saved = `${(100 * (1 - pss / rss)).toFixed(0)} %`;
  const all = `${COUNTS.at(-1)} identical containers`;
  return pss < rss
    ? {
        verdict: 'pass',
        reason: `${all} take ${saved} less memory than the sum of what each maps`,
        remedy: '',
      }
    : {
        verdict: 'warn',
        reason: `${all} share no memory`,
        remedy: "the storage driver gives each its own copy of the image's files: use overlay2",
      };
}

/** Takes the shared file out of the page cache, lets them read it one after the other, and looks who is charged. */
async function whoIsCharged(
  running: readonly Running[],
  signal: AbortSignal,
): Promise<Pick<CheckPart, 'figures' | 'evidence' | 'findings'>> {
  const [first, ...others] = running as [Running, ...Running[]];
  const cacheOf = ({ pid }: Running): number => readCgroupMemory(memoryCgroup(pid)).cache;
  // What starting a process charges is not to be counted.
  for (const each of running) await runScript(each, `head -c 1 ${SHARED_FILE} >/dev/null`);
  const shared = (await first.files()).file(SHARED_FILE, constants.O_RDONLY);
  const evicted = await evictFile(shared, signal).finally(() => closeSync(shared));
  if (!evicted) {
    return leftOut(
      'charge-unseen',
      'who is charged for a shared file is left out: it could not be taken out of the page cache',
      'install GNU coreutils (sync FILE, dd iflag=nocache)',
    );
  }
  const grown: number[] = [];
  for (const each of [first, ...others]) {
    signal.throwIfAborted();
    const before = cacheOf(each);
    await runScript(each, `cat ${SHARED_FILE} >/dev/null`);
    grown.push(cacheOf(each) - before);
  }
  const [byFirst = 0, ...byOthers] = grown;
  const figure = (name: string, value: number): Figure => ({
    name,
    value,
    unit: 'bytes',
    source: "growth of the file cache in each cgroup's memory.stat; the file was not cached before",
    certainty: 'exact',
    group: `file cache of a shared file of ${SHARED_BYTES} bytes that all read`,
  });
  return {
    figures: [
      figure('charged to the container that reads it first', byFirst),
      figure(
        `charged to the ${others.length} others together`,
        byOthers.reduce((a, b) => a + b, 0),
      ),
    ],
    evidence: [
      `file cache grew, container by container in the order of reading: ${grown.join(' ')} bytes`,
    ],
    findings: [],
  };
}

interface EngineStats {
  readonly memory_stats?: {
    readonly usage?: number;
    readonly stats?: { readonly cache?: number; readonly file?: number };
  };
}

/** What the engine itself says of the cgroups, where their files are on another machine. */
async function statsFigures(
  { docker }: MeasureContext,
  running: readonly Running[],
  count: number,
): Promise<Figure[]> {
  const all = await Promise.all(
    running.map(
      async ({ id }) =>
        (await docker.getContainer(id).stats({ stream: false, 'one-shot': true })) as EngineStats,
    ),
  );
  const figure = (name: string, value: number): Figure => ({
    name,
    value,
    unit: 'bytes',
    source: "the engine's statistics of the cgroups",
    certainty: 'exact',
    group: count === 1 ? '1 container' : `${count} containers together`,
  });
  const sum = (value: (stats: EngineStats) => number | undefined): number =>
    all.reduce((total, stats) => total + (value(stats) ?? Number.NaN), 0);
  return [
    figure(
      'charged to the cgroups',
      sum(({ memory_stats }) => memory_stats?.usage),
    ),
    figure(
      'of it file cache',
      sum(({ memory_stats }) => memory_stats?.stats?.file ?? memory_stats?.stats?.cache),
    ),
  ].filter(({ value }) => Number.isFinite(value));
}

/** What became of an allocation over the limit. */
export interface LimitSeen {
  /** Of the allocating process as the container's first. */
  readonly exitCode: number | undefined;
  /** What the engine says of that container. */
  readonly oomKilled: boolean;
  /** Of the same as a child of a shell that lived on: what the shell saw. */
  readonly childStatus: number;
  /** Counted by the kernel for that shell's cgroup; undefined: not seen. */
  readonly oomKills: number | undefined;
}

const ALLOCATE = `dd if=/dev/zero of=/dev/null bs=${ALLOCATED_MEBIBYTES}M count=1`;

async function limit(context: MeasureContext): Promise<CheckPart> {
  const { sandbox, docker, signal, say, seesKernel } = context;
  say(`allocating ${ALLOCATED_MEBIBYTES} MiB under a limit of ${LIMIT_BYTES >> 20} MiB`);
  const options = {
    Image: context.image,
    User: '0',
    // As much with swap as without: none of it may go there.
    HostConfig: { NetworkMode: 'none', Memory: LIMIT_BYTES, MemorySwap: LIMIT_BYTES },
  };
  const entrypoint = await sandbox.create({ ...options, Cmd: ALLOCATE.split(' ') }, 'limit');
  await entrypoint.start();
  const ended = (await entrypoint.wait({ abortSignal: signal })) as { StatusCode: number };
  const oomKilled = await isOomKilled(docker, entrypoint.id);

  const shellContainer = await sandbox.start({ ...options, Cmd: ['sleep', '600'] }, 'limit');
  const told = await runScript(shellContainer, `${ALLOCATE} 2>/dev/null; echo $?`);
  const memory = seesKernel ? readCgroupMemory(memoryCgroup(shellContainer.pid)) : undefined;
  const seen: LimitSeen = {
    exitCode: ended.StatusCode,
    oomKilled,
    childStatus: Number(told),
    oomKills: memory?.oomKills,
  };
  const message = seesKernel ? oomKillMessage(entrypoint.id) : undefined;
  await shellContainer.remove();
  const evidence = [
    `the container's exit code: ${seen.exitCode}; State.OOMKilled: ${seen.oomKilled}`,
    `the same as a child of a shell: $? is ${seen.childStatus}`,
    ...(memory?.lines ?? []).map((line) => `the shell's cgroup: ${line}`),
    ...(message === undefined ? [] : [`kernel log: ${message}`]),
  ];
  return { ...judgeLimit(seen), evidence };
}

/** The engine learns of it by an event of its own, which may trail the container's end. */
async function isOomKilled(docker: Dockerode, id: string): Promise<boolean> {
  for (let attempt = 0; ; attempt++) {
    const { State } = await docker.getContainer(id).inspect();
    if (State.OOMKilled || attempt === 10) return State.OOMKilled;
    await sleep(100);
  }
}

/** Pure. */
export function judgeLimit(seen: LimitSeen): Omit<CheckPart, 'evidence'> {
  const { exitCode, oomKilled, childStatus, oomKills } = seen;
  const figures: Figure[] = [];
  const figure = (name: string, value: number, source: string): void => {
    const group = `${ALLOCATED_MEBIBYTES} MiB under a limit of ${LIMIT_BYTES >> 20} MiB`;
    figures.push({ name, value, unit: 'count', source, certainty: 'exact', group });
  };
  if (exitCode !== undefined) figure('exit code', exitCode, 'the engine');
  if (oomKills !== undefined) {
    figure('processes killed by the kernel', oomKills, 'oom_kill of the cgroup');
  }
  const killed = exitCode === SIGKILL_EXIT && childStatus === SIGKILL_EXIT && oomKills !== 0;
  if (!killed) {
    return {
      verdict: 'fail',
      figures,
      findings: [],
      reason: `${ALLOCATED_MEBIBYTES} MiB could be allocated under a limit of ${LIMIT_BYTES >> 20} MiB: exit codes ${exitCode ?? 'none'} and ${childStatus}, ${oomKills ?? 'unknown'} kills`,
      remedy: 'is the memory controller on? docker info warns: "No memory limit support"',
    };
  }
  const by =
    oomKills === undefined
      ? 'with SIGKILL'
      : "by the kernel's OOM killer on account of the cgroup's limit";
  const unreported: CheckFinding = {
    severity: 'low',
    id: 'oom-unreported',
    title:
      'the kernel killed the container for its memory, and the engine does not say so (OOMKilled)',
    remedy: 'trust exit code 137 and memory.events, not OOMKilled alone',
  };
  return {
    verdict: oomKilled ? 'pass' : 'warn',
    figures,
    findings: oomKilled ? [] : [unreported],
    reason: `an allocation over the limit is killed ${by}${oomKilled ? '' : ', which the engine does not report'}`,
    remedy: oomKilled ? '' : unreported.remedy,
  };
}
