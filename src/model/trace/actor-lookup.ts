/** Who a process was at a time, for readers of a Trace: pids are reused, and parts change with an exec. */
import { lastUpTo } from '../../base/sorted.js';
import type { ActorSpan, ProcessLife } from './trace.js';

/** A function from pid and trace time to the part that the process played; undefined for unknown pids. */
export function actorLookup(
  processes: readonly ProcessLife[],
): (pid: number, time: number) => ActorSpan | undefined {
  const lives = new Map<number, ProcessLife[]>();
  for (const life of processes) {
    const own = lives.get(life.pid);
    if (own === undefined) lives.set(life.pid, [life]);
    else own.push(life);
  }
  return (pid, time) => {
    const own = lives.get(pid);
    if (own === undefined) return undefined;
    // Nearly always there is one life and one or two parts.
    const life =
      own.length === 1
        ? own[0]
        : own[
            Math.max(
              0,
              lastUpTo(own, time, ({ start }) => start ?? -Infinity),
            )
          ];
    return life === undefined ? undefined : spanAt(life.actors, time);
  };
}

/** The part that is played at a time: the first one before it begins. Spans are in time order. */
export const spanAt = (spans: readonly ActorSpan[], time: number): ActorSpan | undefined =>
  spans.length === 1
    ? spans[0]
    : spans[
        Math.max(
          0,
          lastUpTo(spans, time, ({ from }) => from),
        )
      ];
