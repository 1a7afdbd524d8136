/** What is said of a finding, and the figures that findings have in common. */
import { BYTES_PER_MB } from '../../base/count.js';
import type { Foreign } from '../../base/foreign.js';
import { NS_PER_MS } from '../../base/time.js';
import type { ActorTime, Finding, FindingId } from '../../model/trace/findings.js';

/** Title and evidence may quote the trace. */
export interface FindingText {
  readonly title: Foreign;
  readonly evidence: Foreign;
  /** What can be done, an imperative. */
  readonly remedy: string;
}

export type FindingWords<I extends FindingId> = (finding: Finding<I>) => FindingText;

/** Milliseconds: "9.4", "31". */
export const ms = (ns: number): string => (ns / NS_PER_MS).toFixed(ns < 10 * NS_PER_MS ? 1 : 0);

/** Megabytes: "104.9". */
export const mb = (bytes: number): string => (bytes / BYTES_PER_MB).toFixed(1);

/** "dockerd 31 ms, runc create 12 ms" */
export const actorTimes = (times: readonly ActorTime[]): string =>
  times.map(({ actor, ns }) => `${actor} ${ms(ns)} ms`).join(', ');
