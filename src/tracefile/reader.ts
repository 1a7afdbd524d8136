/**
 * Reads a trace file into a Recording. Tolerant: whatever is damaged or missing becomes a ReadProblem and
 * the rest is read; only a file that is not a trace is an error. The file is untrusted: what it claims never
 * makes the reader allocate more than a small multiple of the bytes that are there.
 */
import { closeSync, fstatSync } from 'node:fs';
import { DitError, EXIT, messageOf, systemErrorCode } from '../base/errors.js';
import { type Foreign, quoting } from '../base/foreign.js';
import type { Recording, TraceHeader } from '../model/recording/recording.js';
import { NotAFileError } from '../platform/files/held-folder.js';
import { openInput } from '../platform/files/input-files.js';
import { type ByteSource, bytesInMemory, bytesOfFile } from './byte-source.js';
import { EVENT_MEMORY } from './event-memory.js';
import { decodeFrames, type Frame, type Gap } from './frames.js';
import { type Charge, memoryBudget, OverBudgetError } from './memory-budget.js';
import { decodeMessage } from './messages.js';
import { RecordingBuilder } from './recording-builder.js';
import { FRAME, HEADER, VERSION_MAJOR } from './schema.js';
import { MalformedError, WIRE, WireReader } from './wire.js';

export interface ReadOptions {
  /** How errors call the file. */
  readonly name?: string;
  /** What the events may take in memory; reading stops there, with a problem. Default: EVENT_MEMORY.alone. */
  readonly memoryBytes?: number;
}

const MAX_FILE_BYTES = 2 ** 31;

/** Reads the file at `path`; throws DitError if it cannot be opened or is not a trace. */
export function readTraceFile(path: string, options: ReadOptions = {}): Recording {
  const name = options.name ?? path;
  const fd = openRegularFile(path, name);
  try {
    const { size } = fstatSync(fd);
    if (size > MAX_FILE_BYTES) {
      throw unusable(
        'trace-too-large',
        `"${name}" has ${size} bytes; dit reads traces of up to 2 GiB`,
        'record less: dit trace run --until started …',
      );
    }
    return readRecording(bytesOfFile(fd, size), { ...options, name });
  } finally {
    closeSync(fd);
  }
}

/** Reads a trace that is in memory. */
export function decodeTraceFile(bytes: Uint8Array, options: ReadOptions = {}): Recording {
  return readRecording(bytesInMemory(bytes), options);
}

const LIST_TRACES = 'dit trace ls';

function openRegularFile(path: string, name: string): number {
  try {
    return openInput(path);
  } catch (error) {
    if (error instanceof NotAFileError || systemErrorCode(error) === 'EISDIR') {
      throw unusable('trace-unreadable', `"${name}" is ${kindAt(error)}, no trace`, LIST_TRACES);
    }
    throw cannotOpen(name, error);
  }
}

const kindAt = (error: unknown): string =>
  error instanceof NotAFileError ? error.kind : 'a folder';

function cannotOpen(name: string, error: unknown): DitError {
  const code = systemErrorCode(error);
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return unusable('trace-missing', `there is no trace "${name}"`, LIST_TRACES);
  }
  const remedy =
    code === 'EACCES' || code === 'EPERM'
      ? 'only root can read a recording made as root: use sudo, or chown the file'
      : LIST_TRACES;
  return unusable(
    'trace-unreadable',
    quoting`cannot open "${name}": ${messageOf(error)}`,
    remedy,
    error,
  );
}

function unusable(code: string, message: Foreign, remedy: string, cause?: unknown): DitError {
  return new DitError({ code, exitCode: EXIT.usage, message, remedy, cause });
}

function readRecording(source: ByteSource, options: ReadOptions): Recording {
  const name = options.name ?? 'the trace';
  if (source.size === 0) {
    throw unusable('trace-empty', `"${name}" is empty`, 'record again: dit trace run');
  }
  const frames = decodeFrames(source);
  const charge = memoryBudget(options.memoryBytes ?? EVENT_MEMORY.alone);
  const header = readHeader(frames.next().value || undefined, source, name, charge);
  const builder = new RecordingBuilder(header, charge);
  for (const frame of frames) {
    if (frame.type === 'gap') builder.gap(frame);
    else if (!builder.add(frame)) break;
  }
  return builder.build(source.size);
}

function readHeader(
  first: Frame | Gap | undefined,
  source: ByteSource,
  name: string,
  charge: Charge,
): TraceHeader {
  const notATrace = (): DitError =>
    unusable('trace-not-a-trace', `"${name}" is not a trace of dit`, LIST_TRACES);
  if (first?.type === 'gap') {
    if (!first.truncated || !beginsLikeTrace(source)) throw notATrace();
    throw unusable(
      'trace-empty',
      `"${name}" ends inside its header, before any event`,
      'record again: dit trace run',
    );
  }
  if (first?.field !== FRAME.header) throw notATrace();
  let message: TraceHeader;
  try {
    message = decodeMessage(new WireReader(first.body), HEADER, charge);
  } catch (error) {
    if (error instanceof MalformedError || error instanceof OverBudgetError) throw notATrace();
    throw error;
  }
  if (message.versionMajor === 0) throw notATrace();
  if (message.versionMajor > VERSION_MAJOR) {
    throw unusable(
      'trace-version',
      `"${name}" has version ${message.versionMajor}.${message.versionMinor} of the trace format; ` +
        `this dit reads up to ${VERSION_MAJOR}`,
      'read it with a newer dit',
    );
  }
  return message;
}

/** Whether a file that is cut in its first frame begins as a trace does. */
function beginsLikeTrace(source: ByteSource): boolean {
  const prefix = source.read(0, 12);
  const lastOfLength = prefix.findIndex((byte, index) => index > 0 && byte < 128);
  const body = lastOfLength < 0 ? undefined : prefix[lastOfLength + 1];
  return body === undefined || body === FRAME.header * 8 + WIRE.bytes;
}
