/** The bpftrace source: runs bpf/bpftrace/recorder.bt and reads its lines. For where the ebpf source cannot load. */

import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { constants, cpus, release, setPriority } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { DitError, EXIT } from '../../base/errors.js';
import { quoting } from '../../base/foreign.js';
import { findPrivilege } from '../../doctor/machine.js';
import type { EventTable } from '../../model/recording/event-table.js';
import type { SourceInfo } from '../../model/recording/recording.js';
import { packagePath } from '../../platform/package-files.js';
import {
  type ChildProcess,
  needProgram,
  type Ran,
  startProgram,
} from '../../platform/processes/child-process.js';
import { needInitialPidNamespace } from '../../platform/processes/pid-namespace.js';
import { threadIds } from '../../platform/processes/process-table.js';
import type { RecordingSource, SourceEnd, SourceOptions } from '../source/source.js';
import { aheadOf } from './ahead.js';
import { LineDecoder } from './decode.js';
import { type Bpftrace, findBpftrace } from './find-bpftrace.js';
import { Notices } from './notices.js';
import { OwnName } from './own-name.js';
import { hasPerfBufferOnly, recorderScript, textBytes, turnOf } from './script.js';

type Child = ChildProcess & {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
};

const SCRIPT = 'bpf/bpftrace/recorder.bt';

/** It compiles, loads and attaches in about a second; on a busy machine in many. */
const ARM_MS = 60_000;
/** Detaching takes about a second and a half. */
const STOP_MS = 30_000;
/** Where it has much to read, on a busy machine. */
const CATCH_UP_MS = 60_000;
/** After each `drain()`; the recorder drains twice a second, but not while a start is measured. */
const READ_ON_MS = 150;
const CLOCK_READINGS = 5;
/** More than a rename takes, less than there is between attaching and the end. */
const AHEAD_UNCERTAIN_NS = 1_000_000n;
/** Lines that wait to be drained; beyond, bpftrace has to wait, and counts what its own buffer loses. */
const QUEUE_BYTES = 256 << 20;
const SAID_CHARACTERS = 16_384;
/** Enough for the processes and threads of a busy host, and for the events of one turn (script.ts, withBatches). */
const MAP_KEYS = 32_768;
/** In a smaller ring there are fewer, so that it is the ring's size that bounds the kernel's memory. */
const RING_BYTES_PER_KEY = 256;

/**
 * Mounts tracefs where it is not, only for bpftrace: in a mount namespace of its own, which goes with it.
 * $0 is the shell's name, "$@" bpftrace and its arguments.
 */
const WITH_TRACEFS =
  '[ -e /sys/kernel/tracing/events ] || mount -t tracefs tracefs /sys/kernel/tracing || exit 1; exec "$@"';

/** The kernel kills it when dit is gone, whatever it is doing then. */
const WITH_PARENT = ['--pdeathsig', 'KILL'];

/**
 * What can be known before an engine is started or an image is pulled for nothing.
 * @throws DitError exit 3: not-linux, root-needed, bpftrace-missing, bpftrace-too-old
 */
export async function needBpftrace(): Promise<void> {
  needInitialPidNamespace();
  if (process.platform !== 'linux') {
    throw new DitError({
      code: 'not-linux',
      exitCode: EXIT.unavailable,
      message: `a start cannot be recorded on ${process.platform}`,
      remedy: 'record on Linux; here dit reads trace files: dit trace show FILE',
    });
  }
  const privilege = findPrivilege();
  if (!privilege.available) {
    throw new DitError({
      code: 'root-needed',
      exitCode: EXIT.unavailable,
      message: quoting`bpftrace needs root: this is ${privilege.evidence}`,
      remedy: privilege.remedy,
    });
  }
  await findBpftrace();
}

/**
 * When it resolves, every probe is attached: dit has seen an event of its own come through.
 * @throws DitError bpftrace-missing, bpftrace-too-old, bpftrace-refused
 */
export async function startBpftrace(options: SourceOptions): Promise<BpftraceSource> {
  const bpftrace = await findBpftrace();
  const token = randomBytes(5).toString('hex');
  const script = recorderScript(readFileSync(packagePath(SCRIPT), 'utf8'), {
    version: bpftrace.version,
    machine: options.machine,
    kernelRelease: release(),
    token,
    watchedPid: process.pid,
    devices: blockDevices(),
    pageBytes: await pageBytes(),
    participants: options.participants.map((participant) => ({
      ...participant,
      tids: participant.onlyTid === undefined ? threadIds(participant.pid) : [participant.onlyTid],
    })),
  });
  const lines = await run(bpftrace, script, token, options.ringBytes);
  try {
    const aheadNs = await arm(lines);
    await yieldCpu(lines.child.pid ?? 0);
    lines.pause();
    return new BpftraceSource(lines, bpftrace, script, aheadNs, token, options);
  } catch (error) {
    await lines.end('SIGKILL');
    throw error;
  }
}

/** Where getconf is missing, what nearly every machine has. */
const pageBytes = async (): Promise<number> =>
  Number((await tried('getconf', ['PAGESIZE']))?.stdout) || 4096;

/** Programs that are done at once, for what is as well without; undefined where one does not do it. */
async function tried(program: string, args: readonly string[]): Promise<Ran | undefined> {
  try {
    return await needProgram(program, args, { limitMs: 5_000 });
  } catch {
    // Whatever hinders it.
    return undefined;
  }
}

/** Their numbers, as the kernel has them in 32 bits. */
function blockDevices(): number[] {
  try {
    return readdirSync('/sys/dev/block').map((name) => {
      const [major = 0, minor = 0] = name.split(':').map(Number);
      return major * 2 ** 20 + minor;
    });
  } catch {
    return []; // no sysfs: what is dirtied of a device counts as a file's
  }
}

async function run(
  { path, version }: Bpftrace,
  script: string,
  token: string,
  ringBytes: number,
): Promise<LineQueue> {
  const pages = 2 ** Math.floor(Math.log2(ringBytes / (await pageBytes()) / cpus().length));
  const keys = String(Math.min(MAP_KEYS, Math.floor(ringBytes / RING_BYTES_PER_KEY)));
  const text = textBytes(version);
  const pausable = (await tried('setpriv', [...WITH_PARENT, 'true'])) !== undefined;
  const command = [
    ...(pausable ? ['setpriv', ...WITH_PARENT] : []),
    ...['unshare', '--mount', '--propagation', 'private'],
    ...['sh', '-c', WITH_TRACEFS, 'sh'],
    // "full": a write every 4 KiB, not every line; JSON output would flush each.
    ...[path, '-B', 'full', '-'],
  ];
  const child = startProgram(command[0] as string, command.slice(1), {
    endedBy: 'its starter',
    stdio: ['pipe', 'pipe', 'pipe'],
    env: {
      ...process.env,
      LC_ALL: 'C',
      ...(hasMaxStrlen(version)
        ? { BPFTRACE_MAX_STRLEN: String(text), BPFTRACE_MAX_MAP_KEYS: keys }
        : { BPFTRACE_STRLEN: String(text), BPFTRACE_MAP_KEYS_MAX: keys }),
      BPFTRACE_PERF_RB_PAGES: String(Math.max(64, pages)),
    },
  }) as Child;
  child.stdin.on('error', () => {}); // its exit says why
  child.stdin.end(script);
  return new LineQueue(child, token, pausable);
}

/** Its settings have been called so since 0.20. */
const hasMaxStrlen = ([major, minor]: Bpftrace['version']): boolean => major > 0 || minor >= 20;

/**
 * Waits until bpftrace answers a rename of this process, then reads its clock.
 * @returns how far bpftrace's clock (CLOCK_BOOTTIME) is ahead of CLOCK_MONOTONIC, ns; uncertain by half the time
 *   that a rename takes, some microseconds
 */
async function arm(lines: LineQueue): Promise<bigint> {
  const name = new OwnName();
  const { clockAnswers } = lines.notices;
  const deadline = performance.now() + ARM_MS;
  const goesOn = (silent: string): void => {
    if (lines.ended) throw refused(lines.said);
    if (performance.now() > deadline) throw refused(silent);
  };
  try {
    while (clockAnswers.length === 0) {
      goesOn(`it attaches nothing within ${ARM_MS / 1000} s`);
      name.write();
      await sleep(20);
    }
    const renames = Array.from({ length: CLOCK_READINGS }, () => name.write());
    for (;;) {
      const ahead = aheadOf(renames, clockAnswers);
      if (ahead !== undefined) return ahead;
      goesOn('it stopped to answer');
      await sleep(10);
    }
  } finally {
    name.close();
  }
}

/**
 * Until bpftrace has read what is in its buffers: interrupted before that, it leaves it there.
 * @returns false where it has not, and nobody knows what is left
 */
async function catchUp(lines: LineQueue, aheadNs: bigint, hasBatches: boolean): Promise<boolean> {
  lines.readOnToTheEnd();
  // As an idle process it may not run at all on a busy machine, and there is no start left to leave the CPU to.
  if (!lines.ended) await takeCpu(lines.child.pid ?? 0);
  const deadline = performance.now() + CATCH_UP_MS;
  const goesOn = (): boolean => !lines.ended && performance.now() < deadline;
  const name = new OwnName();
  const renamed = name.write().before + aheadNs - AHEAD_UNCERTAIN_NS;
  name.close();
  const { notices } = lines;
  const answered = (): boolean => notices.clockAnswers.some((time) => time >= renamed);
  while (!answered() && goesOn()) await sleep(20);
  // The answer was on one CPU's buffer; the others are read in the same round.
  await sleep(50);
  // Interrupted while it hands over a half, it may print it without emptying it, and print it again at its end.
  const handedOver = (): boolean =>
    turnOf(notices.heartbeat) === turnOf(process.hrtime.bigint() + aheadNs);
  while (hasBatches && !handedOver() && goesOn()) await sleep(20);
  return answered();
}

/**
 * bpftrace reads its buffer at every event, and takes the CPU from what it watches where it may: as SCHED_IDLE it may
 * not. What it has no time for waits in the kernel's buffer.
 */
const yieldCpu = (pid: number): Promise<void> =>
  schedule(pid, '--idle', constants.priority.PRIORITY_LOW);

const takeCpu = (pid: number): Promise<void> =>
  schedule(pid, '--other', constants.priority.PRIORITY_NORMAL);

/** @param priority for where there is no chrt */
async function schedule(pid: number, policy: string, priority: number): Promise<void> {
  if ((await tried('chrt', [policy, '--pid', '0', String(pid)])) !== undefined) return;
  try {
    setPriority(pid, priority);
  } catch {
    // It has ended, which is told elsewhere.
  }
}

function refused(said: string): DitError {
  return new DitError({
    code: 'bpftrace-refused',
    exitCode: EXIT.unavailable,
    message: `bpftrace cannot attach its probes: ${said.trim() || 'it ended without a word'}`,
    remedy: `try it by itself: bpftrace ${SCRIPT} 1`,
  });
}

/** A running recording of the kernel's side. Always `stop()` it. */
export class BpftraceSource implements RecordingSource {
  readonly info: SourceInfo;
  readonly #lines: LineQueue;
  readonly #decoder: LineDecoder;
  readonly #aheadNs: bigint;
  readonly #hasBatches: boolean;
  #stopped = false;

  constructor(
    lines: LineQueue,
    { version }: Bpftrace,
    script: string,
    aheadNs: bigint,
    token: string,
    options: SourceOptions,
  ) {
    this.#lines = lines;
    this.#aheadNs = aheadNs;
    this.#hasBatches = hasPerfBufferOnly(version);
    const armed = process.hrtime.bigint();
    this.info = {
      name: 'bpftrace',
      probes: [...script.matchAll(/^tracepoint:(\w+):(\w+)/gm)].map(([attachPoint, , program]) => ({
        program: program ?? '',
        attachPoint,
        attached: true,
        refusal: '',
        attachedNs: armed,
      })),
      perturbed: false,
      perturbation: '',
      ringBytes: options.ringBytes,
    };
    this.#decoder = new LineDecoder({
      machine: options.machine,
      baseNs: options.baseNs + aheadNs,
      strings: options.strings,
      redact: options.redact,
      token,
      textBytes: textBytes(version),
    });
  }

  /** It takes its participants only when it is started. */
  follow(): boolean {
    return false;
  }

  drain(into: EventTable): void {
    for (const chunk of this.#lines.take()) this.#decoder.decode(chunk, into);
    this.#lines.readOn();
    if (this.#stopped && this.#lines.ended) this.#decoder.finish(into);
  }

  get pendingBytes(): number {
    return this.#lines.bytes;
  }

  async stop(): Promise<SourceEnd> {
    if (this.#stopped) return { losses: [], disarmNs: 0 };
    this.#stopped = true;
    const begin = process.hrtime.bigint();
    const diedBefore = this.#lines.ended;
    const caughtUp = await catchUp(this.#lines, this.#aheadNs, this.#hasBatches);
    const readToTheEnd = (await this.#lines.end('SIGINT')) && caughtUp;
    const { records, mapEntries, participants } = this.#lines.notices;
    return {
      losses: [
        { where: 'bpftrace', records },
        { where: 'maps', records: mapEntries },
        { where: 'participants', records: participants },
        // How much these missed is not known: one stands for all of it.
        { where: 'bpftrace ended by itself', records: diedBefore ? 1 : 0 },
        { where: 'bpftrace not read to its end', records: diedBefore || readToTheEnd ? 0 : 1 },
      ],
      disarmNs: Number(process.hrtime.bigint() - begin),
    };
  }
}

/** What bpftrace writes, until it is taken. */
class LineQueue {
  readonly child: Child;
  readonly notices: Notices;
  readonly #closed: Promise<void>;
  readonly #pausable: boolean;
  #chunks: Uint8Array[] = [];
  #bytes = 0;
  #said = '';
  #ended = false;
  #ending = false;
  /** While it reads on: when it pauses again. */
  #pauseTimer: NodeJS.Timeout | undefined;

  constructor(child: Child, token: string, pausable: boolean) {
    this.#pausable = pausable;
    this.child = child;
    this.notices = new Notices(token);
    this.#closed = once(child, 'close')
      .then(() => {})
      .catch((error: Error) => {
        this.#said += error.message;
      })
      .finally(() => {
        this.#ended = true;
      });
    child.stdout.on('data', (chunk: Uint8Array) => {
      this.#chunks.push(chunk);
      this.#bytes += chunk.byteLength;
      this.notices.add(chunk);
      if (this.#bytes > QUEUE_BYTES && !this.#ending) child.stdout.pause();
    });
    child.stderr.on('data', (chunk: Uint8Array) => {
      this.#said = (this.#said + String(chunk)).slice(-SAID_CHARACTERS);
      this.notices.add(chunk);
    });
  }

  get ended(): boolean {
    return this.#ended;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Its own words on stderr, the errors first. */
  get said(): string {
    const lines = this.#said.split('\n').filter((line) => !/MEMLOCK|available_filter/.test(line));
    return (
      lines.find((line) => /ERROR|FATAL|not found|refused|denied/.test(line)) ??
      lines[0] ??
      ''
    )
      .replace(/^stdin:/, 'recorder.bt:')
      .slice(0, 500);
  }

  take(): Uint8Array[] {
    const chunks = this.#chunks;
    this.#chunks = [];
    this.#bytes = 0;
    this.child.stdout.resume();
    return chunks;
  }

  /**
   * Stops bpftrace: as long as it reads each event at once, each event interrupts the CPU that it happens on, for some
   * microseconds, to wake it. Only where the kernel ends it with this process: a stopped one would never notice.
   */
  pause(): void {
    if (this.#pausable && !this.#ending && !this.#ended) this.child.kill('SIGSTOP');
  }

  /** Lets bpftrace read its buffers for a while. */
  readOn(): void {
    if (!this.#pausable || this.#ending || this.#ended) return;
    this.child.kill('SIGCONT');
    clearTimeout(this.#pauseTimer);
    this.#pauseTimer = setTimeout(() => this.pause(), READ_ON_MS).unref();
  }

  readOnToTheEnd(): void {
    clearTimeout(this.#pauseTimer);
    this.#ending = true;
    this.child.stdout.resume();
    if (this.#pausable && !this.#ended) this.child.kill('SIGCONT');
  }

  /**
   * Sends the signal to the process that was started, and waits for its last line.
   * @returns false where it had to be killed before it had written that
   */
  async end(signal: 'SIGINT' | 'SIGKILL'): Promise<boolean> {
    this.readOnToTheEnd();
    if (!this.#ended) this.child.kill(signal);
    let inTime = true;
    const timer = setTimeout(() => {
      inTime = false;
      this.child.kill('SIGKILL');
    }, STOP_MS);
    await this.#closed;
    clearTimeout(timer);
    return inTime;
  }
}
