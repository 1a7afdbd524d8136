/** The one error type that reaches people: what failed, on what, and what to do about it. */
import { type Foreign, raw } from './foreign.js';

/** Exit codes of dit; 128 + n for an end by signal n. */
export const EXIT = {
  ok: 0,
  bug: 1,
  usage: 2,
  unavailable: 3,
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

/** What files and processes that are not there, or not any more, are answered with. */
const ABSENT: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'ESRCH']);

/**
 * What `read` returns, and `otherwise` where what it looks for is not there. Anything else that fails is thrown: what may
 * not be read is not absent.
 * @param also further codes that mean the same here
 */
export function unlessAbsent<T, U>(
  read: () => T,
  otherwise: U,
  also: readonly string[] = [],
): T | U {
  try {
    return read();
  } catch (error) {
    const code = systemErrorCode(error) ?? '';
    if (ABSENT.has(code) || also.includes(code)) return otherwise;
    throw error;
  }
}

export function messageOf(error: unknown): Foreign {
  return error instanceof Error ? error.message : String(error);
}
