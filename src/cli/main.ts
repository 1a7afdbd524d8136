#!/usr/bin/env node
/** The program `dit`: one command, one exit code, one place where failures are told. */
import { CommanderError } from 'commander';
import { EXIT } from '../base/errors.js';
import { packageVersion } from '../platform/package-files.js';
import type { CommandContext } from './context.js';
import { Output } from './output.js';
import { buildProgram } from './program.js';
import { errorLines, reportError } from './report-error.js';
import { takeOverSignals } from './signals.js';

const { env } = process;
const stdout = new Output(process.stdout, env);
const stderr = new Output(process.stderr, env);
let signal: AbortSignal | undefined;
const context: CommandContext = {
  stdout,
  stderr,
  env,
  get signal() {
    signal ??= takeOverSignals();
    return signal;
  },
};

function fail(error: unknown): void {
  const { text, exitCode } = reportError(error, env.DIT_DEBUG === '1');
  void stderr.write(text);
  process.exitCode = exitCode;
}

process.on('uncaughtException', (error) => {
  fail(error);
  process.exit();
});

const program = buildProgram(packageVersion(), context, (exitCode) => {
  process.exitCode = exitCode;
});
configureEveryCommand(program);
try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    // Help that was asked for is no error; help instead of a command is.
    const asked = error.code === 'commander.helpDisplayed' || error.code === 'commander.version';
    process.exitCode = asked ? EXIT.ok : EXIT.usage;
  } else {
    fail(error);
  }
}

/** commander's settings are not inherited by commands that exist already. */
function configureEveryCommand(command: typeof program): void {
  command.exitOverride().configureOutput({
    writeOut: (text) => void stdout.write(text),
    writeErr: (text) => void stderr.write(text),
    getOutHelpWidth: () => stdout.width,
    getErrHelpWidth: () => stderr.width,
    getOutHasColors: () => stdout.colour,
    getErrHasColors: () => stderr.colour,
    // "error: unknown option '--x'\n(Did you mean --y?)\n"
    outputError: (text, write) => {
      const [fact = '', hint] = text
        .replace(/^error: /, '')
        .trim()
        .split('\n');
      write(errorLines(fact, hint ?? `${pathOf(command)} --help`));
    },
  });
  for (const child of command.commands) configureEveryCommand(child);
}

function pathOf(command: typeof program): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}
