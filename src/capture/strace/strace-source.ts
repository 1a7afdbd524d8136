/** The strace source: attaches, reports who is traced and what it costs, turns the log into events, detaches. */
import { readFileSync } from 'node:fs';
import { KIND } from '../../model/recording/event-kinds.js';
import type { EventTable } from '../../model/recording/event-table.js';
import type { SourceInfo } from '../../model/recording/recording.js';
import { readClocks } from '../../platform/clocks.js';
import { cgroupMounts } from '../../platform/mounts.js';
import {
  listProcesses,
  processStat,
  withDescendants,
} from '../../platform/processes/process-table.js';
import type {
  Participant,
  RecordingSource,
  SourceEnd,
  SourceOptions,
  StartSource,
} from '../source/source.js';
import { attachStrace } from './attach.js';
import { type Calibration, calibrate } from './calibration.js';
import type { CgroupHierarchy } from './cgroup-files.js';
import { StraceDecoder } from './events.js';
import { LineSplitter } from './line-splitter.js';
import { findStrace, type StraceProgram } from './program.js';
import { type SyscallChoice, straceFlags } from './syscall-lists.js';
import { knownThreads, traceesOf } from './tracees.js';
import type { Tracer } from './tracer.js';
import { WallClock } from './wall-clock.js';

/** What a reader must know of this recording, as a trace's Diagnostic has it. */
interface StraceNote {
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
}

export interface StraceEnd extends SourceEnd {
  readonly notes: readonly StraceNote[];
}

/** The log is in memory: who does not drain it is stopped. */
const MAX_PENDING_BYTES = 512 << 20;
const CHECK_EVERY_MS = 500;

/** What can be known before an engine is started. @throws DitError exit 3: strace-missing, strace-too-old */
export async function needStrace(): Promise<void> {
  await findStrace();
}

/** @throws DitError exit 3: strace-… */
export const startStrace: StartSource = (options) => startStraceWith({ syscalls: 'few' })(options);

/** One strace a set of flags was measured once: it does not change while dit runs. */
const calibrations = new Map<string, Promise<Calibration>>();

export function startStraceWith(choice: {
  readonly syscalls: SyscallChoice;
  /** The program; else the PATH's. */
  readonly strace?: string;
}): (options: SourceOptions) => Promise<StraceSource> {
  return async (options) => {
    const program = await findStrace(choice.strace);
    const flags = straceFlags(choice.syscalls);
    const pids = processesToAttach(options.participants);
    const calibration = await calibrateOnce(program, choice.syscalls, flags);
    const clock = new WallClock(options.baseNs, readClocks());
    const tracer = await attachStrace(program, flags, pids);
    const attachedNs = process.hrtime.bigint();
    return new StraceSource({
      tracer,
      pids,
      clock,
      info: infoOf(program, choice.syscalls, calibration, pids, attachedNs),
      decoder: new StraceDecoder({
        ...options,
        toTrace: clock.toTrace,
        known: knownThreads(pids),
        cgroups: cgroupHierarchies(),
      }),
    });
  };
}

interface Parts {
  readonly tracer: Tracer;
  readonly pids: readonly number[];
  readonly clock: WallClock;
  readonly decoder: StraceDecoder;
  readonly info: SourceInfo;
}

/** A running recording. Always `stop()` it. */
export class StraceSource implements RecordingSource {
  readonly info: SourceInfo;
  readonly #parts: Parts;
  readonly #splitter = new LineSplitter();
  readonly #watch: NodeJS.Timeout;
  #overflowed = false;
  #stopped = false;
  #finished = false;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.info = parts.info;
    this.#watch = setInterval(() => this.#check(), CHECK_EVERY_MS);
    this.#watch.unref();
  }

  /** strace takes its processes when it is started; their children it follows by itself. */
  follow(): boolean {
    return false;
  }

  /** Bytes of text. */
  get pendingBytes(): number {
    return this.#finished ? 0 : this.#parts.tracer.log.pending;
  }

  drain(into: EventTable): void {
    if (this.#finished) return;
    const { tracer, clock, decoder } = this.#parts;
    if (tracer.log.pending > 0) clock.read(readClocks());
    const sink = {
      line: (text: string) => decoder.decode(text, into),
      dropped: () => into.pushCommon(KIND.malformed, 0, 0, 0, 0),
    };
    for (const piece of tracer.log.read()) this.#splitter.feed(piece, sink);
    if (!this.#stopped) return;
    this.#finished = true;
    this.#splitter.end(sink);
    decoder.finish(into);
    tracer.log.close();
  }

  async stop(): Promise<StraceEnd> {
    if (this.#stopped) return { losses: [], disarmNs: 0, notes: [] };
    this.#stopped = true;
    clearInterval(this.#watch);
    const { tracer, clock, pids } = this.#parts;
    // With its last tracee it ends rightly.
    const lives = traceesOf(pids).length > 0;
    const begin = process.hrtime.bigint();
    const { endedBefore } = await tracer.stop();
    const disarmNs = Number(process.hrtime.bigint() - begin);
    const endedEarly = endedBefore && lives && !this.#overflowed;
    clock.read(readClocks());
    return {
      losses: [
        // How much is missing, nobody can count.
        { where: 'strace ended early', records: endedEarly ? 1 : 0 },
        { where: 'strace log over its limit', records: this.#overflowed ? 1 : 0 },
      ],
      disarmNs,
      notes: [
        ...(endedEarly ? [endedEarlyNote(tracer.messages)] : []),
        ...clockNote(clock.steppedNs),
        ...leftNotes(pids, tracer.pid),
      ],
    };
  }

  #check(): void {
    if (this.#overflowed || this.pendingBytes < MAX_PENDING_BYTES) return;
    this.#overflowed = true;
    void this.#parts.tracer.stop();
  }
}

/** dit's own thread is known from its marks: a process cannot wait for what it stops itself. */
function processesToAttach(participants: readonly Participant[]): number[] {
  const others = participants.filter(({ pid }) => pid !== process.pid);
  const roots = others.filter(({ followChildren }) => followChildren).map(({ pid }) => pid);
  const family = withDescendants(listProcesses(), roots).map(({ pid }) => pid);
  return [...new Set([...others.map(({ pid }) => pid), ...family])].filter(
    (pid) => pid !== process.pid,
  );
}

function calibrateOnce(
  program: StraceProgram,
  syscalls: SyscallChoice,
  flags: readonly string[],
): Promise<Calibration> {
  const key = `${program.path} ${syscalls}`;
  let calibration = calibrations.get(key);
  if (calibration === undefined) {
    calibration = calibrate(program, flags);
    calibrations.set(key, calibration);
    // The next one may have better luck.
    calibration.catch(() => calibrations.delete(key));
  }
  return calibration;
}

function infoOf(
  program: StraceProgram,
  syscalls: SyscallChoice,
  { ratio, pairs }: Calibration,
  pids: readonly number[],
  attachedNs: bigint,
): SourceInfo {
  const list = syscalls === 'all' ? 'all syscalls' : 'the short list of syscalls';
  return {
    name: 'strace',
    probes: pids.map((pid) => ({
      program: `strace ${program.version}`,
      attachPoint: `ptrace/${processStat(pid)?.comm ?? ''}/${pid}`,
      attached: true,
      refusal: '',
      attachedNs,
    })),
    perturbed: true,
    perturbation:
      `strace ${program.version} stops every thread twice a syscall (it printed ${list}); ` +
      `just before, it made a shell that starts programs take ${ratio.toFixed(1)} times as long ` +
      `(median of ${pairs} pairs)`,
    ringBytes: 0,
  };
}

/** The mounted hierarchies, with the kernel's numbers of those of cgroup v1. */
function cgroupHierarchies(): CgroupHierarchy[] {
  const numbers = new Map<string, number>();
  // "12:cpu,cpuacct:/path" and, for one without a controller, "1:name=systemd:/path".
  for (const line of readFileSync('/proc/self/cgroup', 'utf8').split('\n')) {
    const [id = '', controllers = ''] = line.split(':');
    for (const controller of [controllers, ...controllers.split(',')]) {
      numbers.set(controller.replace(/^name=/, ''), Number(id));
    }
  }
  return cgroupMounts().map(({ target, type }) => ({
    root: target,
    id: type === 'cgroup2' ? 0 : (numbers.get(target.slice(target.lastIndexOf('/') + 1)) ?? 0),
  }));
}

const endedEarlyNote = (messages: string): StraceNote => ({
  code: 'strace-ended',
  message: `strace ended before the recording: what came after is missing${messages === '' ? '' : ` (${messages.trim().split('\n')[0]})`}`,
  remedy: 'record again; it may have been killed (out of memory?)',
});

const clockNote = (steppedNs: number): StraceNote[] =>
  steppedNs === 0
    ? []
    : [
        {
          code: 'strace-clock',
          message: `the wall clock, by which strace counts, was set by ${(steppedNs / 1e6).toFixed(1)} ms meanwhile: times are wrong by as much`,
          remedy: 'record again, with the clock left alone',
        },
      ];

/** That nobody is left traced or stopped by us is checked, not hoped for. */
function leftNotes(pids: readonly number[], tracerPid: number): StraceNote[] {
  const left = traceesOf(pids).filter((tracee) => tracee.tracerPid === tracerPid);
  if (left.length === 0) return [];
  return [
    {
      code: 'strace-left',
      message: `${left.length} threads are still traced by strace, process ${tracerPid}`,
      remedy: `kill -9 ${tracerPid}: the kernel lets them go`,
    },
  ];
}
