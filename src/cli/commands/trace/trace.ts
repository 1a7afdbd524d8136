/** `dit trace …`: starts, recorded and read. */
import type { Command } from '../../common/commander.js';
import type { Defining } from '../../common/define.js';
import { defineBlame } from './blame.js';
import { defineChain } from './chain.js';
import { defineDiff } from './diff.js';
import { defineEvents } from './events.js';
import { defineExec } from './exec.js';
import { defineExplain } from './explain.js';
import { defineExport } from './export.js';
import { defineLs } from './ls.js';
import { defineQuery } from './query.js';
import { defineRun } from './run.js';
import { defineShow } from './show.js';
import { defineView } from './view.js';
import { defineWatch } from './watch.js';

export function defineTrace(program: Command, defining: Defining): void {
  const trace = program
    .command('trace')
    .description('record container starts, and read recordings')
    .helpCommand(false);
  trace.commandsGroup('Record:');
  for (const define of [defineRun, defineExec, defineWatch]) define(trace, defining);
  trace.commandsGroup('Read a recording:');
  for (const define of [defineShow, defineBlame, defineChain, defineDiff]) define(trace, defining);
  for (const define of [defineExplain, defineEvents, defineView]) define(trace, defining);
  trace.commandsGroup('Recordings as data:');
  for (const define of [defineExport, defineQuery, defineLs]) define(trace, defining);
}
