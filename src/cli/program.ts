/** The command line: what there is, in the order and groups of its help. */
import { defineBench } from './commands/bench.js';
import { defineCompare } from './commands/compare.js';
import { defineDoctor } from './commands/doctor.js';
import { defineEngine } from './commands/engine.js';
import { defineTest } from './commands/test.js';
import { defineTrace } from './commands/trace/trace.js';
import { Command } from './common/commander.js';
import type { CommandContext } from './common/context.js';
import type { Defining } from './common/define.js';

/** Called with the exit code of the command that ran. */
export type Finish = (exitCode: number) => void;

export function buildProgram(version: string, context: CommandContext, finish: Finish): Command {
  const defining: Defining = {
    context,
    act:
      (run) =>
      async (...args) =>
        finish((await run(...args)) ?? 0),
  };
  const program: Command = new Command('dit')
    .description('Docker Internals Toolkit: see where the time of a container start goes')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand(false)
    .enablePositionalOptions()
    .showSuggestionAfterError()
    .addHelpText('after', EXAMPLES);
  program.commandsGroup('See:');
  defineTrace(program, defining);
  program.commandsGroup('Measure:');
  for (const define of [defineTest, defineBench, defineCompare]) define(program, defining);
  program.commandsGroup('dit itself:');
  for (const define of [defineDoctor, defineEngine]) define(program, defining);
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
