/** The ebpf source: loads and arms the BPF programs, sets who is followed, delivers raw batches. */

import { existsSync } from 'node:fs';
import { arch, release } from 'node:os';
import { DitError, EXIT, messageOf } from '../../base/errors.js';
import { firstLine, quoting, raw } from '../../base/foreign.js';
import { own } from '../../base/own.js';
import { findPrivilege } from '../../doctor/machine.js';
import type { EventTable } from '../../model/recording/event-table.js';
import type { SourceInfo } from '../../model/recording/recording.js';
import type { StringInterner } from '../../model/recording/strings.js';
import { syscallNames } from '../../model/syscalls/syscall-names.js';
import { RECORDED_ARGUMENTS } from '../../model/syscalls/syscalls.js';
import { loadAddon, type NativeSession, type ProgramState } from '../../platform/addon.js';
import { packagePath } from '../../platform/package-files.js';
import { needInitialPidNamespace } from '../../platform/processes/pid-namespace.js';
import { threadIds } from '../../platform/processes/process-table.js';
import type {
  Loss,
  Participant,
  RecordingSource,
  SourceEnd,
  SourceOptions,
} from '../source/source.js';
import { RecordDecoder } from './decode.js';
import { LOSS_COUNTERS, OFFSET, SIZE } from './wire.js';

/** Programs without which there is no trace worth having. */
const REQUIRED: ReadonlySet<string> = new Set([
  'sys_enter',
  'sys_exit',
  'sched_process_fork',
  'sched_process_exec',
  'sched_process_exit',
]);

/** Objects that measure copy-up at overlayfs's own function, best first. */
const COPY_UP_OBJECTS = ['bpf/build/copy_up_fentry.bpf.o', 'bpf/build/copy_up_kprobe.bpf.o'];

/** DIT_COPY_UP tries only one way, even if a better one would work: "fentry", "kprobe", or "inferred". */
function copyUpObjects(): string[] {
  const only = process.env.DIT_COPY_UP ?? '';
  return COPY_UP_OBJECTS.filter((object) => only === '' || object.includes(`_${only}.`));
}

/** Syscalls' programs once more, behind the others; the kernels that may skip a program. */
const SECOND_CHANCE = 'bpf/build/second_chance.bpf.o';
const skipsPrograms = (): boolean => Number.parseInt(release(), 10) >= 7;

const PUMP = {
  drainEveryMs: 100,
  deliverEveryMs: 200,
  batchBytes: 1 << 20,
  queueBytes: 512 << 20,
};

/** Only named calls: they fill the ring a hundred times slower, and a watch waits for starts for hours. */
const WATCH_PUMP = { ...PUMP, drainEveryMs: 250, deliverEveryMs: 1000 };

const OBJECT = 'bpf/build/recorder.bpf.o';

const EPERM = 1;
const ENOENT = 2;

/**
 * What can be known before an engine is started or an image is pulled for nothing.
 * @throws DitError exit 3: not-linux, root-needed, addon-missing, bpf-object-missing
 */
export function needEbpf(): void {
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
      message: quoting`recording needs root: this is ${privilege.evidence}`,
      remedy: privilege.remedy,
    });
  }
  loadAddon();
  if (!existsSync(packagePath(OBJECT))) throw objectMissing(OBJECT);
}

/**
 * Loads and attaches everything; when it returns, the recording is armed.
 * @throws DitError addon-missing, ebpf-refused, probe-refused
 */
export function startEbpf(options: SourceOptions): Promise<EbpfSource> {
  // Thrown at once, not as a rejection: nothing is attached yet.
  return Promise.resolve(EbpfSource.start(options));
}

/** A running recording of the kernel's side. Always `stop()` it. */
export class EbpfSource implements RecordingSource {
  readonly info: SourceInfo;
  readonly #session: NativeSession;
  readonly #decoder: RecordDecoder;
  readonly #batches: Uint8Array[];
  readonly #done: Promise<void>;
  readonly #baseNs: bigint;
  /** Since when, ns since the session base, by pid: what they did before may still be on its way here. */
  readonly #unfollowed = new Map<number, number>();
  #stopped = false;

  private constructor(
    session: NativeSession,
    info: SourceInfo,
    decoder: RecordDecoder,
    batches: Uint8Array[],
    done: Promise<void>,
    baseNs: bigint,
  ) {
    this.#session = session;
    this.info = info;
    this.#decoder = decoder;
    this.#batches = batches;
    this.#done = done;
    this.#baseNs = baseNs;
  }

  /** @throws DitError addon-missing, ebpf-refused, probe-refused */
  static start(options: SourceOptions): EbpfSource {
    const addon = loadAddon();
    let session: NativeSession;
    try {
      session = new addon.Session(packagePath(OBJECT), options.ringBytes);
      session.load();
    } catch (error) {
      throw refusal(error);
    }
    let close = (): void => session.close();
    try {
      fillSyscallDetails(session, options.machine);
      const settings = new Uint8Array(SIZE.settings);
      settings[OFFSET.settings.named_calls_only] = options.namedCallsOnly === true ? 1 : 0;
      session.updateMap('settings', u32(0), settings);
      const batches: Uint8Array[] = [];
      let finished: () => void = () => {};
      const done = new Promise<void>((resolve) => {
        finished = resolve;
      });
      const pump = options.namedCallsOnly === true ? WATCH_PUMP : PUMP;
      session.start('records', pump, (batch) => batches.push(batch), finished);
      // The pump's thread keeps the process alive until it is asked to end, and takes a moment for it.
      close = () => {
        session.finish();
        void done.then(() => session.close());
      };
      // Exact copy-up where the kernel allows it; writeback_dirty_folio lets it be inferred elsewhere.
      copyUpObjects().some((object) => session.add(packagePath(object)));
      session.attach();
      if (skipsPrograms()) session.add(packagePath(SECOND_CHANCE));
      // What libbpf says names its files; a trace does not tell where dit is installed.
      const probes = session.attach().map((probe) => ({
        ...probe,
        refusal: probe.refusal.replaceAll(packagePath(''), ''),
      }));
      const source = new EbpfSource(
        session,
        infoOf(probes, options.ringBytes),
        new RecordDecoder(options),
        batches,
        done,
        options.baseNs,
      );
      needRequired(probes);
      for (const participant of options.participants) source.follow(participant);
      return source;
    } catch (error) {
      session.detach();
      close();
      throw refusal(error);
    }
  }

  follow(participant: Participant): boolean {
    const value = new DataView(new ArrayBuffer(SIZE.participant));
    value.setUint32(OFFSET.participant.only_tid, participant.onlyTid ?? 0, true);
    value.setUint32(OFFSET.participant.follow_children, participant.followChildren ? 1 : 0, true);
    this.#session.updateMap('participants', u32(participant.pid), new Uint8Array(value.buffer));
    return true;
  }

  unfollow(pid: number): void {
    this.#session.deleteFromMap('participants', u32(pid));
    // Threads that have an entry there are recorded whosesoever they are.
    for (const tid of threadIds(pid)) this.#session.deleteFromMap('syscalls_in_progress', u32(tid));
    this.#unfollowed.set(pid, this.#now());
  }

  /** Calls that have not returned, as far as is known: what a recording of days must not gather. */
  get pendingCalls(): number {
    return this.#decoder.pendingCalls;
  }

  useStrings(strings: StringInterner): void {
    this.#decoder.useStrings(strings);
  }

  get pendingBytes(): number {
    return this.#batches.reduce((sum, batch) => sum + batch.byteLength, 0);
  }

  drain(into: EventTable): void {
    for (const batch of this.#batches.splice(0)) this.#decoder.decode(batch, into);
    this.#decoder.forget(this.#unfollowed);
    const late = this.#now() - ON_ITS_WAY_NS;
    for (const [pid, since] of this.#unfollowed) if (since < late) this.#unfollowed.delete(pid);
    if (this.#stopped) this.#decoder.finish(into);
  }

  #now(): number {
    return Number(process.hrtime.bigint() - this.#baseNs);
  }

  /** Takes the probes off, then waits for what is still in the ring. */
  async stop(): Promise<SourceEnd> {
    if (this.#stopped) return { losses: [], disarmNs: 0 };
    this.#stopped = true;
    const begin = process.hrtime.bigint();
    this.#session.detach();
    const disarmNs = Number(process.hrtime.bigint() - begin);
    this.#session.finish();
    await this.#done;
    const losses = this.losses();
    this.#session.close();
    return { losses, disarmNs };
  }

  /** By BPF program, and between addon and decoder. */
  losses(): Loss[] {
    const counts = this.#session.readCounters('losses', LOSS_COUNTERS.length);
    return [
      ...LOSS_COUNTERS.map((where, index) => ({ where, records: counts[index] ?? 0 })),
      { where: 'queue', records: this.#session.dropped() },
      // Of any process on the machine, ours or not: the most that can be missing.
      ...this.#session
        .missedRuns()
        .map(({ program, runs }) => ({ where: `${program} not run`, records: runs })),
    ];
  }
}

/** What a process did is here by then, with much to spare: see WATCH_PUMP. */
const ON_ITS_WAY_NS = 30e9;

const infoOf = (probes: readonly ProgramState[], ringBytes: number): SourceInfo => ({
  name: 'ebpf',
  probes,
  perturbed: false,
  perturbation: '',
  ringBytes,
});

/** @throws DitError where a probe was refused that a recording cannot be without */
function needRequired(probes: readonly ProgramState[]): void {
  const missing = probes.filter(({ attached, program }) => !attached && REQUIRED.has(program));
  if (missing.length === 0) return;
  throw new DitError({
    code: 'probe-refused',
    exitCode: EXIT.unavailable,
    message: `the kernel refuses ${missing.map(({ attachPoint, refusal }) => `${attachPoint} (${refusal})`).join(', ')}`,
    remedy:
      'needs Linux 5.10 or later with BTF (CONFIG_DEBUG_INFO_BTF): dit doctor lists what is missing',
  });
}

function fillSyscallDetails(session: NativeSession, machine: string): void {
  const at = OFFSET.syscallDetail;
  syscallNames(machine).forEach((name, number) => {
    const detail = name === undefined ? undefined : own(RECORDED_ARGUMENTS, name);
    if (detail === undefined || number >= SIZE.syscalls) return;
    const value = new Uint8Array(SIZE.syscallDetail);
    value[at.wanted] = 1;
    value[at.text_arguments] = (detail.texts ?? []).reduce(
      (mask, argument) => mask | (1 << argument),
      0,
    );
    value[at.descriptor] = detail.descriptor === undefined ? 0 : detail.descriptor + 1;
    value[at.cgroup_files_only] = detail.cgroupFilesOnly === true ? 1 : 0;
    value[at.pointer] = detail.pointer === undefined ? 0 : detail.pointer + 1;
    value[at.may_copy_up] = detail.mayCopyUp === true ? 1 : 0;
    value[at.skip_read_only] = detail.skipReadOnly === true ? 1 : 0;
    value[at.request] = detail.request === undefined ? 0 : detail.request + 1;
    session.updateMap('syscall_details', u32(number), value);
  });
}

function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}

function refusal(error: unknown): DitError {
  if (error instanceof DitError) return error;
  const errno = typeof error === 'object' && error !== null && 'errno' in error ? error.errno : 0;
  const said = messageOf(error);
  if (errno === EPERM) {
    return new DitError({
      code: 'ebpf-not-permitted',
      exitCode: EXIT.unavailable,
      message: quoting`the kernel does not let this user load BPF programs (${firstLine(said)})`,
      remedy:
        'run as root: sudo dit …, or give the capabilities CAP_BPF, CAP_PERFMON and CAP_SYS_PTRACE',
      cause: error,
    });
  }
  const object = errno === ENOENT ? BPF_OBJECT.exec(raw(said))?.[0] : undefined;
  if (object !== undefined) return objectMissing(object, error);
  return new DitError({
    code: 'ebpf-refused',
    exitCode: EXIT.unavailable,
    message: quoting`the kernel refuses the BPF programs on ${arch()}: ${said.trim()}`,
    remedy:
      'needs Linux 5.10 or later with BTF (CONFIG_DEBUG_INFO_BTF): dit doctor lists what is missing',
    cause: error,
  });
}

/** As error messages of the addon name it. */
const BPF_OBJECT = /bpf\/build\/\w+\.bpf\.o/;

function objectMissing(object: string, cause?: unknown): DitError {
  return new DitError({
    code: 'bpf-object-missing',
    exitCode: EXIT.unavailable,
    message: `the BPF programs have not been built (${object} is missing)`,
    remedy:
      'build them: npm run build:bpf (needs clang, llvm and libbpf-dev), or run scripts/set-up',
    cause,
  });
}
