/** What machine this is, for the trace's header. */

import { readFileSync } from 'node:fs';
import { cpus, hostname, loadavg, machine, release, totalmem } from 'node:os';
import { unlessAbsent } from '../base/errors.js';
import type { HostInfo } from '../model/recording/recording.js';

/** Reads /etc/os-release, /proc/mounts and securityfs; what cannot be read is ''. */
export function readHostInfo(): HostInfo {
  return {
    hostname: hostname(),
    kernelRelease: release(),
    architecture: machine(),
    cpus: cpus().length,
    memoryBytes: totalmem(),
    os: /^PRETTY_NAME="?([^"\n]*)/m.exec(readText('/etc/os-release'))?.[1] ?? '',
    cgroupVersion: cgroupVersion(readText('/proc/mounts')),
    lockdown: /\[(\w+)\]/.exec(readText('/sys/kernel/security/lockdown'))?.[1] ?? '',
    loadAverage1m: loadavg()[0] ?? 0,
  };
}

/** "1", "2", "hybrid" or "", from the text of /proc/mounts. */
function cgroupVersion(mounts: string): string {
  const types = mounts.split('\n').map((line) => line.split(' ')[2]);
  const v1 = types.includes('cgroup');
  const v2 = types.includes('cgroup2');
  if (v1 && v2) return 'hybrid';
  if (v2) return '2';
  return v1 ? '1' : '';
}

function readText(path: string): string {
  // Not everybody may read these files of the kernel: then the value is left out.
  return unlessAbsent(() => readFileSync(path, 'utf8'), '', ['EACCES', 'EPERM']);
}
