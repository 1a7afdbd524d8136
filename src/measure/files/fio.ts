/** fio where it is installed: the same writes by another program, for comparison. */

import { closeSync, constants } from 'node:fs';
import { DitError, EXIT, messageOf } from '../../base/errors.js';
import { type Foreign, firstLine, quoting } from '../../base/foreign.js';
import { NS_PER_S } from '../../base/time.js';
import { HANDED_FILE, isMissing, runProgram } from '../../platform/processes/child-process.js';
import {
  type FileIn,
  removeFile,
  SEQUENTIAL_BLOCK_BYTES,
  type Transfer,
  type WriteMode,
} from './writes.js';

/** A GiB on a disk that writes 4 MiB/s. */
const WRITE_MS = 300_000;

/** "fio-3.33"; undefined where there is none. */
export async function fioVersion(signal: AbortSignal): Promise<string | undefined> {
  try {
    const { stdout, status } = await runProgram('fio', ['--version'], { signal });
    return status !== 0 || !/^fio-\d/.test(stdout) ? undefined : stdout.trim();
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/**
 * As `writeSequentially`: a new file, blocks of 1 MiB, nothing allocated beforehand; the file stays. fio is handed the
 * open file: by a path it could be led elsewhere.
 * @throws DitError fio-failed
 */
export async function fioWrite(
  at: FileIn,
  mode: WriteMode,
  bytes: number,
  signal: AbortSignal,
): Promise<Transfer> {
  removeFile(at);
  const file = at.folder.create(at.name, constants.O_WRONLY);
  const args = [
    '--name=dit',
    `--filename=${HANDED_FILE}`,
    '--rw=write',
    `--bs=${SEQUENTIAL_BLOCK_BYTES}`,
    `--size=${bytes}`,
    '--ioengine=psync',
    '--fallocate=none',
    '--create_on_open=1',
    `--direct=${mode === 'direct' ? 1 : 0}`,
    `--end_fsync=${mode === 'fsync' ? 1 : 0}`,
    '--output-format=json',
  ];
  // It writes files below where it works.
  const options = { limitMs: WRITE_MS, signal, files: [file], cwd: '/' };
  const ran = runProgram('fio', args, options).finally(() => closeSync(file));
  const { stdout, stderr, status } = await ran;
  if (status !== 0) throw fioFailed(firstLine(stderr.trim()));
  return fioTransfer(stdout);
}

/** @param json what fio prints: bytes, and ms of the job's run, the fsync at its end among them */
export function fioTransfer(json: string): Transfer {
  try {
    // Warnings may stand before the document.
    const document = JSON.parse(json.slice(json.indexOf('{'))) as FioOutput;
    const write = document.jobs?.[0]?.write;
    const { io_bytes: bytes, bw_bytes: bytesPerSecond, total_ios: operations } = write ?? {};
    if (bytes && bytesPerSecond && operations) {
      return { bytes, ns: (bytes / bytesPerSecond) * NS_PER_S, operations };
    }
  } catch (error) {
    throw fioFailed(messageOf(error));
  }
  throw fioFailed('its output has no jobs[0].write with io_bytes and bw_bytes');
}

interface FioOutput {
  readonly jobs?: readonly {
    readonly write?: {
      readonly io_bytes?: number;
      readonly bw_bytes?: number;
      readonly total_ios?: number;
    };
  }[];
}

function fioFailed(reason: Foreign): DitError {
  return new DitError({
    code: 'fio-failed',
    exitCode: EXIT.unavailable,
    message: quoting`fio reported no figures: ${reason}`,
    remedy: 'try it by hand: fio --name=dit --rw=write --size=64m --output-format=json',
  });
}
