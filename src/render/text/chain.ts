/**
 * What `dit trace chain` prints: the critical path from the entrypoint back to the request.
 *
 *   "@" when a process took over, "+" how long it was on the path, its parts in ms.
 *
 *   entrypoint @227.1ms  echo, pid 23585
 *   └─init @225.3ms +1.8ms  runc:[2:INIT], pid 23585: exec 1.0, scheduling delay 0.6
 *    └─runc start @220.7ms +4.6ms  runc, pid 23600: runc 4.3, …; 2 short visits
 */

import { escapeText, safeJson } from '../../base/escape.js';
import { processName } from '../../model/trace/process-name.js';
import type { ChainLink } from '../../model/trace/summaries.js';
import {
  type ContainerRun,
  milestone,
  type ProcessLife,
  type Trace,
} from '../../model/trace/trace.js';
import { columnsOf, cut } from '../common/columns.js';
import { formatCount, formatMs, plural } from '../common/format.js';
import { type PageOptions, pagesOf, runIdentity } from '../common/subject.js';

export interface ChainOptions extends PageOptions {
  /** What shorter links were folded by, ns; 0: nothing was. */
  readonly leastNs: number;
  /** Every part of a link, not only the largest. */
  readonly all: boolean;
}

export type ChainOf = (run: ContainerRun) => readonly ChainLink[];

const NOTATION = '"@" when a process took over, "+" how long it was on the path, its parts in ms.';
const SHOWN_PARTS = 2;
/** What a link's text needs beside its indentation. */
const TEXT_COLUMNS = 52;
const BRANCH = '└─';

/** @param chainOf the links of a run, in time order */
export function renderChain(trace: Trace, chainOf: ChainOf, options: ChainOptions): string {
  return pagesOf(trace, options, (run) => chainPage(trace, run, chainOf(run), options));
}

function chainPage(
  trace: Trace,
  run: ContainerRun,
  links: readonly ChainLink[],
  options: ChainOptions,
): string[] {
  const { theme, width, leastNs } = options;
  const origin = run.window?.start ?? 0;
  const at = (time: number): string => `@${formatMs(time - origin, 1)}ms`;
  const step = Math.min(2, Math.max(0, Math.floor((width - TEXT_COLUMNS) / links.length)));
  const end = run.window?.end ?? 0;
  const exec = milestone(run, 'entrypoint exec')?.evidence.text ?? '';
  const top = `entrypoint ${at(end)}`;
  const lines = [
    theme.dim(cut(NOTATION, width)),
    '',
    theme.strong(top) + theme.dim(cut(`  ${escapeText(exec)}`, width - columnsOf(top))),
  ];
  links.toReversed().forEach((link, index) => {
    const indent = ' '.repeat(index * step) + BRANCH;
    const head = `${link.actor} ${at(link.start)}`;
    const took = ` +${formatMs(link.duration, 1)}ms`;
    const room = width - columnsOf(indent) - columnsOf(head) - columnsOf(took);
    const [largest] = link.parts;
    const paint = theme.phase[largest?.phase ?? 'unattributed'];
    lines.push(
      theme.dim(indent) + head + paint(took) + theme.dim(cut(linkText(trace, link, options), room)),
    );
  });
  const ns = links.reduce((sum, { duration }) => sum + duration, 0);
  const equals = ns === end - origin ? '= window' : `≠ window ${formatCount(end - origin)} ns`;
  lines.push('', theme.dim(`sum ${formatCount(ns)} ns ${equals}`));
  if (leastNs > 0) {
    lines.push(
      theme.dim(
        `merged into the link before: links shorter than ${formatMs(leastNs, 1)} ms (show them: --all)`,
      ),
    );
  }
  return lines;
}

/** "  runc:[2:INIT], pid 23585: exec 1.0, scheduling delay 0.6; 2 short visits" */
function linkText(trace: Trace, link: ChainLink, { all }: ChainOptions): string {
  const life = lifeOf(trace, link);
  const name = life === undefined ? '' : processName(life, link.start);
  const who = [
    name === '' || name === link.actor ? '' : escapeText(name),
    life === undefined ? '' : `pid ${life.pid}`,
  ].filter((text) => text !== '');
  const shown = all ? link.parts : link.parts.slice(0, SHOWN_PARTS);
  const parts = shown.map(({ category, ns }) => `${escapeText(category)} ${formatMs(ns, 1)}`);
  if (parts.length < link.parts.length) parts.push('…');
  const visits = link.visits === 0 ? '' : `; ${plural(link.visits, 'short visit')}`;
  return `  ${who.join(', ')}${who.length > 0 ? ': ' : ''}${parts.join(', ')}${visits}`;
}

function lifeOf(trace: Trace, { process }: ChainLink): ProcessLife | undefined {
  return process === undefined ? undefined : trace.processes[process];
}

export function chainJson(trace: Trace, chainOf: ChainOf, leastNs: number): string {
  return `${safeJson(
    {
      schema: 'dit.chain/1',
      least_ns: leastNs,
      runs: trace.runs.map((run) => ({
        ...runIdentity(run),
        links: chainOf(run).map((link) => {
          const life = lifeOf(trace, link);
          return {
            start_ns: link.start,
            duration_ns: link.duration,
            waiting_ns: link.waitingNs,
            actor: link.actor,
            pid: life?.pid ?? null,
            process_name: life === undefined ? '' : processName(life, link.start),
            visits: link.visits,
            parts: link.parts.map(({ phase, category, ns }) => ({
              phase: phase ?? 'unattributed',
              category,
              ns,
            })),
          };
        }),
      })),
    },
    2,
  )}\n`;
}
