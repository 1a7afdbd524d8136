/** Every command by its name, in the order and groups of the help. */
import type { Command } from './common/commander.js';
import type { Defining } from './common/define.js';

interface Entry {
  readonly name: string;
  /** The heading that it and those after it stand under in the help. */
  readonly group?: string;
  /** A command is loaded only if the command line may mean it: each costs every start of dit some of a millisecond. */
  readonly load: () => Promise<{
    readonly define: (parent: Command, defining: Defining) => unknown;
  }>;
}

const TRACE: readonly Entry[] = [
  { name: 'run', group: 'Record:', load: () => import('./commands/trace/run.js') },
  { name: 'exec', load: () => import('./commands/trace/exec.js') },
  { name: 'watch', load: () => import('./commands/trace/watch.js') },
  { name: 'show', group: 'Read a recording:', load: () => import('./commands/trace/show.js') },
  { name: 'blame', load: () => import('./commands/trace/blame.js') },
  { name: 'chain', load: () => import('./commands/trace/chain.js') },
  { name: 'diff', load: () => import('./commands/trace/diff.js') },
  { name: 'explain', load: () => import('./commands/trace/explain.js') },
  { name: 'events', load: () => import('./commands/trace/events.js') },
  { name: 'view', load: () => import('./commands/trace/view.js') },
  {
    name: 'export',
    group: 'Recordings as data:',
    load: () => import('./commands/trace/export.js'),
  },
  { name: 'query', load: () => import('./commands/trace/query.js') },
  { name: 'ls', load: () => import('./commands/trace/ls.js') },
];

const OTHERS: readonly Entry[] = [
  { name: 'test', group: 'Measure:', load: () => import('./commands/test.js') },
  { name: 'bench', load: () => import('./commands/bench.js') },
  { name: 'compare', load: () => import('./commands/compare.js') },
  { name: 'doctor', group: 'dit itself:', load: () => import('./commands/doctor.js') },
  { name: 'engine', load: () => import('./commands/engine.js') },
];

/** @param line what was typed: commands that it cannot mean are left out; absent: all of them */
export async function defineCommands(
  program: Command,
  defining: Defining,
  line?: readonly string[],
): Promise<void> {
  const [first, second] = line?.filter((word) => !word.startsWith('-')) ?? [];
  program.commandsGroup('See:');
  const trace = program
    .command('trace')
    .description('record container starts, and read recordings');
  if (line === undefined || first === 'trace') {
    await defineEach(trace, TRACE, defining, second);
    trace.commandsGroup('Help:').helpCommand('help [command]', 'print the help of a command');
  }
  if (first !== 'trace') await defineEach(program, OTHERS, defining, first);
}

/** The one with this name, or all. */
async function defineEach(
  parent: Command,
  entries: readonly Entry[],
  defining: Defining,
  name: string | undefined,
): Promise<void> {
  const named = entries.filter((entry) => entry.name === name);
  for (const { group, load } of named.length > 0 ? named : entries) {
    if (group !== undefined) parent.commandsGroup(group);
    (await load()).define(parent, defining);
  }
}
