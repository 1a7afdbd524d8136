#!/usr/bin/env node
/**
 * The program `dit`: one command, one exit code, one place where failures are told. Whatever not every
 * command needs is loaded when it is needed: help and errors of usage come at once.
 */
import { CommanderError } from 'commander';
import { DitError, EXIT } from '../base/errors.js';
import { packageVersion } from '../platform/package-files.js';
import type { AnyCommand } from './common/commander.js';
import type { CommandContext } from './common/context.js';
import { Output, outputFailed } from './common/output.js';
import { endNow, takeOverSignals } from './common/signals.js';
import { buildProgram } from './program.js';

const { env } = process;

function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

const abort = new AbortController();
const stdout = once(
  () =>
    new Output(process.stdout, env, (cause) => breakOff(outputFailed('standard output', cause))),
);
// What is lost there does not end what a command does.
const stderr = once(
  () =>
    new Output(process.stderr, env, (cause) => keepFailure(outputFailed('standard error', cause))),
);
const signal = once(() => {
  takeOverSignals(abort);
  return abort.signal;
});
const context: CommandContext = {
  env,
  get stdout() {
    return stdout();
  },
  get stderr() {
    return stderr();
  },
  get signal() {
    return signal();
  },
};

/** What failed beside the command's own steps; it decides the exit code. */
let failure: Error | undefined;
/** What may keep the process after its command. */
const END_WITHIN_MS = 500;
/** What a command may take to end what it began, after a bug of which nobody knows what it left. */
const UNWIND_MS = 30_000;

process.on('uncaughtException', (error) => {
  breakOff(error);
  setTimeout(() => process.exit(), UNWIND_MS).unref();
});

/** Tells a failure at once, and has the command take away what it made: containers, probes, files. */
function breakOff(error: Error): void {
  keepFailure(error);
  abort.abort(error);
  void fail(error);
}

function keepFailure(error: Error): void {
  failure ??= error;
  process.exitCode = exitCodeOf(failure);
}

let isUnderWay = true;
// Nothing is left that could happen, and the command waits: its promise went lost. Node would end with status 13.
process.on('beforeExit', () => {
  if (!isUnderWay) return;
  isUnderWay = false;
  breakOff(new Error('the command waits for what never comes'));
});

/** The command whose line commander refused. */
let refused: AnyCommand | undefined;
const setExitCode = (exitCode: number): void => {
  process.exitCode = exitCode;
};
const program = await buildProgram(packageVersion(), context, setExitCode, process.argv.slice(2));
configureEveryCommand(program);
try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) await endOfParsing(error);
  else if (error !== failure) await fail(error);
}
if (failure !== undefined) process.exitCode = exitCodeOf(failure);
isUnderWay = false;
endSoon();

/** A name that is still being looked up, or a connection that nobody closed, does not keep a command that is done. */
function endSoon(): void {
  setInterval(() => {
    const isWritten = process.stdout.writableLength === 0 && process.stderr.writableLength === 0;
    if (isWritten) endNow(Number(process.exitCode ?? EXIT.ok));
  }, END_WITHIN_MS).unref();
}

function exitCodeOf(error: Error): number {
  return error instanceof DitError ? error.exitCode : EXIT.bug;
}

async function fail(error: unknown): Promise<void> {
  const { reportError } = await import('./common/report-error.js');
  const { text, exitCode } = reportError(error, env.DIT_DEBUG === '1');
  process.exitCode = exitCode;
  await stderr().write(text);
}

async function endOfParsing({ code, message }: CommanderError): Promise<void> {
  // Help that was asked for is no error; help instead of a command is.
  const asked = code === 'commander.helpDisplayed' || code === 'commander.version';
  process.exitCode = asked ? EXIT.ok : EXIT.usage;
  if (refused === undefined) return;
  const { errorLines } = await import('./common/report-error.js');
  // "error: unknown option '--x'\n(Did you mean --y?)"
  const [fact = '', hint] = message
    .replace(/^error: /, '')
    .trim()
    .split('\n');
  await stderr().write(errorLines(fact, hint ?? `${pathOf(refused)} --help`));
}

/** commander's settings are not inherited by commands that exist already. */
function configureEveryCommand(command: AnyCommand): void {
  command.exitOverride().configureOutput({
    writeOut: (text) => void stdout().write(text),
    writeErr: (text) => void stderr().write(text),
    getOutHelpWidth: () => stdout().width,
    getErrHelpWidth: () => stderr().width,
    getOutHasColors: () => stdout().colour,
    getErrHasColors: () => stderr().colour,
    outputError: () => {
      refused = command;
    },
  });
  for (const child of command.commands) configureEveryCommand(child);
}

function pathOf(command: AnyCommand): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}
