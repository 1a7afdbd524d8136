/** Whether connections to a published port pass through docker-proxy, by what it does meanwhile. */

import { readFileSync } from 'node:fs';
import { unlessAbsent } from '../base/errors.js';
import { listProcesses, processArguments } from '../platform/process-table.js';

const MS_PER_TICK = 10;

/** The proxy that an engine runs for an address and port of the machine; undefined where there is none. */
export function proxyOf(address: string, port: string): number | undefined {
  return listProcesses().find(({ pid, comm }) => {
    if (comm !== 'docker-proxy') return false;
    const argv = processArguments(pid);
    const option = (name: string): string | undefined => argv[argv.indexOf(name) + 1];
    return option('-host-ip') === address && option('-host-port') === port;
  })?.pid;
}

/** CPU time that a process has used, ms; 0 where it is gone. */
export function cpuMsOf(pid: number): number {
  return unlessAbsent(() => cpuMs(readFileSync(`/proc/${pid}/stat`, 'utf8')), 0);
}

/** Of /proc/PID/stat: user and system time are fields 14 and 15, in ticks of 10 ms. */
export function cpuMs(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK;
}
