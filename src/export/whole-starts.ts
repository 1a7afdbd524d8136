/** The starts that have a critical path: what the formats for profiles are about. */

import { DitError, EXIT } from '../base/errors.js';
import { type Foreign, quoting } from '../base/foreign.js';
import { shortId } from '../base/ids.js';
import type { ContainerRun, Trace, Window } from '../model/trace/trace.js';

export interface WholeStart extends ContainerRun {
  readonly window: Window;
}

/**
 * Never empty. Throws a DitError, no-critical-path, where no start of the trace was seen whole.
 * @param format "speedscope": what was asked for
 */
export function wholeStarts(trace: Trace, format: string): readonly WholeStart[] {
  const whole = trace.runs.filter(
    (run): run is WholeStart => run.window !== undefined && run.segments.length > 0,
  );
  if (whole.length > 0) return whole;
  throw new DitError({
    code: 'no-critical-path',
    exitCode: EXIT.usage,
    message: quoting`trace '${trace.recording.header.traceId}' has no start that was seen whole, and so no critical path for ${format}`,
    remedy: 'take its events along: dit trace export --to perfetto, or --to jsonl',
  });
}

/** What people call the start: its container's name, else its id; both where a trace has many. Untrusted text. */
export function startName({ runs }: Trace, { name, containerId }: ContainerRun): Foreign {
  const id = shortId(containerId);
  if (name === '') return id;
  return runs.length > 1 ? quoting`${name} ${id}` : name;
}
