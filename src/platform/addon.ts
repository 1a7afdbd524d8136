/** Finds and loads the native addon, and states its types. */

import { constants } from 'node:os';
import { DitError, EXIT, messageOf } from '../base/errors.js';
import { type Foreign, firstLine, joinForeign, quoting, raw } from '../base/foreign.js';
import { packagePath } from './package-files.js';

export interface ProgramState {
  readonly program: string;
  readonly attachPoint: string;
  readonly attached: boolean;
  readonly refusal: string;
  readonly attachedNs: bigint;
}

interface PumpOptions {
  readonly drainEveryMs: number;
  readonly deliverEveryMs: number;
  readonly batchBytes: number;
  readonly queueBytes: number;
}

/** One loaded BPF object. Methods throw errors that carry the kernel's `errno`. */
export interface NativeSession {
  load(): void;
  /** Loads and attaches another object on this one's maps; false where the kernel refuses it. */
  add(objectPath: string): boolean;
  /** Attaches the main object; returns the state of every program, added and refused ones too. */
  attach(): ProgramState[];
  detach(): void;
  updateMap(name: string, key: Uint8Array, value: Uint8Array): void;
  /** A key that is not in the map is not an error. */
  deleteFromMap(name: string, key: Uint8Array): void;
  readCounters(name: string, count: number): number[];
  start(
    ringMap: string,
    options: PumpOptions,
    onBatch: (batch: Uint8Array) => void,
    onDone: () => void,
  ): void;
  finish(): void;
  dropped(): number;
  /** How often the kernel skipped a program because the same one was under way on that CPU; only those with any. */
  missedRuns(): { program: string; runs: number }[];
  close(): void;
}

export interface ClockReading {
  readonly monotonicNs: bigint;
  readonly realtimeNs: bigint;
  readonly boottimeNs: bigint;
  readonly uncertaintyNs: bigint;
}

export interface NativeAddon {
  readonly Session: new (objectPath: string, ringBytes: number) => NativeSession;
  readClocks(): ClockReading;
  /** Throws with `errno`. */
  peerPid(socketPath: string): number;
  /**
   * flock(2) without waiting; false where another open of the file holds it. The lock ends when the descriptor is
   * closed. Throws with `errno`.
   */
  lockFile(descriptor: number): boolean;
  /**
   * openat2(2): a new descriptor, close-on-exec. Throws with `errno`.
   * @param root a descriptor of a folder
   * @param resolve RESOLVE_* bits
   */
  openInRoot(root: number, path: string, flags: number, mode: number, resolve: number): number;
  /**
   * mkdirat(2) as a user, with that user's rights, only in this thread; the umask applies. Throws with `errno`:
   * EINVAL where this user namespace has no such ids.
   * @param parent a descriptor of a folder
   */
  makeFolderAs(parent: number, name: string, mode: number, uid: number, gid: number): void;
  /**
   * The second of these signals, of whichever kind, writes the message to standard error and ends the process with
   * 128 + n, whatever its threads do. To be called when Node's own handlers are in place.
   */
  endAtSecondSignal(signals: readonly number[], message: string): void;
  /** The process ends here: nothing is flushed, no thread is waited for. */
  endNow(exitCode: number): never;
  readonly libbpfVersion: string;
}

let loaded: NativeAddon | undefined;

/** @throws DitError addon-missing, with the command that builds it. */
export function loadAddon(): NativeAddon {
  if (loaded !== undefined) return loaded;
  const tried: Foreign[] = [];
  for (const place of [
    'native/build/Release/dit_native.node',
    `native/prebuilds/linux-${process.arch}/dit_native.node`,
  ]) {
    const path = packagePath(place);
    try {
      // Not by require(): node:module brings much with it, and commands that only read load this module too.
      const module = { exports: {} };
      process.dlopen(module, path);
      loaded = module.exports as NativeAddon;
      return loaded;
    } catch (error) {
      tried.push(quoting`${place}: ${firstLine(messageOf(error))}`);
    }
  }
  throw new DitError({
    code: 'addon-missing',
    exitCode: EXIT.unavailable,
    message: quoting`the native addon cannot be loaded (${joinForeign(tried, '; ')})`,
    remedy:
      'build it: npm run build:addon (needs g++, cmake and libbpf-dev), or run scripts/set-up',
  });
}

/** What a method of the addon threw with `errno`, as Node throws it: with `code` and `path`. Other errors stay. */
export function asSystemError(error: unknown, path: string): unknown {
  const errno = (error as { errno?: unknown }).errno;
  if (typeof errno !== 'number') return error;
  const [code = `errno ${errno}`] =
    Object.entries(constants.errno).find(([, number]) => number === errno) ?? [];
  const message = raw(quoting`${code}: ${messageOf(error)}`);
  return Object.assign(new Error(message, { cause: error }), { code, path });
}
