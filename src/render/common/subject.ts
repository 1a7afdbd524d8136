/** The first line of what is printed about a run: its image and how long its start took. */

import { escapeText } from '../../base/escape.js';
import type { Foreign } from '../../base/foreign.js';
import { shortId } from '../../base/ids.js';
import {
  type ContainerRun,
  type MilestoneName,
  type Trace,
  type Window,
  windowLength,
} from '../../model/trace/trace.js';
import { columnsOf, cut, pageOf } from './columns.js';
import { formatMs } from './format.js';
import type { Theme } from './theme.js';

export interface PageOptions {
  readonly theme: Theme;
  /** Columns of a line; none is longer. */
  readonly width: number;
}

/** "alpine:3.20   264.113 ms from the create request to the entrypoint" */
export function subjectLine(
  image: Foreign,
  window: Window | undefined,
  { theme, width }: PageOptions,
): string {
  const result =
    window === undefined
      ? 'no whole start was recorded'
      : `${formatMs(windowLength(window))} ms from ${spoken(window.from)} to ${spoken(window.to)}`;
  const subject = cut(escapeText(image), Math.max(10, width - columnsOf(result) - 3));
  return `${theme.strong(subject)}   ${cut(result, width - columnsOf(subject) - 3)}`;
}

const SPOKEN: Partial<Record<MilestoneName, string>> = {
  'command exec': "the command's exec",
  'create requested': 'the create request',
  'shim exec': "the shim's exec",
  'runc exec': "runc's exec",
  'first namespace': 'the first namespace',
  'entrypoint exec': 'the entrypoint',
  'start answered': "the start's answer",
};

const spoken = (name: MilestoneName): string => SPOKEN[name] ?? name;

/** One page a run; where the trace holds several, each is headed by its container. */
export function pagesOf(
  trace: Trace,
  options: PageOptions,
  page: (run: ContainerRun) => readonly string[],
): string {
  const lines = trace.runs.flatMap((run, index) => {
    const heading = [`${shortId(run.containerId)}  ${escapeText(run.name)}`];
    return [
      ...(index > 0 ? [''] : []),
      ...(trace.runs.length > 1 ? heading.map((text) => cut(text, options.width)) : []),
      subjectLine(run.image, run.window, options),
      '',
      ...page(run),
    ];
  });
  return pageOf(lines, options.width);
}

/** What every document says of its run. */
export function runIdentity(run: ContainerRun): Record<string, unknown> {
  const { window } = run;
  return {
    container_id: run.containerId,
    name: run.name,
    image: run.image,
    window:
      window === undefined
        ? null
        : {
            start_ns: window.start,
            end_ns: window.end,
            length_ns: windowLength(window),
            from: window.from,
            to: window.to,
          },
  };
}
