/** Whether a recorded start shows the system calls that every start makes. */

import {
  countSyscalls,
  STRUCTURAL_CALLS,
  type StructuralCall,
  type SyscallCounts,
  totalBy,
} from '../../analysis/summaries/count-syscalls.js';
import { processLine, processTree } from '../../analysis/summaries/process-namespaces.js';
import type { Foreign } from '../../base/foreign.js';
import type { Judgement, Verdict } from '../../model/checks/check.js';
import { recordsLost } from '../../model/recording/recording.js';
import type { ContainerRun, Trace } from '../../model/trace/trace.js';

export interface SyscallsFacts {
  readonly counts: SyscallCounts;
  /** The processes of the start, a line for each. Untrusted. */
  readonly tree: readonly Foreign[];
  /** The source that recorded them: "ebpf". */
  readonly recorder: Foreign;
  /** Whether the source slowed them, and how; ''. */
  readonly perturbed: boolean;
  readonly perturbation: Foreign;
  /** Records. */
  readonly lost: number;
}

export function syscallsFacts(trace: Trace, run: ContainerRun): SyscallsFacts {
  const { header, loss } = trace.recording;
  const { name: recorder, perturbed, perturbation } = header.source;
  return {
    counts: countSyscalls(trace, run),
    tree: processTree(trace, run).map((node) => processLine(trace, node)),
    recorder,
    perturbed,
    perturbation,
    lost: recordsLost(loss?.losses ?? []),
  };
}

/** How many calls there were, and of which kinds. */
export interface CallsSeen {
  readonly all: number;
  readonly ofClient: number;
  /** Of anybody but the client. */
  readonly structural: readonly { readonly what: StructuralCall; readonly calls: number }[];
}

export function callsSeen({ cells, structural }: SyscallCounts): CallsSeen {
  const byActor = totalBy(cells, ({ actor }) => actor);
  return {
    all: byActor.reduce((sum, { calls }) => sum + calls, 0),
    ofClient: byActor.find(({ name }) => name === 'client')?.calls ?? 0,
    structural: STRUCTURAL_CALLS.map((what) => ({
      what,
      calls: structural.filter((each) => each.what === what).length,
    })),
  };
}

export type SyscallsReason =
  | { readonly kind: 'api only' }
  | { readonly kind: 'start unseen'; readonly missing: readonly StructuralCall[] }
  | { readonly kind: 'records lost'; readonly seen: CallsSeen; readonly lost: number }
  | { readonly kind: 'perturbed'; readonly seen: CallsSeen; readonly perturbation: Foreign }
  | { readonly kind: 'start seen'; readonly seen: CallsSeen };

export function judgeSyscalls({
  counts,
  lost,
  perturbation,
}: SyscallsFacts): Judgement<SyscallsReason, never> {
  const judged = (verdict: Verdict, reason: SyscallsReason) => ({ verdict, reason, findings: [] });
  const seen = callsSeen(counts);
  const missing = seen.structural.filter(({ calls }) => calls === 0).map(({ what }) => what);
  if (missing.length > 0) return judged('fail', { kind: 'start unseen', missing });
  if (lost > 0) return judged('warn', { kind: 'records lost', seen, lost });
  if (perturbation !== '') return judged('warn', { kind: 'perturbed', seen, perturbation });
  return judged('pass', { kind: 'start seen', seen });
}
