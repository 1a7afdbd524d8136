import { type Command, given } from '../common/commander.js';
import type { Defining } from '../common/define.js';

export const define = (program: Command, { act, context }: Defining) =>
  program
    .command('doctor')
    .description('show what this machine can record, and how to fix what it cannot')
    .option('--sources', 'show what each source of events gives, and which work here')
    .option('--json', 'print JSON')
    .option('-H, --host <url>', 'Docker engine to check: unix://, tcp:// or ssh://')
    .action(
      act(async (options) =>
        (await import('../actions/doctor.js')).doctor(given(options), context),
      ),
    );
