/**
 * How much strace slows what it traces, measured on this machine with the same flags: a shell that starts
 * programs, untraced and traced in turn. An indication only: an engine does other work.
 */
import { once } from 'node:events';
import { within } from '../../platform/deadline.js';
import { startProgram } from '../../platform/processes/child-process.js';
import { attachStrace } from './attach.js';
import type { StraceProgram } from './program.js';

export interface Calibration {
  /** Median of the pairs' ratios, traced to untraced. */
  readonly ratio: number;
  readonly pairs: number;
}

const PROGRAMS = 16;
const WORKLOAD = `read -r go; i=0; while [ $i -lt ${PROGRAMS} ]; do sh -c :; i=$((i + 1)); done`;
const PAIRS = 5;
/** Some tens of ms where nothing holds it up. */
const WORKLOAD_MS = 30_000;

/** No new pair begins after this. */
const LIMIT_MS = 700;

/** @throws DitError exit 3 where strace cannot attach */
export async function calibrate(
  program: StraceProgram,
  flags: readonly string[],
): Promise<Calibration> {
  const begin = performance.now();
  // The shell's pages are read once, unmeasured.
  await timed(undefined, []);
  const ratios: number[] = [];
  do {
    const alone = await timed(undefined, []);
    ratios.push((await timed(program, flags)) / alone);
  } while (ratios.length < PAIRS && performance.now() - begin < LIMIT_MS);
  return { ratio: median(ratios), pairs: ratios.length };
}

/** ms from the word to go until the workload's end. */
async function timed(
  program: StraceProgram | undefined,
  flags: readonly string[],
): Promise<number> {
  const shell = startProgram('sh', ['-c', WORKLOAD], {
    endedBy: 'its starter',
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const ended = once(shell, 'exit');
  try {
    shell.stdin?.on('error', () => {});
    await once(shell, 'spawn');
    const tracer =
      program === undefined ? undefined : await attachStrace(program, flags, [shell.pid as number]);
    try {
      const begin = performance.now();
      shell.stdin?.end('go\n');
      await within({ limitMs: WORKLOAD_MS }, () => ended);
      return performance.now() - begin;
    } finally {
      await tracer?.stop();
      tracer?.log.close();
    }
  } finally {
    shell.kill('SIGKILL');
  }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}
