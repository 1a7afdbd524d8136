#!/usr/bin/env node
/**
 * The program `dit`: one command, one exit code, one place where failures are told. Whatever not every
 * command needs is loaded when it is needed: help and errors of usage come at once.
 */
import { runCommandLine } from './command-line.js';
import { Outcome } from './common/outcome.js';
import { ownContext } from './common/own-context.js';
import { endNow } from './common/signals.js';

/** What may keep the process after its command. */
const END_WITHIN_MS = 500;
/** What a command may take to end what it began, after a bug of which nobody knows what it left. */
const UNWIND_MS = 30_000;

const outcome = new Outcome();
const abort = new AbortController();
const context = ownContext({
  abort,
  onStdoutFailure: breakOff,
  // What is lost there does not end what a command does.
  onStderrFailure: (error) => outcome.failedBeside(error),
});

process.on('uncaughtException', (error) => {
  breakOff(error);
  setTimeout(() => process.exit(), UNWIND_MS).unref();
});
// Nothing is left that could happen, and the command waits: its promise went lost. Node would end with status 13.
process.once('beforeExit', () => {
  if (!outcome.hasEnded) breakOff(new Error('the command waits for what never comes'));
});
process.once('exit', () => {
  process.exitCode = outcome.exitCode;
});

try {
  outcome.ended(await runCommandLine(process.argv.slice(2), context));
} catch (error) {
  if (outcome.endedBy(error)) await tell(error);
}
endSoon();

/** Tells a failure at once, and has the command take away what it made: containers, probes, files. */
function breakOff(error: Error): void {
  outcome.failedBeside(error);
  abort.abort(error);
  void tell(error);
}

async function tell(error: unknown): Promise<void> {
  const { reportError } = await import('./common/report-error.js');
  await context.stderr.write(reportError(error, context.env.DIT_DEBUG === '1'));
}

/** A name that is still being looked up, or a connection that nobody closed, does not keep a command that is done. */
function endSoon(): void {
  setInterval(() => {
    const isWritten = process.stdout.writableLength === 0 && process.stderr.writableLength === 0;
    if (isWritten) endNow(outcome.exitCode);
  }, END_WITHIN_MS).unref();
}
