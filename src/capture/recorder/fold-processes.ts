/** What became of a list of processes by events that are not kept: their forks, execs and exits. */
import type { TraceTime } from '../../base/time.js';
import { EXIT_FLAG, KIND } from '../../model/recording/event-kinds.js';
import type { KnownProcess, Recording } from '../../model/recording/recording.js';

/** @param rows of those events, in time order */
export function foldProcesses(
  { processes, events, strings }: Pick<Recording, 'processes' | 'events' | 'strings'>,
  rows: Iterable<number>,
): KnownProcess[] {
  const known = new Map(processes.map((each) => [each.pid, each]));
  for (const row of rows) {
    const kind = events.kind.at(row);
    const pid = events.pid.at(row);
    const tid = events.tid.at(row);
    const life = known.get(pid);
    if (kind === KIND.fork) {
      const childPid = events.value(row, 'child_pids');
      const childTid = events.value(row, 'child_tids');
      if (childPid !== pid) {
        known.set(childPid, {
          pid: childPid,
          parentPid: pid,
          comm: strings.text(events.value(row, 'child_comms')),
          arguments: life?.arguments ?? [],
          start: events.time.at(row) as TraceTime,
          role: '',
          tids: [childTid],
        });
      } else if (life !== undefined) {
        known.set(pid, { ...life, tids: [...life.tids, childTid] });
      }
    } else if (kind === KIND.exit && life !== undefined) {
      if ((events.value(row, 'flags') & EXIT_FLAG.lastThread) !== 0) known.delete(pid);
      else known.set(pid, { ...life, tids: life.tids.filter((each) => each !== tid) });
    } else if (kind === KIND.exec && life !== undefined) {
      const argv = events.values(row, 'arguments').map((id) => strings.text(id));
      known.set(pid, { ...life, arguments: argv, tids: [pid] });
    }
  }
  return [...known.values()];
}
