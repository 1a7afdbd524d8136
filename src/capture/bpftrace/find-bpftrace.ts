/** Finds bpftrace and its version. */

import { DitError, EXIT, messageOf } from '../../base/errors.js';
import { firstLine, quoting } from '../../base/foreign.js';
import { isMissing, needProgram } from '../../platform/processes/child-process.js';
import type { BpftraceVersion } from './script.js';

export interface Bpftrace {
  readonly path: string;
  readonly version: BpftraceVersion;
  /** As bpftrace prints it: "0.17.0". */
  readonly versionText: string;
}

const OLDEST: BpftraceVersion = [0, 17];

/**
 * The bpftrace of DIT_BPFTRACE, else of PATH.
 * @throws DitError bpftrace-missing, bpftrace-too-old
 */
export async function findBpftrace(): Promise<Bpftrace> {
  const path = process.env.DIT_BPFTRACE ?? 'bpftrace';
  let said: string;
  try {
    ({ stdout: said } = await needProgram(path, ['--version'], { limitMs: 10_000 }));
  } catch (error) {
    const reason = isMissing(error) ? 'it is not installed' : messageOf(error);
    throw new DitError({
      code: 'bpftrace-missing',
      exitCode: EXIT.unavailable,
      message: quoting`'${path}' cannot be run: ${firstLine(reason)}`,
      remedy: 'install it: apt-get install bpftrace, or dnf install bpftrace',
      cause: error,
    });
  }
  const match = /(\d{1,4})\.(\d{1,4})(?:\.\d{1,4})?/.exec(said);
  const version: BpftraceVersion = [Number(match?.[1] ?? 0), Number(match?.[2] ?? 0)];
  if (version[0] === 0 && version[1] < OLDEST[1]) {
    throw new DitError({
      code: 'bpftrace-too-old',
      exitCode: EXIT.unavailable,
      message: `'${path}' is ${said.trim().split('\n')[0]}; dit needs bpftrace 0.17 or later`,
      remedy: 'install a newer bpftrace, or record with --source strace',
    });
  }
  return { path, version, versionText: match?.[0] ?? said.trim() };
}
