/** The words of the syscalls test. */

import {
  type CallTotal,
  STRUCTURAL_CALLS,
  type StructuralCall,
  type StructuralView,
  totalBy,
} from '../../analysis/summaries/count-syscalls.js';
import { type Foreign, joinForeign, quoting } from '../../base/foreign.js';
import { NS_PER_MS } from '../../base/time.js';
import type { Figure } from '../../model/checks/check.js';
import { namespacesOf } from '../../model/syscalls/syscall-view.js';
import type { CheckText, ReasonText } from '../contract/check.js';
import { type CallsSeen, callsSeen, type SyscallsFacts, type SyscallsReason } from './judge.js';

const TOP = 12;
/** A tree of more lines is no picture any more. */
const MAX_TREE_LINES = 40;
/** Of each kind of structural call. */
const MAX_CALL_LINES = 3;

export const syscallsText: CheckText<SyscallsFacts, SyscallsReason, never> = {
  shows:
    'what the engine, its runtime and the container ask of the kernel during a start, and which processes and namespaces that makes; tracing only the command line shows none of it',
  thresholds:
    'fails if no process, no namespace, no mount or no change of root is seen below the client: every start has them; warns if records were lost, or if the source sees only some syscalls or slowed them',
  reason: reasonText,
  finding: (finding) => finding,
  figures: figuresOf,
  evidence: evidenceOf,
};

const STRUCTURE: Readonly<
  Record<StructuralCall, { readonly words: string; readonly call: string }>
> = {
  'processes made': { words: 'processes made', call: 'clone' },
  'calls that made namespaces': {
    words: 'calls that made namespaces',
    call: 'unshare or clone',
  },
  'mounts made': { words: 'mounts made', call: 'mount' },
  'roots changed': { words: 'roots changed', call: 'pivot_root' },
};

function reasonText(reason: SyscallsReason): ReasonText {
  switch (reason.kind) {
    case 'api only':
      return {
        reason: "syscalls cannot be seen through the engine's API",
        remedy: "run it on the engine's own machine, as root: dit doctor",
      };
    case 'start unseen': {
      const missing = reason.missing.map((what) => {
        const { words, call } = STRUCTURE[what];
        return `${call} (${words})`;
      });
      return {
        reason: `no ${missing.join(', no ')} was seen below the client: the recording does not see the start`,
        remedy: 'see what was recorded: dit trace run, then dit trace show; dit doctor --sources',
      };
    }
    case 'records lost':
      return {
        reason: `${seenText(reason.seen)}; ${reason.lost} records were lost, so there were more`,
        remedy: 'run it again on a machine that does less meanwhile',
      };
    case 'perturbed':
      return {
        reason: quoting`${seenText(reason.seen)}; ${reason.perturbation}`,
        remedy: 'use eBPF, which sees every call; see what it needs: dit doctor',
      };
    case 'start seen':
      return { reason: seenText(reason.seen), remedy: '' };
  }
}

const seenText = ({ all, ofClient, structural }: CallsSeen): string =>
  `${all} calls, ${all - ofClient} of them not the client's; ${structural
    .map(({ what, calls }) => `${STRUCTURE[what].words}: ${calls}`)
    .join(', ')}`;

function figuresOf({ counts, recorder, perturbed, lost }: SyscallsFacts): Figure[] {
  const source = quoting`recording by ${recorder}: calls from the create request to the entrypoint's exec`;
  const certainty = lost > 0 || perturbed ? 'inferred' : 'exact';
  const figure = (name: Foreign, value: number, unit: Figure['unit'], group: string): Figure => ({
    name,
    value,
    unit,
    source,
    certainty,
    group,
  });
  const calls = (group: string, totals: readonly CallTotal[]): Figure[] =>
    totals.map((each) => figure(each.name, each.calls, 'count', group));
  const times = (group: string, totals: readonly CallTotal[]): Figure[] =>
    totals.map(({ name, ns }) => figure(name, ns / NS_PER_MS, 'ms', group));
  const byActor = totalBy(counts.cells, ({ actor }) => actor);
  const byName = totalBy(counts.cells, ({ name }) => name);
  const { all, ofClient, structural } = callsSeen(counts);
  return [
    figure('calls of a start', all, 'count', 'a start'),
    figure('of them by the client', ofClient, 'count', 'a start'),
    ...structural.map((each) =>
      figure(STRUCTURE[each.what].words, each.calls, 'count', 'below the client'),
    ),
    ...calls('calls by actor', byActor),
    ...times('time inside calls by actor', longestFirst(byActor)),
    ...calls('calls by name', byName.slice(0, TOP)),
    ...times('time by name', longestFirst(byName).slice(0, TOP)),
  ];
}

const longestFirst = (totals: readonly CallTotal[]): CallTotal[] =>
  [...totals].sort((a, b) => b.ns - a.ns);

function evidenceOf({ counts, tree }: SyscallsFacts): Foreign[] {
  const ofKind = (what: StructuralCall): StructuralView[] =>
    counts.structural.filter((each) => each.what === what);
  return [
    'times are from call to return, waiting included; threads wait beside each other',
    ...tree.slice(0, MAX_TREE_LINES),
    ...(tree.length > MAX_TREE_LINES ? [`and ${tree.length - MAX_TREE_LINES} more`] : []),
    ...STRUCTURAL_CALLS.flatMap((what) => ofKind(what).slice(0, MAX_CALL_LINES).map(callLine)),
  ];
}

/** "unshare of mnt, net = 0, 1.20 ms, init 4711": as the kernel returned it. Untrusted where it holds a path. */
function callLine({ what, actor, pid, call }: StructuralView): Foreign {
  const kinds = what === 'calls that made namespaces' ? namespacesOf(call) : [];
  const texts = [0, 1, 2].map((at) => call.text(at)).filter((text) => text !== '');
  const named = kinds.length > 0 ? ` of ${kinds.join(', ')}` : '';
  const given = texts.length > 0 ? quoting`(${joinForeign(texts, ', ')})` : '';
  const ms = ((call.duration ?? 0) / NS_PER_MS).toFixed(3);
  return quoting`${call.name}${given}${named} = ${call.result}, ${ms} ms, ${actor} ${pid}`;
}
