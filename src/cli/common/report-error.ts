/** How a failure is told: "dit: fact", "  try: remedy", and the exit code that goes with it. */

import { DitError, EXIT, messageOf } from '../../base/errors.js';
import { escapeText } from '../../base/escape.js';
import { type Foreign, quoting } from '../../base/foreign.js';

export interface ErrorReport {
  /** Lines for stderr, with the last newline; '' where everything has been said. */
  readonly text: string;
  readonly exitCode: number;
}

/** @param debug whether a bug is told with its stack */
export function reportError(error: unknown, debug: boolean): ErrorReport {
  if (error instanceof DitError) {
    const stack = debug ? stackOf(error) : '';
    return { text: errorLines(error.message, error.remedy) + stack, exitCode: error.exitCode };
  }
  const message =
    error instanceof Error ? quoting`${error.name}: ${messageOf(error)}` : messageOf(error);
  const remedy = debug ? undefined : 'run it again with DIT_DEBUG=1, and report what it prints';
  return {
    text: errorLines(quoting`bug: ${message}`, remedy) + (debug ? stackOf(error) : ''),
    exitCode: EXIT.bug,
  };
}

/** Messages and remedies may quote anything: what a container, a file or the command line says. */
export function errorLines(message: Foreign, remedy: Foreign | undefined): string {
  const fact = `dit: ${escapeText(message)}\n`;
  return remedy === undefined ? fact : `${fact}  try: ${escapeText(remedy)}\n`;
}

function stackOf(error: unknown): string {
  const lines: string[] = [];
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    lines.push(...(cause.stack ?? cause.message).split('\n'));
  }
  return lines.map((line) => `${escapeText(line)}\n`).join('');
}
