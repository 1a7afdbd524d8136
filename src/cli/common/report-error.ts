/** How a failure is told: "dit: fact", "  try: remedy". */

import { DitError, messageOf } from '../../base/errors.js';
import { escapeText } from '../../base/escape.js';
import { type Foreign, quoting } from '../../base/foreign.js';

/**
 * @param debug whether it is told with its stack
 * @returns lines for stderr, with the last newline
 */
export function reportError(error: unknown, debug: boolean): string {
  const stack = debug ? stackOf(error) : '';
  if (error instanceof DitError) return errorLines(error.message, error.remedy) + stack;
  const message =
    error instanceof Error ? quoting`${error.name}: ${messageOf(error)}` : messageOf(error);
  const remedy = debug ? undefined : 'run it again with DIT_DEBUG=1, and report what it prints';
  return errorLines(quoting`bug: ${message}`, remedy) + stack;
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
