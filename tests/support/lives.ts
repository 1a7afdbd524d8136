/** Lives of processes for tests, by hand. */
import type { ProcessKey } from '../../src/base/ids.js';
import { traceTimeOf } from '../../src/base/time.js';
import type { ActorKind } from '../../src/model/trace/actor-kind.js';
import type { ProcessLife } from '../../src/model/trace/trace.js';

export interface LifeFacts {
  readonly actor: ActorKind;
  readonly start?: number;
  readonly end?: number;
  readonly execs?: readonly {
    readonly time: number;
    readonly filename: string;
    readonly argv: readonly string[];
  }[];
  readonly comms?: readonly { readonly time: number; readonly comm: string }[];
}

export const keyOf = (index: number): ProcessKey => index as ProcessKey;

/** Keys are positions; pids are 100 more. */
export function livesOf(facts: readonly LifeFacts[]): ProcessLife[] {
  return facts.map(({ actor, start, end, execs = [], comms = [] }, index) => ({
    key: keyOf(index),
    pid: 100 + index,
    parent: undefined,
    start: start === undefined ? undefined : traceTimeOf(start),
    end: end === undefined ? undefined : traceTimeOf(end),
    exitCode: undefined,
    exitEvent: undefined,
    forkEvent: undefined,
    execs: execs.map(({ time, ...exec }) => ({ time: traceTimeOf(time), event: 0, ...exec })),
    comms: comms.map(({ time, comm }) => ({ time: traceTimeOf(time), comm, event: undefined })),
    actors: [{ from: traceTimeOf(start ?? -Infinity), actor, containerId: undefined }],
  }));
}
