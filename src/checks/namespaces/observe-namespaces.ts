/** What a container sees of the machine, and what the machine sees: read inside and outside. Parsing is pure. */

import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { DitError, EXIT, messageOf, unlessAbsent } from '../../base/errors.js';
import { quoting } from '../../base/foreign.js';
import type { Running } from '../../measure/sandbox/sandbox.js';

/** What one side sees. */
export interface Sight {
  /** "net": "net:[4026531840]"; kinds that the kernel does not have are missing. */
  readonly links: ReadonlyMap<string, string>;
  readonly hostname: string;
  readonly processes: number;
  /** Lines of mountinfo. */
  readonly mounts: readonly string[];
  readonly interfaces: readonly string[];
  /** Ids of SysV message queues. */
  readonly queues: readonly string[];
  /** /proc/PID/uid_map, a line each, single blanks. */
  readonly uidMap: readonly string[];
  /** Paths of /proc/PID/cgroup. */
  readonly cgroups: readonly string[];
}

export const KINDS = ['pid', 'uts', 'mnt', 'net', 'ipc', 'user', 'cgroup', 'time'] as const;
export type NamespaceKind = (typeof KINDS)[number];

const FILES = [
  'sys/kernel/hostname',
  'self/mountinfo',
  'self/net/dev',
  'sysvipc/msg',
  'self/uid_map',
  'self/cgroup',
] as const;
const SEPARATOR = '--- dit ---';

/** Reads /proc as a process in the container sees it. @throws DitError container-unreadable */
export async function seeFromInside(container: Running): Promise<Sight> {
  const files = FILES.map((file) => `cat /proc/${file}; echo '${SEPARATOR}'`).join('; ');
  const script = `${files}; ls /proc`;
  const { exitCode, stdout, stderr } = await container.exec('sh', '-c', script);
  if (exitCode !== 0) {
    throw new DitError({
      code: 'container-unreadable',
      exitCode: EXIT.engine,
      message: `/proc cannot be read in the container: ${stderr.trim() || `exit code ${exitCode}`}`,
      remedy: 'use an image with sh and cat; without --image dit uses one of its own',
    });
  }
  const parts = stdout.split(`${SEPARATOR}\n`);
  // The shell that asks, and its ls, are processes too: they are in the list that ls gives.
  return sightOf(linksOf(container.pid), parts, (parts[FILES.length] ?? '').split('\n'));
}

/** Reads /proc as this process sees it. */
export function seeFromHost(): Sight {
  const texts = FILES.map((file) => readIfThere(`/proc/${file}`));
  return sightOf(linksOf('self'), texts, readdirSync('/proc'));
}

/** Pure. @param texts of FILES, in their order */
export function sightOf(
  links: ReadonlyMap<string, string>,
  texts: readonly string[],
  inProc: readonly string[],
): Sight {
  const lines = (at: number): string[] =>
    (texts[at] ?? '').split('\n').filter((line) => line.trim() !== '');
  return {
    links,
    hostname: (texts[0] ?? '').trim(),
    processes: inProc.filter((name) => /^\d+$/.test(name)).length,
    mounts: lines(1),
    interfaces: lines(2).flatMap((line) => /^\s*([^\s:|]+):/.exec(line)?.[1] ?? []),
    queues: lines(3).flatMap((line) => /^\s*-?\d+\s+(\d+)\s/.exec(line)?.[1] ?? []),
    uidMap: lines(4).map((line) => line.trim().replace(/\s+/g, ' ')),
    cgroups: lines(5).flatMap((line) => /^\d+:[^:]*:(.*)$/.exec(line)?.[1] ?? []),
  };
}

/** @throws DitError namespaces-unreadable (exit 3) where the process is not this machine's, or not ours to look at */
function linksOf(pid: number | 'self'): Map<string, string> {
  try {
    const names = readdirSync(`/proc/${pid}/ns`);
    return new Map(
      KINDS.filter((kind) => names.includes(kind)).map((kind) => [
        kind,
        readlinkSync(`/proc/${pid}/ns/${kind}`),
      ]),
    );
  } catch (error) {
    throw unreadable(`/proc/${pid}/ns`, error);
  }
}

/** '' where the kernel has no such file. @throws DitError namespaces-unreadable */
function readIfThere(path: string): string {
  try {
    return unlessAbsent(() => readFileSync(path, 'utf8'), '');
  } catch (error) {
    throw unreadable(`'${path}'`, error);
  }
}

function unreadable(what: string, error: unknown): DitError {
  return new DitError({
    code: 'namespaces-unreadable',
    exitCode: EXIT.capability,
    message: quoting`${what} cannot be read: ${messageOf(error)}`,
    remedy: "run dit as root on the engine's own machine",
  });
}
