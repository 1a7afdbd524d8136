/** fio where it is installed: the same writes by another program, for comparison. */

import { closeSync, constants } from 'node:fs';
import { DitError, EXIT, messageOf } from '../base/errors.js';
import { type Foreign, quoting } from '../base/foreign.js';
import {
  type FileIn,
  removeFile,
  SEQUENTIAL_BLOCK_BYTES,
  type Transfer,
  type WriteMode,
} from './measure-writes.js';
import { HANDED_FILE, runOnFile } from './run-on-file.js';

/** "fio-3.33"; undefined where there is none. */
export async function fioVersion(): Promise<string | undefined> {
  const { execa } = await import('execa');
  const { stdout, failed } = await execa('fio', ['--version'], { reject: false });
  return failed || !/^fio-\d/.test(stdout) ? undefined : stdout.trim();
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
  const ran = runOnFile('fio', args, file, signal).finally(() => closeSync(file));
  const { stdout, stderr, failed } = await ran;
  signal.throwIfAborted();
  if (failed) throw fioFailed(stderr.trim().split('\n')[0] ?? '');
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
      return { bytes, ns: (bytes / bytesPerSecond) * 1e9, operations };
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
    exitCode: EXIT.capability,
    message: quoting`fio gives no figures: ${reason}`,
    remedy: 'try it by hand: fio --name=dit --rw=write --size=64m --output-format=json',
  });
}
