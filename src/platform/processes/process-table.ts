/** Processes as /proc shows them now. One that ends while it is being read is left out. */

import { readdirSync, readFileSync } from 'node:fs';
import { unlessAbsent } from '../../base/errors.js';

export interface ProcessStat {
  readonly pid: number;
  readonly parentPid: number;
  readonly comm: string;
  /** "R", "S", "Z": proc(5). */
  readonly state: string;
  /** User and system time, clock ticks. */
  readonly cpuTicks: number;
  /** Clock ticks (10 ms) since boot, CLOCK_BOOTTIME. */
  readonly startTicks: number;
}

/** /proc/PID/stat counts in USER_HZ, which is 100 on every architecture that dit knows. */
export const NS_PER_TICK = 10_000_000;

/** With hidepid, who is not root sees no process of others. */
const HIDDEN = ['EACCES', 'EPERM'];

export function listProcesses(): ProcessStat[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => processStat(Number(name)))
    .filter((stat) => stat !== undefined);
}

/** undefined where it is gone, or hidden. */
export const processStat = (pid: number): ProcessStat | undefined =>
  parseStat(pid, readProc(pid, 'stat'));

/** @param text of /proc/PID/stat */
export function parseStat(pid: number, text: string): ProcessStat | undefined {
  // The name may hold blanks and parentheses: it ends at the last one.
  const open = text.indexOf('(');
  const close = text.lastIndexOf(')');
  if (open < 0 || close < open) return undefined;
  const fields = text.slice(close + 2).split(' ');
  return {
    pid,
    comm: text.slice(open + 1, close),
    state: fields[0] ?? '',
    parentPid: Number(fields[1]),
    cpuTicks: Number(fields[11]) + Number(fields[12]),
    startTicks: Number(fields[19]),
  };
}

export const processArguments = (pid: number): string[] =>
  readProc(pid, 'cmdline').split('\0').slice(0, -1);

export function threadIds(pid: number): number[] {
  return unlessAbsent(() => readdirSync(`/proc/${pid}/task`), [], HIDDEN).map(Number);
}

/** `roots` and all that descend from them, in the order of the table. */
export function withDescendants(
  processes: readonly ProcessStat[],
  roots: Iterable<number>,
): ProcessStat[] {
  const family = new Set(roots);
  let size: number;
  do {
    size = family.size;
    for (const { pid, parentPid } of processes) if (family.has(parentPid)) family.add(pid);
  } while (family.size > size);
  return processes.filter(({ pid }) => family.has(pid));
}

function readProc(pid: number, file: string): string {
  return unlessAbsent(() => readFileSync(`/proc/${pid}/${file}`, 'utf8'), '', HIDDEN);
}
