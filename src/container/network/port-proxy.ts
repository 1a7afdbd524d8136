/** Whether connections to a published port pass through docker-proxy, by what it does meanwhile. */

import { NS_PER_MS } from '../../base/time.js';
import {
  listProcesses,
  NS_PER_TICK,
  processArguments,
  processStat,
} from '../../platform/processes/process-table.js';

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
export const cpuMsOf = (pid: number): number =>
  ((processStat(pid)?.cpuTicks ?? 0) * NS_PER_TICK) / NS_PER_MS;
