/** The program `dit`, as far as a command line needs it. */
import { EXIT, type ExitCode } from '../base/errors.js';
import { defineCommands } from './commands.js';
import { Command } from './common/commander.js';
import type { CommandContext } from './common/context.js';
import type { Defining } from './common/define.js';

/** Called with the exit code of the command that ran. */
export type Finish = (exitCode: ExitCode) => void;

/** @param line what was typed; absent: the program with all of its commands */
export async function buildProgram(
  version: string,
  context: CommandContext,
  finish: Finish,
  line?: readonly string[],
): Promise<Command> {
  const defining: Defining = {
    context,
    act:
      (run) =>
      async (...args) =>
        finish((await run(...args)) ?? EXIT.ok),
  };
  const program: Command = new Command('dit')
    .description('Docker Internals Toolkit: see where the time of a container start goes')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand(false)
    .enablePositionalOptions()
    .showSuggestionAfterError()
    .addHelpText('after', EXAMPLES);
  await defineCommands(program, defining, line);
  return program;
}

const EXAMPLES = `
Examples:
  sudo dit trace run                      record a start of the built-in image
  sudo dit trace run alpine echo hello    record a start of your image
  dit trace show                          show the last recording again
  dit trace blame                         who took the time, and who waited
  dit trace diff before.dit after.dit     what became slower, what faster
  dit trace events --kind exec            what was executed, in order
  dit doctor                              what this machine can record`;
