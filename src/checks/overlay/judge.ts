/** Whether changes of lower files left in the upper layer what overlayfs must leave there. */

import type { Foreign } from '../../base/foreign.js';
import type { LayerSize } from '../../container/mounts/layer-size.js';
import {
  CHANGES,
  compareChanges,
  compareListed,
  type LayerFault,
  type ListedChange,
  type ListFault,
} from '../../container/mounts/overlay-changes.js';
import type { OverlayMount } from '../../container/mounts/overlay-mount.js';
import type { UpperEntry } from '../../container/mounts/upper-entries.js';
import type { Judgement } from '../../model/checks/check.js';

export interface OverlayFacts {
  readonly overlay: OverlayMount;
  /** Of the engine; undefined: it names no layers of its own. */
  readonly driver: GraphDriver | undefined;
  /** Names in the changed folder, as the container lists them. Untrusted. */
  readonly before: readonly string[];
  readonly after: readonly string[];
  readonly upper: UpperSeen | UpperUnseen;
}

export interface GraphDriver {
  readonly name: string;
  readonly upperDir: string;
}

export interface UpperSeen {
  readonly kind: 'seen';
  readonly entries: readonly UpperEntry[];
  /** The upper layer, and lower ones, the topmost first. */
  readonly sizes: { readonly upper: LayerSize; readonly lower: readonly LayerSize[] };
  /** The file that was deleted, where lower layers still hold it. */
  readonly kept: readonly KeptFile[];
}

export interface KeptFile {
  /** 1 is the topmost lower layer. */
  readonly layer: number;
  readonly path: string;
  readonly bytes: number;
}

/** The layers cannot be looked into: why, and what the engine itself lists. */
export interface UpperUnseen {
  readonly kind: 'unseen';
  readonly why: Foreign;
  readonly remedy: Foreign;
  readonly listed: readonly ListedChange[];
}

export type OverlayFault =
  | LayerFault
  | ListFault
  | { readonly kind: 'other UpperDir'; readonly driver: GraphDriver };

export type OverlayReason =
  | {
      readonly kind: 'no overlay';
      /** Of the root's file system. */
      readonly type: string | undefined;
      readonly storageDriver: Foreign;
    }
  | { readonly kind: 'faults'; readonly faults: readonly OverlayFault[] }
  | { readonly kind: 'as it must be'; readonly changes: number }
  | { readonly kind: 'listed as it was made' };

export interface OverlayFinding {
  readonly id: 'upper-layer-unseen';
  readonly severity: 'info';
  readonly why: Foreign;
  readonly remedy: Foreign;
}

export function judgeOverlay(facts: OverlayFacts): Judgement<OverlayReason, OverlayFinding> {
  const { upper } = facts;
  const faults = upper.kind === 'seen' ? faultsSeen(facts, upper) : compareListed(upper.listed);
  const findings: OverlayFinding[] =
    upper.kind === 'seen'
      ? []
      : [{ id: 'upper-layer-unseen', severity: 'info', why: upper.why, remedy: upper.remedy }];
  if (faults.length > 0) return { verdict: 'fail', reason: { kind: 'faults', faults }, findings };
  const reason: OverlayReason =
    upper.kind === 'seen'
      ? { kind: 'as it must be', changes: CHANGES.length }
      : { kind: 'listed as it was made' };
  return { verdict: 'pass', reason, findings };
}

function faultsSeen({ overlay, driver }: OverlayFacts, { entries }: UpperSeen): OverlayFault[] {
  const faults: OverlayFault[] = compareChanges(entries).flatMap((change) => change.faults);
  return driver === undefined || driver.upperDir === overlay.upper
    ? faults
    : [...faults, { kind: 'other UpperDir', driver }];
}
