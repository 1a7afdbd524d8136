/** Who changed its root and who made namespaces: told by syscalls, needed before actors are known. */
import type { ProcessKey, StringId } from '../../base/ids.js';
import type { TraceTime } from '../../base/time.js';
import { KIND, SYSCALL_FLAG } from '../../model/recording/event-kinds.js';
import type { Recording } from '../../model/recording/recording.js';
import { namespacesOf, viewSyscall } from '../../model/syscalls/syscall-view.js';
import { NAMESPACE_MAKERS } from '../../model/syscalls/syscalls.js';
import type { ProcessTable } from '../order/process-table.js';
import type { NamespaceFacts } from './actors.js';

/** @param order rows in time order */
export function namespaceFacts(
  recording: Recording,
  order: Uint32Array,
  lives: ProcessTable,
): NamespaceFacts {
  const { events, strings } = recording;
  const rooted = new Set<ProcessKey>();
  const namespaced = new Map<ProcessKey, TraceTime>();
  const wanted = new Set(
    ['pivot_root', ...NAMESPACE_MAKERS].map((name) => strings.find(name)).filter((id) => id !== 0),
  );
  const flags = events.table('syscall').column('flags');
  const names = events.table('syscall').column('names');
  const note = (pid: number, time: TraceTime): void => {
    const key = lives.at(pid, time)?.key;
    if (key !== undefined && !namespaced.has(key)) namespaced.set(key, time);
  };
  for (const row of order) {
    if (events.kind.at(row) !== KIND.syscall) continue;
    const own = events.row.at(row);
    if (!wanted.has(names.at(own) as StringId) || (flags.at(own) & SYSCALL_FLAG.hasArguments) === 0)
      continue;
    const call = viewSyscall(recording, row);
    const end = (call.start + (call.duration ?? 0)) as TraceTime;
    const pid = events.pid.at(row);
    if (call.name === 'pivot_root') {
      const key = lives.at(pid, end)?.key;
      if (call.result === 0 && key !== undefined) rooted.add(key);
    } else if (call.result >= 0 && namespacesOf(call).length > 0) {
      if (call.name === 'unshare') note(pid, end);
      // In the parent the result is the child's pid, as its own pid namespace counts it: the host's here.
      else if (call.result > 0) note(call.result, end);
    }
  }
  return { rooted, namespaced };
}
