/** Who a process was at a time, for readers of a Trace: pids are reused, and parts change with an exec. */
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
      own.length === 1 ? own[0] : own.findLast(({ start }) => (start ?? -Infinity) <= time);
    const { actors } = life ?? (own[0] as ProcessLife);
    return actors.findLast(({ from }) => from <= time) ?? actors[0];
  };
}
