/** The one error type that reaches people: what failed, on what, and what to do about it. */
import { type Foreign, raw } from './foreign.js';

/** Exit codes of dit; 128 + n for an end by signal n. */
export const EXIT = {
  ok: 0,
  bug: 1,
  usage: 2,
  capability: 3,
  engine: 4,
  loss: 5,
  gate: 6,
} as const;

export type ExitCode = number;

export interface DitErrorOptions {
  /** Stable, for scripts: "engine-unreachable". */
  readonly code: string;
  readonly exitCode: ExitCode;
  /** A present-tense fact, the object quoted. */
  readonly message: Foreign;
  /** A line that can be run or done; absent only for bugs. */
  readonly remedy?: Foreign | undefined;
  readonly cause?: unknown;
}

export class DitError extends Error {
  readonly code: string;
  readonly exitCode: ExitCode;
  readonly remedy: Foreign | undefined;

  constructor(options: DitErrorOptions) {
    super(raw(options.message), options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'DitError';
    this.code = options.code;
    this.exitCode = options.exitCode;
    this.remedy = options.remedy;
  }
}

/** The `code` of a Node system error (ENOENT …), whatever was thrown. */
export function systemErrorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

export function messageOf(error: unknown): Foreign {
  return error instanceof Error ? error.message : String(error);
}
