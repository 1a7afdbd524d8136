/** How long a Docker engine may take for what it is asked: nobody waits for an engine for ever. */

export interface EngineLimits {
  /** Requests that are answered from memory. */
  readonly answerMs: number;
  /** Those that do something first: create, start, remove, commit. Disks may be slow, and engines busy. */
  readonly workMs: number;
  /** Between two pieces of progress of a pull or an import. */
  readonly idleMs: number;
  /** A command in a container that a test or a benchmark executes. */
  readonly commandMs: number;
}

const USUAL: EngineLimits = {
  answerMs: 30_000,
  workMs: 60_000,
  idleMs: 120_000,
  commandMs: 120_000,
};

/** DIT_ENGINE_LIMIT_MS shortens all of them, for trials with engines that never answer. */
function engineLimits(env: Readonly<Record<string, string | undefined>>): EngineLimits {
  const most = Number(env.DIT_ENGINE_LIMIT_MS) || Number.POSITIVE_INFINITY;
  const limits = Object.entries(USUAL).map(([name, ms]) => [name, Math.min(ms, most)]);
  return Object.fromEntries(limits) as unknown as EngineLimits;
}

export const ENGINE_LIMITS = engineLimits(process.env);

/** What may have been made is waited for after a Ctrl-C, so that it can be taken away: at most this long. */
export const GRACE_MS = 2_000;
