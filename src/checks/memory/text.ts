/** The words of the memory test. */

import { percent } from '../../base/count.js';
import type { Foreign } from '../../base/foreign.js';
import type { ContainersMemory } from '../../measure/memory.js';
import type { Figure } from '../../model/checks/check.js';
import type { CheckFindingText, CheckText, ReasonText } from '../contract/check.js';
import { partsText } from '../contract/parts.js';
import {
  ALLOCATED_MEBIBYTES,
  type Batch,
  type Charge,
  LIMIT_MEBIBYTES,
  type LimitFacts,
  type LimitSeen,
  type MemoryFacts,
  type MemoryFinding,
  type MemoryPartReason,
  type MemoryReason,
  MOST_CONTAINERS,
} from './judge.js';

export const memoryText: CheckText<MemoryFacts, MemoryReason, MemoryFinding> = {
  shows:
    'what identical containers take together and share, which of them is charged for the file cache, and that a memory limit holds',
  thresholds: `pass: ${MOST_CONTAINERS} containers share memory (PSS below RSS) and an allocation over the limit is killed by the kernel; warn: they share none, or the engine does not report the kill; fail: the limit is not enforced`,
  reason: (reason) => partsText(reason, partText),
  finding: ({ id }) => FINDINGS[id],
  figures: ({ sharing: { batches, charge }, limit: { seen } }) => [
    ...batches.flatMap(batchFigures),
    ...chargeFigures(charge),
    ...limitFigures(seen),
  ],
  evidence: ({ sharing: { batches, charge }, limit }) => [
    ...firstLines(batches.at(-1)),
    ...chargeLines(charge),
    ...limitLines(limit),
  ],
};

const FINDINGS: Readonly<Record<MemoryFinding['id'], CheckFindingText>> = {
  'processes-unseen': {
    title:
      'RSS, PSS and who is charged for shared files are left out: the processes are not on this machine, or dit may not look into them',
    remedy: "run it as root on the engine's machine: sudo dit test memory",
  },
  'charge-unseen': {
    title:
      'who is charged for a shared file is left out: it could not be taken out of the page cache',
    remedy: 'install GNU coreutils (sync FILE, dd iflag=nocache)',
  },
  'oom-unreported': {
    title:
      'the kernel killed the container for its memory, and the engine does not report it (OOMKilled)',
    remedy: 'trust exit code 137 and memory.events, not only OOMKilled',
  },
};

function partText(reason: MemoryPartReason): ReasonText {
  switch (reason.kind) {
    case 'processes unseen':
      return { reason: FINDINGS['processes-unseen'].title, remedy: '' };
    case 'shared':
      return {
        reason: `${ALL} take ${percent(reason.savedShare)} less memory than the sum of what each maps`,
        remedy: '',
      };
    case 'nothing shared':
      return {
        reason: `${ALL} share no memory`,
        remedy:
          "use the storage driver overlay2: this one gives each container its own copy of the image's files",
      };
    case 'not enforced': {
      const { exitCode, childStatus, oomKills } = reason;
      return {
        reason: `${ALLOCATED_MEBIBYTES} MiB could be allocated under a limit of ${LIMIT_MEBIBYTES} MiB: exit codes ${exitCode ?? 'none'} and ${childStatus}, ${oomKills ?? 'unknown'} kills`,
        remedy:
          'check that the memory controller is on: docker info warns "No memory limit support"',
      };
    }
    case 'killed': {
      const { isCounted, isReported } = reason;
      const by = isCounted
        ? "by the kernel's OOM killer because of the cgroup's limit"
        : 'with SIGKILL';
      return {
        reason: `an allocation over the limit is killed ${by}${isReported ? '' : ', which the engine does not report'}`,
        remedy: isReported ? '' : FINDINGS['oom-unreported'].remedy,
      };
    }
  }
}

const ALL = `${MOST_CONTAINERS} identical containers`;
const ALLOCATION = `${ALLOCATED_MEBIBYTES} MiB under a limit of ${LIMIT_MEBIBYTES} MiB`;

const SMAPS = 'sum over /proc/PID/smaps_rollup of all their processes';
const CGROUP = "the memory controller's files of their cgroups";

function batchFigures({ count, memory }: Batch): Figure[] {
  const group = count === 1 ? '1 container' : `${count} containers together`;
  const figure = (name: string, value: number, source: string): Figure => ({
    name,
    value,
    unit: 'bytes',
    source,
    certainty: 'exact',
    group,
  });
  if (memory.by === 'engine') {
    const source = "the engine's statistics of the cgroups";
    return [
      figure('charged to the cgroups', memory.usageBytes, source),
      figure('of it file cache', memory.cacheBytes, source),
    ].filter(({ value }) => Number.isFinite(value));
  }
  const { processes, usage, cache } = memory;
  return [
    figure('RSS', processes.rss, SMAPS),
    figure('PSS', processes.pss, SMAPS),
    figure('shared clean', processes.sharedClean, SMAPS),
    figure('private', processes.private, SMAPS),
    figure('charged to the cgroups', usage, CGROUP),
    figure('of it file cache', cache, CGROUP),
    figure('PSS per container', processes.pss / count, SMAPS),
  ];
}

/** The first container's, in the kernel's words. */
function firstLines(batch: Batch | undefined): string[] {
  if (batch?.memory.by !== 'kernel') return [];
  const [first]: ContainersMemory['containers'] = batch.memory.containers;
  if (first === undefined) return [];
  const { rss, pss, sharedClean } = first.processes;
  const kilobytes = [
    ['Rss', rss],
    ['Pss', pss],
    ['Shared_Clean', sharedClean],
  ].map(([name, bytes]) => `${name}: ${Number(bytes) / 1024} kB`);
  const which = `first of ${batch.count} containers`;
  return [
    `${which}, pids ${first.pids.join(' ')}: ${kilobytes.join(', ')}`,
    ...first.cgroup.lines.map((line) => `${which}: ${line}`),
  ];
}

function chargeFigures(charge: Charge | undefined): Figure[] {
  if (charge?.kind !== 'grown') return [];
  const [byFirst = 0, ...byOthers] = charge.bytes;
  const figure = (name: string, value: number): Figure => ({
    name,
    value,
    unit: 'bytes',
    source: "growth of the file cache in each cgroup's memory.stat; the file was not cached before",
    certainty: 'exact',
    group: `file cache of a shared file of ${charge.fileBytes} bytes that all read`,
  });
  return [
    figure('charged to the container that reads it first', byFirst),
    figure(
      `charged to the ${byOthers.length} others together`,
      byOthers.reduce((a, b) => a + b, 0),
    ),
  ];
}

const chargeLines = (charge: Charge | undefined): string[] =>
  charge?.kind === 'grown'
    ? [
        `file cache grew, container by container in the order of reading: ${charge.bytes.join(' ')} bytes`,
      ]
    : [];

function limitFigures({ exitCode, oomKills }: LimitSeen): Figure[] {
  const figures: Figure[] = [];
  const figure = (name: string, value: number, source: string): void => {
    figures.push({ name, value, unit: 'count', source, certainty: 'exact', group: ALLOCATION });
  };
  if (exitCode !== undefined) figure('exit code', exitCode, 'the engine');
  if (oomKills !== undefined) {
    figure('processes killed by the kernel', oomKills, 'oom_kill of the cgroup');
  }
  return figures;
}

const limitLines = ({ seen, lines, message }: LimitFacts): Foreign[] => [
  `the container's exit code: ${seen.exitCode}; State.OOMKilled: ${seen.oomKilled}`,
  `the same as a child of a shell: $? is ${seen.childStatus}`,
  ...lines.map((line) => `the shell's cgroup: ${line}`),
  ...(message === undefined ? [] : [`kernel log: ${message}`]),
];
