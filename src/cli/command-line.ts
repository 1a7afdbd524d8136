/** Runs the command that a line names; help and errors of usage go where the command's own text goes. */
import { CommanderError } from 'commander';
import { EXIT, type ExitCode } from '../base/errors.js';
import { packageVersion } from '../platform/package-files.js';
import type { AnyCommand } from './common/commander.js';
import type { CommandContext } from './common/context.js';
import { buildProgram } from './program.js';

/**
 * @param words what was typed after "dit"
 * @returns the command's exit code, or that of help, the version and errors of usage, which have been told
 * @throws what the command throws
 */
export async function runCommandLine(
  words: readonly string[],
  context: CommandContext,
): Promise<ExitCode> {
  let exitCode: ExitCode = EXIT.ok;
  const finish = (code: ExitCode): void => {
    exitCode = code;
  };
  const program = await buildProgram(packageVersion(), context, finish, words);
  /** The command whose line commander refused. */
  let refused: AnyCommand | undefined;
  configure(program, context, (command) => {
    refused = command;
  });
  try {
    await program.parseAsync(words, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (refused !== undefined) await tellUsage(error.message, refused, context);
    // Help that was asked for is no error; help instead of a command is.
    return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  }
}

/** commander's settings are not inherited by commands that exist already. */
function configure(
  command: AnyCommand,
  context: CommandContext,
  onRefused: (command: AnyCommand) => void,
): void {
  command.exitOverride().configureOutput({
    writeOut: (text) => void context.stdout.write(text),
    writeErr: (text) => void context.stderr.write(text),
    getOutHelpWidth: () => context.stdout.width,
    getErrHelpWidth: () => context.stderr.width,
    getOutHasColors: () => context.stdout.colour,
    getErrHasColors: () => context.stderr.colour,
    outputError: () => onRefused(command),
  });
  for (const child of command.commands) configure(child, context, onRefused);
}

/** @param message "error: unknown option '--x'\n(Did you mean --y?)" */
async function tellUsage(
  message: string,
  refused: AnyCommand,
  { stderr }: CommandContext,
): Promise<void> {
  const { errorLines } = await import('./common/report-error.js');
  const [fact = '', hint] = message
    .replace(/^error: /, '')
    .trim()
    .split('\n');
  await stderr.write(errorLines(fact, hint ?? `${pathOf(refused)} --help`));
}

function pathOf(command: AnyCommand): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}
