/** Which runs of a trace a command is about, and the refusal where there is none. */

import { DitError, EXIT } from '../../base/errors.js';
import { joinForeign, quoting } from '../../base/foreign.js';
import type { Trace } from '../../model/trace/trace.js';

/** The runs whose container id or name begins with `asked`; all of them without it. @throws DitError */
export function onlyRun(trace: Trace, asked: string | undefined): Trace {
  if (asked === undefined) return trace;
  const runs = trace.runs.filter(
    ({ containerId, name }) => containerId.startsWith(asked) || name.startsWith(asked),
  );
  if (asked !== '' && runs.length > 0) return { ...trace, runs };
  const known = trace.runs.map(
    ({ containerId, name }) => quoting`${containerId.slice(0, 12)} (${name})`,
  );
  throw new DitError({
    code: 'run-unknown',
    exitCode: EXIT.usage,
    message: `the trace holds no run '${asked}'`,
    remedy:
      known.length === 0
        ? 'the trace holds no run at all'
        : quoting`use one of: ${joinForeign(known, ', ')}`,
  });
}

/** The runs that reached their entrypoint: only these have a critical path. @throws DitError where none did */
export function wholeRuns(trace: Trace, path: string): Trace {
  const runs = trace.runs.filter(({ window }) => window !== undefined);
  if (runs.length > 0) return { ...trace, runs };
  throw new DitError({
    code: 'run-incomplete',
    exitCode: EXIT.usage,
    message: `"${path}" holds no whole start, from the create request to the entrypoint`,
    remedy: `see how far it came: dit trace show ${path}`,
  });
}
