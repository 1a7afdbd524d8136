/** Who is followed from the start: the engine's daemons, found from its socket. */

import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { DitError, EXIT, messageOf, unlessAbsent } from '../base/errors.js';
import type { Foreign } from '../base/foreign.js';
import { quoting } from '../base/foreign.js';
import type { ProcessRole } from '../model/recording/recording.js';
import { loadAddon } from '../platform/addon.js';
import {
  listProcesses,
  type ProcessStat,
  processStat,
} from '../platform/processes/process-table.js';

export interface Daemon {
  readonly pid: number;
  readonly role: ProcessRole;
}

const CONTAINERD_SOCKETS = [
  '/run/containerd/containerd.sock',
  '/run/docker/containerd/containerd.sock',
];

/**
 * dockerd is the process behind its socket. containerd is dockerd's child, or the one behind the
 * system's containerd socket.
 * @throws DitError engine-process-unknown
 */
export function findDaemons(socketPath: string): Daemon[] {
  const processes = listProcesses();
  const dockerd = findListener(socketPath, processes);
  const daemons: Daemon[] = [{ pid: dockerd, role: 'dockerd' }];
  const child = processes.find(
    ({ parentPid, comm }) => parentPid === dockerd && comm === 'containerd',
  );
  const containerd = child?.pid ?? findContainerd();
  if (containerd !== undefined) daemons.push({ pid: containerd, role: 'containerd' });
  return daemons;
}

function findListener(socketPath: string, processes: readonly ProcessStat[]): number {
  let peer: number;
  try {
    peer = loadAddon().peerPid(socketPath);
  } catch (error) {
    // Without the addon: whoever holds the socket.
    if (!(error instanceof DitError)) throw unknownProcess(socketPath, messageOf(error));
    const holder = findByInheritedSocket(socketPath, processes);
    if (holder !== undefined) return holder;
    throw unknownProcess(socketPath, 'no process of this user is seen to hold it');
  }
  // With socket activation the listener is systemd's and dockerd has inherited it.
  if (peer !== 0 && processStat(peer)?.comm !== 'systemd') return peer;
  const inherited = findByInheritedSocket(socketPath, processes);
  if (inherited !== undefined) return inherited;
  throw unknownProcess(
    socketPath,
    peer === 0
      ? 'it listens in another pid namespace'
      : 'no process holds the socket that systemd made',
  );
}

function findByInheritedSocket(
  socketPath: string,
  processes: readonly ProcessStat[],
): number | undefined {
  const resolved = socketPath.replace(/^\/var\/run\//, '/run/');
  const inodes = readFileSync('/proc/net/unix', 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[7] === socketPath || fields[7] === resolved)
    .map((fields) => `socket:[${fields[6]}]`);
  return processes.find(({ pid, comm }) => {
    if (pid === 1 || comm === 'systemd') return false;
    const folder = `/proc/${pid}/fd`;
    // Not root: what others have open is not seen.
    return unlessAbsent(() => readdirSync(folder), [], ['EACCES', 'EPERM']).some((descriptor) => {
      const target = unlessAbsent(() => readlinkSync(`${folder}/${descriptor}`), '');
      return inodes.includes(target);
    });
  })?.pid;
}

/** The system's containerd, which ctr and nerdctl talk to. */
export function findSystemContainerd(env: NodeJS.ProcessEnv): Daemon[] {
  const address = env.CONTAINERD_ADDRESS?.replace(/^unix:\/\//, '');
  const pid = findContainerd(address ? [address] : CONTAINERD_SOCKETS);
  return pid === undefined ? [] : [{ pid, role: 'containerd' }];
}

/** A daemon by its pid; its process name decides its kind. */
export function daemonOf(pid: number): Daemon {
  const comm = processStat(pid)?.comm;
  if (comm === undefined) {
    throw new DitError({
      code: 'no-process',
      exitCode: EXIT.usage,
      message: `there is no process ${pid} to follow`,
      remedy: 'look it up: pgrep -a containerd',
    });
  }
  return { pid, role: comm === 'dockerd' || comm === 'containerd' ? comm : '' };
}

function findContainerd(sockets: readonly string[] = CONTAINERD_SOCKETS): number | undefined {
  for (const socket of sockets) {
    try {
      const pid = findListener(socket, listProcesses());
      if (pid > 1) return pid;
    } catch {
      // Nobody listens there: the next one.
    }
  }
  return undefined;
}

function unknownProcess(socketPath: string, reason: Foreign): DitError {
  return new DitError({
    code: 'engine-process-unknown',
    exitCode: EXIT.unavailable,
    message: quoting`the process behind '${socketPath}' cannot be found: ${reason}`,
    remedy: "run dit on the engine's own host, in the host's pid namespace",
  });
}
