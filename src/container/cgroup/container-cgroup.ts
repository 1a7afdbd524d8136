/** Where a process's cgroups lie in the file system, of either version, and what their files say. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { unlessAbsent } from '../../base/errors.js';
import { mountInfoLines } from '../../platform/mounts.js';

interface Hierarchy {
  /** Version 1: "cpu", "cpuacct"; version 2: none. */
  readonly controllers: readonly string[];
  readonly version: 1 | 2;
  readonly target: string;
}

/** @param mountInfo "41 31 0:30 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu"; this process's when absent */
export function cgroupHierarchies(
  mountInfo = readFileSync('/proc/self/mountinfo', 'utf8'),
): Hierarchy[] {
  return mountInfoLines(mountInfo).flatMap(({ type, target, superOptions }): Hierarchy[] => {
    if (type === 'cgroup2') return [{ controllers: [], version: 2, target }];
    if (type !== 'cgroup') return [];
    return [{ controllers: superOptions.split(','), version: 1, target }];
  });
}

/**
 * The folder of a controller.
 * @param controller '': none, which is the hierarchy of version 2
 * @param membership /proc/PID/cgroup: "5:cpu,cpuacct:/docker/0123…", "0::/docker/0123…"
 * @returns undefined where no hierarchy that is mounted has it
 */
export function cgroupFolder(
  controller: string,
  membership: string,
  hierarchies: readonly Hierarchy[],
): { readonly path: string; readonly version: 1 | 2 } | undefined {
  const lines = membership.split('\n').map((line) => /^\d+:([^:]*):(\/.*)$/.exec(line));
  // Version 2 is the line without controllers.
  const first =
    controller === ''
      ? undefined
      : lines.find((line) => line?.[1]?.split(',').includes(controller));
  // On a machine with both, the controllers of version 1 are not those of version 2.
  const version = first === undefined ? 2 : 1;
  const path = (first ?? lines.find((line) => line?.[1] === ''))?.[2];
  const hierarchy = hierarchies.find(
    (each) => each.version === version && (version === 2 || each.controllers.includes(controller)),
  );
  if (path === undefined || hierarchy === undefined) return undefined;
  return { path: join(hierarchy.target, path), version };
}

/** Of a controller that is off, or a file of a cgroup that was removed meanwhile. */
const NOT_SAID = ['EOPNOTSUPP', 'ENODEV', 'EINVAL'];

/** The cgroups of a process, as this one sees them. */
export class ContainerCgroup {
  readonly #membership: string;
  readonly #hierarchies: Hierarchy[];

  /** @throws where the process is gone */
  constructor(pid: number) {
    this.#membership = readFileSync(`/proc/${pid}/cgroup`, 'utf8');
    this.#hierarchies = cgroupHierarchies();
  }

  version(controller: string): 1 | 2 | undefined {
    return cgroupFolder(controller, this.#membership, this.#hierarchies)?.version;
  }

  /**
   * A file's text without the last newline; undefined where there is none, or the kernel has nothing to say in it.
   * @throws the system's error where it may not be read
   */
  read(controller: string, file: string): string | undefined {
    const folder = cgroupFolder(controller, this.#membership, this.#hierarchies);
    if (folder === undefined) return undefined;
    const path = join(folder.path, file);
    return unlessAbsent(() => readFileSync(path, 'utf8').trimEnd(), undefined, NOT_SAID);
  }
}
