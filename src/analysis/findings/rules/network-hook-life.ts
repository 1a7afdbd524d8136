/** The hook by which older engines set the network up. */
import type { TraceTime } from '../../../base/time.js';
import type { ProcessLife } from '../../../model/trace/trace.js';

/** When a process became that hook; undefined: it is none. */
export const networkHookSince = (life: ProcessLife | undefined): TraceTime | undefined =>
  life?.execs.find(({ argv }) => argv[0] === 'libnetwork-setkey')?.time;
