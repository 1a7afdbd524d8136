/** What a process is called at a time: by its last exec, or the name that it gave itself since. */
import { lastUpTo } from '../base/sorted.js';
import type { TraceTime } from '../base/time.js';
import type { ProcessLife } from './trace.js';

/** "containerd-shim-runc-v2", "runc:[2:INIT]"; '' where nothing is known. Untrusted text. */
export function processName({ execs, comms }: ProcessLife, time: TraceTime): string {
  const exec = execs[lastUpTo(execs, time, (each) => each.time)];
  const comm =
    comms[
      Math.max(
        0,
        lastUpTo(comms, time, (each) => each.time),
      )
    ];
  if (exec === undefined || (comm !== undefined && comm.time > exec.time)) return comm?.comm ?? '';
  const program = exec.argv[0] || exec.filename;
  return program.slice(program.lastIndexOf('/') + 1);
}
