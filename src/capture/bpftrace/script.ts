/** bpf/bpftrace/recorder.bt made ready for one recording: whom to follow, what to record, for which bpftrace. Pure. */
import { own } from '../../base/own.js';
import { syscallNames } from '../../model/syscalls/syscall-names.js';
import {
  isSyscallFor,
  RECORDED_ARGUMENTS,
  type RecordedArguments,
} from '../../model/syscalls/syscalls.js';
import type { Participant } from '../source/source.js';

/** Major and minor of `bpftrace --version`. */
export type BpftraceVersion = readonly [major: number, minor: number];

export interface ScriptOptions {
  readonly version: BpftraceVersion;
  /** uname -m, for the numbers of syscalls. */
  readonly machine: string;
  /** os.release(). */
  readonly kernelRelease: string;
  /** Begins every line and ends every text, so that no text of a container passes for a line. */
  readonly token: string;
  /** When it exits, so does bpftrace; its renames are answered with the time. */
  readonly watchedPid: number;
  /** Block devices, as the kernel numbers their inodes: major << 20 | minor. */
  readonly devices: readonly number[];
  /** The kernel's, of memory. */
  readonly pageBytes: number;
  readonly participants: readonly (Participant & { readonly tids: readonly number[] })[];
}

/** Bits of the script's @detail. */
const DETAIL = {
  descriptor: 64,
  mayCopyUp: 256,
  cgroupFilesOnly: 1024,
  skipReadOnly: 2048,
  pointer: 4096,
  textAtEntry: 8192,
  wanted: 16384,
} as const;

/** Values of the script's @process. */
const FOLLOW = { withChildren: 1, alone: 2, mainThread: 3 } as const;

/** More than stdio's buffer: a line that ends with it is on its way at once. */
const PADDING_BYTES = 4096;

export function recorderScript(source: string, options: ScriptOptions): string {
  const { version, token } = options;
  let script = source.replace(/^BEGIN\n\{[^}]*\}/m, () => `BEGIN\n{\n${prelude(options)}}`);
  // 0.23 reads strings of tracepoints at four times their offset, which is where the fixed fields end.
  if (version[0] === 0 && version[1] === 23) {
    for (const [field, offset] of Object.entries(STRING_OFFSETS)) {
      script = script.replaceAll(
        `str(args->${field})`,
        `str(kptr((uint64)args->${field} - ${3 * offset}))`,
      );
    }
  }
  if (!isAtLeast(options.kernelRelease, 5, 16)) {
    script = script.replaceAll('writeback_dirty_folio', 'writeback_dirty_page');
  }
  if (hasPerfBufferOnly(version)) script = withBatches(script, token);
  return script
    .replaceAll('PADDING', ' '.repeat(PADDING_BYTES))
    .replaceAll('printf("', `printf("${token} `)
    .replace(/%([sr])\\n"/g, `%$1${token}\\n"`);
}

/** Where the strings of these tracepoints begin in their records. */
const STRING_OFFSETS = { filename: 20, path: 28, dst_path: 36 } as const;

/** Before 0.18 each printf interrupts the CPU that it runs on, for 6 µs. */
export const hasPerfBufferOnly = ([major, minor]: BpftraceVersion): boolean =>
  major === 0 && minor < 18;

/** Before 0.22 strings lie on the BPF stack of 512 bytes. */
export const textBytes = ([major, minor]: BpftraceVersion): number =>
  major === 0 && minor < 22 ? 128 : 512;

function prelude(options: ScriptOptions): string {
  const { machine, participants, watchedPid, devices, pageBytes } = options;
  const lines: string[] = [
    `@watched[(uint64)${watchedPid}] = (uint64)1;`,
    `@page_bytes = (uint64)${pageBytes};`,
  ];
  for (const device of devices) lines.push(`@device[(uint64)${device}] = (uint64)1;`);
  for (const participant of participants) {
    const { pid, tids } = participant;
    lines.push(`@process[(uint64)${pid}] = (uint64)${followOf(participant)};`);
    for (const tid of tids) lines.push(`@thread[(uint64)${tid}] = (uint64)${pid};`);
  }
  syscallNames(machine).forEach((name, number) => {
    const detail = name === undefined ? undefined : own(RECORDED_ARGUMENTS, name);
    if (name === undefined || detail === undefined) return;
    lines.push(`@detail[(uint64)${number}] = (uint64)${detailBits(name, detail)};`);
  });
  return lines.map((line) => `  ${line}\n`).join('');
}

/** Of a single thread the script knows but the main one: the only one that dit asks for. */
function followOf({ pid, onlyTid, followChildren }: Participant): number {
  if (onlyTid === pid) return FOLLOW.mainThread;
  return followChildren ? FOLLOW.withChildren : FOLLOW.alone;
}

function detailBits(name: string, detail: RecordedArguments): number {
  let bits: number = DETAIL.wanted;
  for (const argument of detail.texts ?? []) bits |= 1 << argument;
  if (detail.descriptor === 0) bits |= DETAIL.descriptor;
  if (detail.mayCopyUp === true) bits |= DETAIL.mayCopyUp;
  if (detail.cgroupFilesOnly === true) bits |= DETAIL.cgroupFilesOnly;
  if (detail.skipReadOnly === true) bits |= DETAIL.skipReadOnly;
  if (detail.pointer === 0) bits |= DETAIL.pointer;
  if (isSyscallFor('exec', name)) bits |= DETAIL.textAtEntry;
  return bits;
}

function isAtLeast(release: string, major: number, minor: number): boolean {
  const [own = 0, ownMinor = 0] = release.split('.').map(Number);
  return own > major || (own === major && ownMinor >= minor);
}

/** Kinds of line that there are hundreds and thousands of in a start. */
const BATCHED = ['s', 'w', 'k', 'e', 'A', 'T'] as const;

/** The halves take turns every 2^31 ns. */
const TURN_BITS = 31;
const TURN = `nsecs >> ${TURN_BITS}`;

/** @param time on bpftrace's clock, ns */
export const turnOf = (time: bigint): bigint => time >> BigInt(TURN_BITS);

/** The token as a number: ends a text that is part of an entry. */
export const numericToken = (token: string): number => Number.parseInt(token.slice(0, 7), 16);

/**
 * The frequent lines as entries of maps, of which one half is filled while the other is printed and emptied:
 * "@s0_token[time, cpu]: (pid, tid, …)", "@T0_token[time, tid, position]: (text, number)". What finds no place in a
 * map is told by the count of all.
 */
function withBatches(script: string, token: string): string {
  const map = (kind: string, half: 0 | 1): string => `@${kind}${half}_${token}`;
  const entry = (kind: string, key: string, value: string): string =>
    `@stored_${token} = count(); if (((${TURN}) & 1) == 0) { ${map(kind, 0)}[${key}] = (${value}); } ` +
    `else { ${map(kind, 1)}[${key}] = (${value}); }`;
  const hand = (half: 0 | 1): string =>
    BATCHED.map((kind) => `print(${map(kind, half)}); clear(${map(kind, half)});`).join(' ');
  return script
    .replace(
      /printf\("T [^"]*", ([^;]+?), (tid, \d+), ([^;]+)\);/g,
      (_, time: string, place: string, text: string) =>
        entry('T', `${time}, ${place}`, `${text}, ${numericToken(token)}`),
    )
    .replace(
      /printf\("([swkeA]) [^"]*", ([^;]+?), ([^;,]+), ([^;]+)\);/g,
      (_, kind: string, time: string, cpu: string, rest: string) =>
        entry(kind, `${time}, ${cpu}`, rest),
    )
    .replace(
      /^interval:ms:500 \{/m,
      `interval:ms:500 { $turn = ${TURN}; if (@turn != $turn) { @turn = $turn; ` +
        `if (($turn & 1) == 0) { ${hand(1)} } else { ${hand(0)} } }`,
    )
    .replace('clear(@process);', 'clear(@process); clear(@turn);');
}
