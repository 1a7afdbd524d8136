/** What a process is called at a time: by its last exec, or the name that it gave itself since. */

import type { Foreign } from '../../base/foreign.js';
import { lastUpTo } from '../../base/sorted.js';
import type { TraceTime } from '../../base/time.js';
import type { ProcessLife } from './trace.js';

/** NAME_MAX: no file has a longer name, and pieces of a path by the thousand are called by it. */
const MOST_CHARACTERS = 255;

/** "containerd-shim-runc-v2", "runc:[2:INIT]"; '' where nothing is known. Untrusted text. */
export function processName({ execs, comms }: ProcessLife, time: TraceTime): Foreign {
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
  const from = program.lastIndexOf('/') + 1;
  return program.slice(from, from + MOST_CHARACTERS);
}
