import { type Command, given, Option } from '../common/commander.js';
import type { Defining } from '../common/define.js';

export function define(program: Command, { act, context }: Defining): void {
  const engine = program
    .command('engine')
    .description("start, look at and stop dit's own Docker engine, which runs beside any other");
  const command = (name: string, description: string) =>
    engine
      .command(name)
      .description(description)
      .addOption(new Option('--name <name>', 'name of the private engine').default('engine'))
      .option('--json', 'print JSON');
  command('start', 'start the private engine if it is not running').action(
    act(async (options) =>
      (await import('../actions/engine.js')).engineStart(given(options), context),
    ),
  );
  command('status', 'print whether the private engine is running, and where').action(
    act(async (options) =>
      (await import('../actions/engine.js')).engineStatusReport(given(options), context),
    ),
  );
  command('stop', 'stop the private engine and remove what it set up')
    .option('--purge', 'also delete its images and containers')
    .action(
      act(async (options) =>
        (await import('../actions/engine.js')).engineStop(given(options), context),
      ),
    );
}
