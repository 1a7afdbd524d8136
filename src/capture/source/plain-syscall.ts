/** The common case of an event: a syscall without arguments, added without an object of its own. */
import { KIND } from '../../model/recording/event-kinds.js';
import type { EventTable } from '../../model/recording/event-table.js';

/** @param entry ns since the session base @param name its id */
export function pushPlainSyscall(
  into: EventTable,
  entry: number,
  cpu: number,
  pid: number,
  tid: number,
  name: number,
  durationNs: number,
  result: number,
): void {
  const { columns, listStarts } = into.table('syscall');
  into.pushCommon(KIND.syscall, entry, cpu, pid, tid);
  columns.names.push(name);
  columns.durations_ns.push(durationNs);
  columns.results.push(result);
  columns.flags.push(0);
  columns.argument_counts.push(0);
  listStarts.argument_counts.push(columns.arguments.length);
  columns.text_counts.push(0);
  listStarts.text_counts.push(columns.texts.length);
}
