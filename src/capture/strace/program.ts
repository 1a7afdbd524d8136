/** The installed strace. */

import { DitError, EXIT, messageOf } from '../../base/errors.js';
import { firstLine } from '../../base/foreign.js';
import { isMissing, needProgram } from '../../platform/processes/child-process.js';

export interface StraceProgram {
  readonly path: string;
  /** "6.1" */
  readonly version: string;
}

/** The first with `-X raw`, times in ns and the output that lines.ts reads. */
const OLDEST = [5, 10] as const;

const INSTALL = 'install it: apt-get install strace, or: dnf install strace';

/** @throws DitError exit 3: strace-missing, strace-too-old */
export async function findStrace(path = 'strace'): Promise<StraceProgram> {
  let said: string;
  try {
    ({ stdout: said } = await needProgram(path, ['-V'], { limitMs: 10_000 }));
  } catch (error) {
    throw new DitError({
      code: 'strace-missing',
      exitCode: EXIT.unavailable,
      message: isMissing(error) ? `there is no '${path}' in the PATH` : firstLine(messageOf(error)),
      remedy: INSTALL,
      cause: error,
    });
  }
  const version = versionOf(said);
  if (version === undefined || isOlder(version)) {
    throw new DitError({
      code: 'strace-too-old',
      exitCode: EXIT.unavailable,
      message: `'${path}' is of version ${version ?? 'unknown'}, and ${OLDEST.join('.')} or later is needed`,
      remedy: INSTALL,
    });
  }
  return { path, version };
}

/** "strace -- version 6.13+ds" */
export const versionOf = (said: string): string | undefined =>
  /^strace -- version (\d+\.\d+)/m.exec(said)?.[1];

export function isOlder(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]);
}
