/**
 * One life of one process on this machine, in a form that another dit can ask about. A pid by itself identifies nobody: it is
 * given away again, and in another pid namespace (a container) the same number is another process or none.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { unlessAbsent } from '../../base/errors.js';
import { INITIAL_PID_NAMESPACE, namespaceOf } from './pid-namespace.js';
import { processStat } from './process-table.js';

/** Another number after each boot of this machine. */
export const bootId = (): string => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();

export interface ProcessIdentity {
  /** In its own pid namespace. */
  readonly pid: number;
  /** Clock ticks since boot: the same from every pid namespace. */
  readonly startTicks: number;
  /** Inode of its pid namespace; 0: not known, as an earlier dit noted it. */
  readonly namespace: number;
}

export function ownIdentity(): ProcessIdentity {
  const startTicks = processStat(process.pid)?.startTicks ?? 0;
  return { pid: process.pid, startTicks, namespace: namespaceOf('self', 'pid') ?? 0 };
}

/**
 * Whether that process has ended, for certain: where it cannot be seen from here, it may be alive. From the initial pid
 * namespace all processes are seen, those of others too.
 */
export function hasEnded({ pid, startTicks, namespace }: ProcessIdentity): boolean {
  const own = namespaceOf('self', 'pid');
  const isOurs = namespace !== 0 && namespace === own;
  if (isOurs) return processStat(pid)?.startTicks !== startTicks;
  if (own !== INITIAL_PID_NAMESPACE) return false;
  return !readdirSync('/proc').some(
    (entry) => /^\d+$/.test(entry) && mayBe(Number(entry), { pid, startTicks, namespace }),
  );
}

/** Whether the process that we see under `seenPid` may be the one that calls itself `pid` in its own namespace. */
function mayBe(seenPid: number, { pid, startTicks, namespace }: ProcessIdentity): boolean {
  if (pidInItsNamespace(seenPid) !== pid) return false;
  const its = namespaceOf(seenPid, 'pid');
  if (namespace !== 0 && its !== undefined && its !== namespace) return false;
  if (processStat(seenPid)?.startTicks === startTicks) return true;
  // In a time namespace the time since boot may be another one.
  const clock = namespaceOf(seenPid, 'time');
  return clock !== undefined && clock !== namespaceOf('self', 'time');
}

/** From "pid", "ticks" and "namespace" as they stand in a label or a name; an earlier dit's lack the last. */
export function identityOf(
  pid = '',
  startTicks = '',
  namespace = '0',
): ProcessIdentity | undefined {
  if (![pid, startTicks, namespace].every((part) => /^\d{1,15}$/.test(part))) return undefined;
  return { pid: Number(pid), startTicks: Number(startTicks), namespace: Number(namespace) };
}

/** The last number of NSpid; undefined: it has ended. */
function pidInItsNamespace(pid: number): number | undefined {
  const status = unlessAbsent(() => readFileSync(`/proc/${pid}/status`, 'latin1'), undefined);
  if (status === undefined) return undefined;
  const all = /^NSpid:\t(.*)$/m.exec(status)?.[1];
  return Number(all?.split('\t').at(-1) ?? pid);
}
