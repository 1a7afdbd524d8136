/** One container's start, cut out of a host's recording, as a trace file of its own. */
import type { ContainerId } from '../../base/ids.js';
import { copyEvents } from '../../model/recording/copy-events.js';
import { KIND } from '../../model/recording/event-kinds.js';
import { EventTable } from '../../model/recording/event-table.js';
import { StringInterner } from '../../model/recording/strings.js';
import type { ContainerRun, Trace } from '../../model/trace/trace.js';
import type { Owner } from '../../platform/files/owner.js';
import { TraceFileWriter } from '../../tracefile/writer.js';
import { snapshotsOf } from './clock-snapshot.js';

/** What came just before a start belongs to its beginning; what follows it, to its end. */
const BEFORE_NS = 2e8;
const AFTER_NS = 4e8;

const TELLS_LIVES: ReadonlySet<number> = new Set([KIND.fork, KIND.exec, KIND.exit, KIND.rename]);

/** @param owner of the file @throws DitError where the file cannot be written; nothing of it stays then */
export function writeStart(
  path: string,
  trace: Trace,
  run: ContainerRun,
  owner: Owner | undefined,
): void {
  const { recording } = trace;
  const { header, events } = recording;
  const from = (run.window?.start ?? run.milestones[0]?.time ?? 0) - BEFORE_NS;
  const to = (run.window?.end ?? recording.footer?.end ?? Number.POSITIVE_INFINITY) + AFTER_NS;
  const own = ownPids(trace, run.containerId);
  const concerns = (row: number): boolean => {
    if (own(events.pid.at(row))) return true;
    const kind = events.kind.at(row);
    if (kind === KIND.switch) return own(events.value(row, 'next_pids'));
    if (kind === KIND.waking) return own(events.value(row, 'target_pids'));
    return kind === KIND.cgroup_attach && own(events.value(row, 'target_pids'));
  };
  const rows = [...trace.order].filter((row) => {
    const time = events.time.at(row);
    // The list of processes is older than the start: what became of them since is needed too.
    return (time >= from || TELLS_LIVES.has(events.kind.at(row))) && time <= to && concerns(row);
  });
  const table = new EventTable();
  const strings = new StringInterner();
  copyEvents(recording, rows, table, strings);

  const writer = new TraceFileWriter(path, { owner });
  try {
    writer.header({
      ...header,
      target: {
        ...header.target,
        image: run.image,
        containerName: run.name,
        containerId: run.containerId,
      },
    });
    for (const clock of snapshotsOf(recording.clocks, from, to)) writer.clock(clock);
    writer.processes(from as never, recording.processes);
    for (const mark of recording.marks) {
      // What came before is an earlier start's; its name is in the header.
      if (mark.containerId === run.containerId && mark.start >= from) writer.mark(mark);
    }
    writer.events(table, 0, table.length, strings);
    if (recording.loss !== undefined) writer.loss(recording.loss);
    if (recording.footer !== undefined) {
      writer.footer({ ...recording.footer, events: table.length, malformed: 0 });
    }
  } catch (error) {
    writer.discard();
    throw error;
  }
  writer.close();
}

/** Whether a process works for this container or for all, and not only for another one. */
function ownPids(trace: Trace, id: ContainerId): (pid: number) => boolean {
  const others = new Set<number>();
  for (const { pid, actors } of trace.processes) {
    const ids = actors.flatMap(({ containerId }) => containerId ?? []);
    if (ids.length > 0 && !ids.includes(id)) others.add(pid);
  }
  const known = new Set(trace.processes.map(({ pid }) => pid));
  return (pid) => known.has(pid) && !others.has(pid);
}
