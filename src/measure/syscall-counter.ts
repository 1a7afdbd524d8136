/** Syscalls of containers, counted in the kernel: bpf/syscall_counts.bpf.c from user space. */

import { machine } from 'node:os';
import { DitError, EXIT, messageOf } from '../base/errors.js';
import { quoting } from '../base/foreign.js';
import { needEbpf } from '../capture/ebpf/ebpf-source.js';
import { syscallNames } from '../model/syscalls/syscall-names.js';
import { loadAddon, type NativeSession } from '../platform/addon.js';
import { packagePath } from '../platform/package-files.js';
import type { CallCounts } from './call-counts.js';

const OBJECT = 'bpf/build/syscall_counts.bpf.o';
/** COUNTED_CONTAINERS and COUNTED_SYSCALLS of the program. */
export const MAX_CONTAINERS = 16;
export const MAX_SYSCALLS = 1024;

export class SyscallCounter {
  readonly #session: NativeSession;
  readonly #containers: number;

  private constructor(session: NativeSession, containers: number) {
    this.#session = session;
    this.#containers = containers;
  }

  /**
   * Counts from now on. Always `stop()` it.
   * @param containers the keys of each one's cgroups, MAX_CONTAINERS of them at most
   * @throws DitError exit 3 where the kernel or this user cannot
   */
  static start(containers: readonly (readonly bigint[])[]): SyscallCounter {
    needEbpf();
    let session: NativeSession | undefined;
    try {
      session = new (loadAddon().Session)(packagePath(OBJECT), 0);
      session.load();
      for (const [container, keys] of containers.slice(0, MAX_CONTAINERS).entries()) {
        for (const key of keys) session.updateMap('counted_cgroups', u64(key), u32(container));
      }
      const refused = session.attach().find(({ attached }) => !attached);
      if (refused !== undefined) throw new Error(`${refused.attachPoint}: ${refused.refusal}`);
      return new SyscallCounter(session, Math.min(containers.length, MAX_CONTAINERS));
    } catch (error) {
      session?.detach();
      session?.close();
      throw new DitError({
        code: 'counter-refused',
        exitCode: EXIT.unavailable,
        message: quoting`the kernel refuses to count syscalls: ${messageOf(error).trim()}`,
        remedy: 'build the BPF programs: npm run build:bpf; see what else is missing: dit doctor',
        cause: error,
      });
    }
  }

  /** What was counted so far, in the order in which the containers were given. */
  read(): CallCounts[] {
    const names = syscallNames(machine());
    const counts = this.#session.readCounters('calls', this.#containers * MAX_SYSCALLS);
    return Array.from({ length: this.#containers }, (_, container) => {
      const own = counts.slice(container * MAX_SYSCALLS, (container + 1) * MAX_SYSCALLS);
      return new Map(
        own.flatMap((calls, number) =>
          calls === 0 ? [] : [[names[number] ?? `syscall ${number}`, calls] as const],
        ),
      );
    });
  }

  /** Calls that the kernel passed over because the program was under way on that CPU: the most that can be missing. */
  missed(): number {
    return this.#session.missedRuns().reduce((sum, { runs }) => sum + runs, 0);
  }

  stop(): void {
    this.#session.detach();
    this.#session.close();
  }
}

function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}

function u64(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, value, true);
  return bytes;
}
