/**
 * Who plays which part: from argv, names and descent. The rules are a table: the first that matches an exec
 * decides what the process is from then on; without an exec a process is what its parent was.
 */

import { type Foreign, raw } from '../../base/foreign.js';
import {
  bareContainerId,
  type ContainerId,
  type ProcessKey,
  parseContainerId,
  parseRuntimeId,
} from '../../base/ids.js';
import { own } from '../../base/own.js';
import { lastUpTo } from '../../base/sorted.js';
import type { TraceTime } from '../../base/time.js';
import type { ActorKind } from '../../model/trace/actor-kind.js';
import { spanAt } from '../../model/trace/actor-lookup.js';
import type { ActorSpan, ProcessExec } from '../../model/trace/trace.js';
import type { ProcessDraft } from '../order/process-table.js';

interface ExecContext {
  readonly exec: ProcessExec;
  readonly previous: ProcessExec | undefined;
  readonly program: Foreign;
  /** What the process was before this exec. */
  readonly before: ActorSpan;
  /** The name that the process gave itself last, "runc:[2:INIT]". */
  readonly comm: Foreign;
  /** A container id among the arguments, where this kind of program is given one. */
  readonly idInArguments: ContainerId | undefined;
  /** The container's init has been forked: hooks run only after that. */
  readonly initForked: boolean;
}

interface ActorRule {
  readonly actor: ActorKind | ((context: ExecContext) => ActorKind);
  readonly when: (context: ExecContext) => boolean;
}

/** The subcommands of the OCI runtime's command line that a shim calls. */
const RUNTIME_COMMANDS: Readonly<Record<string, ActorKind>> = {
  create: 'runc create',
  start: 'runc start',
  delete: 'runc delete',
  kill: 'runc',
  state: 'runc',
  exec: 'runc',
  run: 'runc create',
  features: 'runc',
  update: 'runc',
  pause: 'runc',
  resume: 'runc',
};

const isRunc = (actor: ActorKind): boolean => actor.startsWith('runc');

/** OCI runtimes by name: whoever calls one of these starts a container. A wrapper's name may be any. */
const RUNTIMES: ReadonlySet<Foreign> = new Set<Foreign>([
  'runc',
  'crun',
  'youki',
  'runsc',
  'kata-runtime',
]);

const isShimProgram = (program: Foreign): boolean =>
  program.startsWith('containerd-shim') || program === 'conmon';

const CALLERS: ReadonlySet<ActorKind> = new Set(['client', 'dockerd', 'containerd', 'shim']);

const ACTOR_RULES: readonly ActorRule[] = [
  {
    actor: 'shim',
    when: ({ program, exec }) =>
      isShimProgram(program) || exec.argv[0]?.includes('containerd-shim') === true,
  },
  {
    // A runtime's wrapper is the runtime: what counts is who calls it, with which command, for whom.
    actor: ({ exec }) => own(RUNTIME_COMMANDS, runtimeCommand(exec.argv) ?? '') ?? 'runc',
    when: ({ before, exec, idInArguments, program }) =>
      (before.actor === 'shim' ||
        isRunc(before.actor) ||
        (CALLERS.has(before.actor) && RUNTIMES.has(program))) &&
      idInArguments !== undefined &&
      runtimeCommand(exec.argv) !== undefined,
  },
  {
    // runc re-executes itself: `runc init`, and once more after it has sealed its binary. The last stage
    // has given itself a name before it executes the container's command, which may be an "init" too.
    actor: 'init',
    when: ({ before, exec, comm }) =>
      (isRunc(before.actor) || before.actor === 'init') &&
      exec.argv[1] === 'init' &&
      isSelf(exec.filename) &&
      comm !== INIT_STAGE,
  },
  {
    // Sealing re-executes other commands as well: they stay what they were.
    actor: ({ before }) => before.actor,
    when: ({ before, exec, previous }) =>
      isRunc(before.actor) && isSelf(exec.filename) && sameArguments(exec, previous),
  },
  { actor: 'entrypoint', when: ({ before }) => before.actor === 'init' },
  { actor: 'entrypoint', when: ({ before }) => before.actor === 'entrypoint' },
  {
    actor: 'hook',
    when: ({ before, initForked }) =>
      before.actor === 'hook' || (before.actor === 'runc create' && initForked),
  },
];

/** runc's name of its last stage, which becomes the entrypoint. */
const INIT_STAGE = 'runc:[2:INIT]';

/** A process that executes its own binary: by /proc, or by fexecve of a sealed copy. */
const isSelf = (filename: Foreign): boolean =>
  /^(\/proc\/(self|thread-self)\/(exe|fd\/\d+)|\/dev\/fd\/\d+|\d+)$/.test(raw(filename));

function sameArguments(exec: ProcessExec, previous: ProcessExec | undefined): boolean {
  return (
    previous !== undefined &&
    exec.argv.length === previous.argv.length &&
    exec.argv.every((argument, index) => argument === previous.argv[index])
  );
}

/** The subcommand behind a runtime's global options: `runc --root R --log L create --bundle B ID`. */
function runtimeCommand(argv: readonly Foreign[]): Foreign | undefined {
  return argv.slice(1).find((argument) => own(RUNTIME_COMMANDS, argument) !== undefined);
}

/** What syscalls tell of processes, beside their execs. */
export interface NamespaceFacts {
  /** Processes that changed their root by pivot_root. */
  readonly rooted: ReadonlySet<ProcessKey>;
  /** When a process first made namespaces for itself, or was forked into new ones. */
  readonly namespaced: ReadonlyMap<ProcessKey, TraceTime>;
}

/**
 * The actors of every life, by key. Parents come before their children in `lives`.
 * @param bare whoever makes namespaces below the client is a container of its own: no runtime was seen
 */
export function assignActors(
  lives: readonly ProcessDraft[],
  facts: NamespaceFacts = { rooted: new Set(), namespaced: new Map() },
  { bare = false } = {},
): ActorSpan[][] {
  const spans: ActorSpan[][] = [];
  /** Containers whose init was seen. Lives are in the order of their forks, and init is forked before hooks. */
  const initialised = new Set<ContainerId | undefined>();
  for (const life of lives) {
    const start = life.start ?? (Number.NEGATIVE_INFINITY as TraceTime);
    const own: ActorSpan[] = [firstSpan(life, start, spans, facts.rooted)];
    if (own[0]?.actor === 'init') initialised.add(own[0].containerId);
    const leaves = bare ? facts.namespaced.get(life.key) : undefined;
    for (const [index, exec] of life.execs.entries()) {
      if (leaves !== undefined && leaves < exec.time) leaveHost(own, life, leaves);
      const before = own.at(-1) as ActorSpan;
      const program = basename(exec.filename);
      const context: ExecContext = {
        exec,
        previous: life.execs[index - 1],
        program,
        before,
        comm: life.comms[lastUpTo(life.comms, exec.time, ({ time }) => time)]?.comm ?? '',
        idInArguments: containerIdIn(exec.argv, program, before),
        initForked: initialised.has(before.containerId),
      };
      const rule = ACTOR_RULES.find(({ when }) => when(context));
      if (rule === undefined) continue;
      const actor = typeof rule.actor === 'function' ? rule.actor(context) : rule.actor;
      if (actor === 'init') initialised.add(before.containerId);
      // A container's own arguments may hold any id: below init the id is inherited.
      const inherits = actor === 'entrypoint' || actor === 'init' || actor === 'hook';
      own.push({
        from: exec.time,
        actor,
        containerId: inherits ? before.containerId : (context.idInArguments ?? before.containerId),
      });
    }
    if (leaves !== undefined) leaveHost(own, life, leaves);
    spans.push(own);
  }
  return spans;
}

/** A client's process that made namespaces: from then on it is the init of a container without a runtime. */
function leaveHost(own: ActorSpan[], { pid }: ProcessDraft, from: TraceTime): void {
  const last = own.at(-1);
  if (last?.actor !== 'client') return;
  own.push({
    from: Math.max(from, last.from) as TraceTime,
    actor: 'init',
    containerId: bareContainerId(pid),
  });
}

function firstSpan(
  life: ProcessDraft,
  from: TraceTime,
  spans: readonly ActorSpan[][],
  rooted: ReadonlySet<ProcessKey>,
): ActorSpan {
  if (life.role !== '') {
    return { from, actor: life.role, containerId: undefined };
  }
  const parent = life.parent === undefined ? undefined : spans[life.parent];
  if (parent === undefined) return { from, actor: 'other', containerId: undefined };
  const { actor, containerId } = actorAt(parent, from);
  // A runtime that does not execute itself anew, as crun: its child that changes its root is init.
  const isInit = actor === 'runc create' && rooted.has(life.key);
  return { from, actor: isInit ? 'init' : actor, containerId };
}

/** The container that this exec is about to create: a shim's or a runtime's; undefined for any other. */
export function createdBy(filename: Foreign, argv: readonly Foreign[]): ContainerId | undefined {
  const program = basename(filename);
  const isShim = isShimProgram(program) || argv[0]?.includes('containerd-shim') === true;
  const command = runtimeCommand(argv);
  const creates = RUNTIMES.has(program) && (command === 'create' || command === 'run');
  return isShim || creates ? containerIdIn(argv, program, NOBODY) : undefined;
}

const NOBODY: ActorSpan = {
  from: Number.NEGATIVE_INFINITY as TraceTime,
  actor: 'other',
  containerId: undefined,
};

/** What a process is at a time. */
export function actorAt(spans: readonly ActorSpan[], time: TraceTime): ActorSpan {
  return spanAt(spans, time) as ActorSpan;
}

const ID_OPTIONS: ReadonlySet<Foreign> = new Set<Foreign>(['-id', '-c', '--cid']);

/** 64 hex digits; else what follows a shim's -id or conmon's -c; else the last argument of a runtime. */
function containerIdIn(
  argv: readonly Foreign[],
  program: Foreign,
  before: ActorSpan,
): ContainerId | undefined {
  for (const argument of argv) {
    const id = parseContainerId(argument);
    if (id !== undefined) return id;
  }
  if (isShimProgram(program) || argv[0]?.includes('containerd-shim') === true) {
    const at = argv.findIndex((argument) => ID_OPTIONS.has(argument));
    return at < 0 ? undefined : parseRuntimeId(argv[at + 1] ?? '');
  }
  // A shim's own name for it, whatever the runtime's wrapper is called.
  if (before.containerId !== undefined && argv.includes(before.containerId)) {
    return before.containerId;
  }
  return RUNTIMES.has(program) && runtimeCommand(argv) !== undefined
    ? parseRuntimeId(argv.at(-1) ?? '')
    : undefined;
}

const basename = (path: Foreign): Foreign => path.slice(path.lastIndexOf('/') + 1);
