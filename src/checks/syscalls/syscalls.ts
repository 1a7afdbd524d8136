/** What a start does, told by its syscalls: by actor, by name, and by the processes and namespaces it makes. */

import {
  type CallTotal,
  countSyscalls,
  STRUCTURAL_CALLS,
  type StructuralCall,
  type StructuralView,
  totalBy,
} from '../../analysis/summaries/count-syscalls.js';
import { processLine, processTree } from '../../analysis/summaries/process-namespaces.js';
import { type Foreign, joinForeign, quoting } from '../../base/foreign.js';
import type { MeasureContext } from '../../measure/context.js';
import type { CheckResult, Figure } from '../../model/checks/check.js';
import { recordsLost } from '../../model/recording/recording.js';
import { namespacesOf } from '../../model/syscalls/syscall-view.js';
import type { Certainty, Trace } from '../../model/trace/trace.js';
import { type Check, skipped } from '../contract/check.js';

const TOP = 12;
/** A tree of more lines is no picture any more. */
const MAX_TREE_LINES = 40;
/** Of each kind of structural call. */
const MAX_CALL_LINES = 3;

const CALLS_OF: Readonly<Record<StructuralCall, string>> = {
  'processes made': 'clone',
  'calls that made namespaces': 'unshare or clone',
  'mounts made': 'mount',
  'roots changed': 'pivot_root',
};

export const syscallsCheck: Check = {
  name: 'syscalls',
  shows:
    'what the engine, its runtime and the container ask of the kernel during a start, and which processes and namespaces that makes; tracing the command line alone sees none of it',
  thresholds:
    'fails when no process, no namespace, no mount or no change of root is seen below the client: every start has them; warns when records were lost, or when the source sees only some syscalls or slowed them',
  run: checkSyscalls,
};

async function checkSyscalls(context: MeasureContext): Promise<CheckResult> {
  context.say('recording a start');
  // One before it, so that it is the start of a warm engine.
  await context.record({ Image: context.image, Entrypoint: ['true'], Cmd: [] });
  context.signal.throwIfAborted();
  const { trace, run } = await context.record({
    Image: context.image,
    Entrypoint: ['true'],
    Cmd: [],
  });
  const { source } = trace.recording.header;
  if (source.name === 'api') {
    return skipped(
      "the engine's API alone does not see syscalls",
      'run it on the engine’s own machine, as root: dit doctor',
    );
  }
  return syscallsResult(trace, run);
}

/** Pure. */
export function syscallsResult(trace: Trace, run: Trace['runs'][number]): CheckResult {
  const { cells, structural } = countSyscalls(trace, run);
  const { source: recorder } = trace.recording.header;
  const lost = recordsLost(trace.recording.loss?.losses ?? []);
  const certainty: Certainty = lost > 0 || recorder.perturbed ? 'inferred' : 'exact';
  const source = quoting`recording by ${recorder.name}: calls from the create request to the entrypoint's exec`;
  const figure = (name: Foreign, value: number, unit: Figure['unit'], group: string): Figure => ({
    name,
    value,
    unit,
    source,
    certainty,
    group,
  });
  const table = (by: string, totals: readonly CallTotal[]): Figure[] => [
    ...totals.map(({ name, calls }) => figure(name, calls, 'count', `calls by ${by}`)),
    ...[...totals]
      .sort((a, b) => b.ns - a.ns)
      .map(({ name, ns }) => figure(name, ns / 1e6, 'ms', `time inside calls by ${by}`)),
  ];
  const byActor = totalBy(cells, ({ actor }) => actor);
  const byName = totalBy(cells, ({ name }) => name);
  const counts = STRUCTURAL_CALLS.map((what) => ({
    what,
    calls: structural.filter((each) => each.what === what),
  }));
  const all = byActor.reduce((sum, { calls }) => sum + calls, 0);
  const ofClient = byActor.find(({ name }) => name === 'client')?.calls ?? 0;
  const longest = [...byName].sort((a, b) => b.ns - a.ns);
  const tree = processTree(trace, run);
  return {
    ...judge(counts, { lost, perturbed: recorder.perturbation, all, ofClient }),
    figures: [
      figure('calls of a start', all, 'count', 'a start'),
      figure('of them by the client', ofClient, 'count', 'a start'),
      ...counts.map(({ what, calls }) => figure(what, calls.length, 'count', 'below the client')),
      ...table('actor', byActor),
      ...byName
        .slice(0, TOP)
        .map((each) => figure(each.name, each.calls, 'count', 'calls by name')),
      ...longest
        .slice(0, TOP)
        .map((each) => figure(each.name, each.ns / 1e6, 'ms', 'time by name')),
    ],
    findings: [],
    evidence: [
      'times are from call to return, waiting included; threads wait beside each other',
      ...tree.slice(0, MAX_TREE_LINES).map((node) => processLine(trace, node)),
      ...(tree.length > MAX_TREE_LINES ? [`and ${tree.length - MAX_TREE_LINES} more`] : []),
      ...counts.flatMap(({ calls }) => calls.slice(0, MAX_CALL_LINES).map(callLine)),
    ],
  };
}

function judge(
  counts: readonly { readonly what: StructuralCall; readonly calls: readonly unknown[] }[],
  facts: {
    readonly lost: number;
    readonly perturbed: Foreign;
    readonly all: number;
    readonly ofClient: number;
  },
): Pick<CheckResult, 'verdict' | 'reason' | 'remedy'> {
  const missing = counts.filter(({ calls }) => calls.length === 0).map(({ what }) => what);
  if (missing.length > 0) {
    return {
      verdict: 'fail',
      reason: `no ${missing.map((what) => `${CALLS_OF[what]} (${what})`).join(', no ')} was seen below the client: the recording does not see the start`,
      remedy: 'see what was recorded: dit trace run, then dit trace show; dit doctor --sources',
    };
  }
  const { lost, perturbed, all, ofClient } = facts;
  const said = `${all} calls, ${all - ofClient} of them not the client's; ${counts
    .map(({ what, calls }) => `${what}: ${calls.length}`)
    .join(', ')}`;
  if (lost > 0) {
    return {
      verdict: 'warn',
      reason: `${said}; ${lost} records were lost, so there were more`,
      remedy: 'run it again on a machine that does less meanwhile',
    };
  }
  if (perturbed !== '') {
    return {
      verdict: 'warn',
      reason: quoting`${said}; ${perturbed}`,
      remedy: 'use eBPF, which sees every call; see what it needs: dit doctor',
    };
  }
  return { verdict: 'pass', reason: said, remedy: '' };
}

/** "unshare of mnt, net = 0, 1.20 ms, init 4711": as the kernel returned it. Untrusted where it holds a path. */
function callLine({ what, actor, pid, call }: StructuralView): Foreign {
  const kinds = what === 'calls that made namespaces' ? namespacesOf(call) : [];
  const texts = [0, 1, 2].map((at) => call.text(at)).filter((text) => text !== '');
  const named = kinds.length > 0 ? ` of ${kinds.join(', ')}` : '';
  const given = texts.length > 0 ? quoting`(${joinForeign(texts, ', ')})` : '';
  const ms = ((call.duration ?? 0) / 1e6).toFixed(3);
  return quoting`${call.name}${given}${named} = ${call.result}, ${ms} ms, ${actor} ${pid}`;
}
