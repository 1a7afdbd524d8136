/**
 * What `dit trace run` and `dit trace show` print: what was recorded, the timeline, where the time went,
 * the milestones with their evidence.
 *
 *   dit-builtin:1   264.113 ms from the create request to the entrypoint
 *
 *   container   0123456789ab  eager_lamport
 *   engine      Docker Engine 20.10.24 (dit's own), containerd 1.6.20, runc 1.1.5, overlay2
 *   …
 *   lost events: 0 of 12,345
 *
 *   TIMELINE …   PHASES …   FINDINGS …   WHAT TOOK LONGEST …   MILESTONES …   COPY-UPS …   AFTER THE START …
 *   WARNINGS …
 */

import { escapeText } from '../../base/escape.js';
import { type Foreign, firstLine, joinForeign, quoting } from '../../base/foreign.js';
import { shortId } from '../../base/ids.js';
import { type Recording, recordsLost } from '../../model/recording/recording.js';
import { lengthOf, type PhaseTotal, phaseTotals, shares } from '../../model/trace/totals.js';
import type {
  AbsentMilestone,
  ContainerRun,
  Milestone,
  Segment,
  Span,
  Trace,
  TraceWarning,
  Window,
} from '../../model/trace/trace.js';
import { waitText } from '../../words/wait-text.js';
import { alignLeft, columnsOf, cut, pageOf, wrap } from '../common/columns.js';
import {
  formatBytes,
  formatCount,
  formatDate,
  formatDuration,
  formatMs,
  formatPercent,
  plural,
} from '../common/format.js';
import { subjectLine } from '../common/subject.js';
import { number, tableHead, tableRow, word } from '../common/table.js';
import type { Paint, Theme } from '../common/theme.js';
import { renderCopyUps } from './copy-ups.js';
import { renderFindings, shortenIds } from './findings.js';
import { renderTimeline } from './timeline.js';

export interface ReportOptions {
  readonly theme: Theme;
  /** Columns; no line is longer. */
  readonly width: number;
  /** Every slice group and probe, not only the largest. */
  readonly all?: boolean;
}

const SHOWN_ROWS = 5;
/** Fewer columns than this say nothing. */
const LEAST_DETAIL = 20;
const INDENT = '  ';

/** The report, with its last newline. Below 80 columns tables leave columns out. */
export function renderReport(trace: Trace, options: ReportOptions): string {
  const lines: string[] = [];
  const section = (title: string, body: readonly string[], note = ''): void => {
    if (body.length === 0) return;
    lines.push(
      '',
      options.theme.heading(title) + (note === '' ? '' : options.theme.dim(`  ${note}`)),
    );
    lines.push(...body);
  };
  lines.push(...headline(trace, options), ...header(trace, options));
  for (const run of trace.runs) {
    if (trace.runs.length > 1) {
      const who = quoting`${shortId(run.containerId)}  ${run.name}  ${run.image}`.trimEnd();
      lines.push('', subjectLine(who, run.window, options));
    }
    const milestones = [...run.milestones].sort((a, b) => a.time - b.time);
    const span = run.window ?? observed(milestones, trace.recording);
    if (span !== undefined) {
      const timeline = renderTimeline(trace, run, span, milestones, options.theme, options.width);
      section('TIMELINE', timeline, 'milestones are numbered below the axis');
    }
    if (run.window !== undefined) {
      section('PHASES', phases(run.segments, run.window, options));
      section('FINDINGS', renderFindings(run.findings, options), 'what this trace proves');
      section(
        'WHAT TOOK LONGEST',
        longest(run.segments, run.window, options),
        'on the critical path',
      );
    }
    section('MILESTONES', milestoneTable(milestones, run.absent, options), CLOCK);
    section(
      'COPY-UPS',
      renderCopyUps(run, trace.recording.header.source.probes, options),
      'files that overlayfs copied to the upper layer',
    );
    section('AFTER THE START', afterwards(run, milestones));
  }
  section(
    'WARNINGS',
    warnings(
      trace.warnings.filter(({ code }) => !TOLD_ABOVE.has(code)),
      options,
    ),
  );
  return pageOf(lines, options.width);
}

const CLOCK = 'times: CLOCK_MONOTONIC, kernel timestamps unless marked api';
const TOLD_ABOVE: ReadonlySet<Foreign> = new Set<Foreign>(['incomplete']);

/** The result in one line, then whatever a reader must know before believing the rest. */
function headline(trace: Trace, options: ReportOptions): string[] {
  const { theme, width } = options;
  const { header, footer, problems } = trace.recording;
  const [run] = trace.runs;
  const image = run?.image || header.target.image || 'a container';
  const lines = [
    trace.runs.length > 1
      ? theme.strong(`${trace.runs.length} containers were started`)
      : subjectLine(image, run?.window, options),
  ];
  const say = (text: Foreign): void => {
    lines.push(...alert(text, theme.bad, width));
  };
  const failure = run?.failure || footer?.failure || '';
  if (footer === undefined) {
    const last = trace.order.at(-1);
    const until =
      last === undefined
        ? 'it holds no event'
        : `its last event is ${formatMs(trace.recording.events.time.at(last), 1)} ms after its beginning`;
    say(`the recording ends early: dit was killed or the file was cut; ${until}`);
  }
  if (footer?.outcome === 'interrupted')
    say('the recording was interrupted; what was recorded until then is here');
  if (failure !== '' && footer?.outcome !== 'interrupted')
    say(quoting`the start failed: ${failure}`);
  if (run === undefined) say('no container was created while this was recorded');
  if (header.source.name === 'api') {
    say('the kernel was not seen: what the engine did between request and answer is unattributed');
  }
  if (problems.length > 0)
    say(`the file is damaged in ${plural(problems.length, 'place')}; the rest was read`);
  return lines;
}

function header(trace: Trace, options: ReportOptions): string[] {
  const { header: facts, footer, events, loss, bytes } = trace.recording;
  const { engine, host, source, target } = facts;
  const [run] = trace.runs;
  const { theme, width } = options;
  const lines: string[] = [''];
  const add = (label: string, ...parts: readonly Foreign[]): void => {
    const text = parts
      .filter((part) => part !== '')
      .map(escapeText)
      .join(', ');
    if (text === '') return;
    wrap(text, width - LABEL).forEach((line, index) => {
      lines.push(theme.dim(alignLeft(index === 0 ? label : '', LABEL)) + line);
    });
  };
  const named = (name: string, version: Foreign): Foreign =>
    version === '' ? '' : quoting`${name} ${version}`;

  if (trace.runs.length === 1 && run !== undefined)
    add('container', quoting`${shortId(run.containerId)}  ${run.name}`);
  if (target.command.length > 0) add('command', joinForeign(target.command, ' '));
  const noEngine = engine.version === '';
  add(
    'engine',
    noEngine
      ? ''
      : quoting`${engine.name || 'Docker'} ${engine.version}${engine.privateEngine ? " (dit's own)" : ''}`,
    named('containerd', engine.containerdVersion),
    named('runc', engine.runcVersion),
    engine.storageDriver,
    named('cgroup driver', engine.cgroupDriver),
  );
  add(
    'kernel',
    quoting`${host.kernelRelease} ${host.architecture}`,
    plural(host.cpus, 'CPU'),
    formatBytes(host.memoryBytes),
    named('cgroup', host.cgroupVersion),
    host.os,
  );
  const refused = source.probes.filter(({ attached }) => !attached);
  add(
    'source',
    source.name,
    source.name === 'api' ? 'only API requests' : '',
    source.probes.length === 0
      ? ''
      : `${plural(source.probes.length - refused.length, 'probe')} attached, ${formatCount(refused.length)} refused`,
    facts.redacted ? 'redacted' : '',
    source.perturbed ? 'slows what it measures' : '',
  );
  for (const probe of refused) {
    add('', quoting`refused: ${probe.attachPoint} (${firstLine(probe.refusal)})`);
  }
  if (options.all === true) {
    for (const probe of source.probes)
      if (probe.attached) add('', quoting`attached: ${probe.attachPoint}`);
  }
  add(
    'recorded',
    formatDate(facts.startRealtimeNs),
    `${formatBytes(bytes)}`,
    named('dit', facts.ditVersion),
  );
  if (footer !== undefined) {
    add(
      'cost',
      `${formatMs(footer.recorderCpuNs, 0)} ms of dit's CPU time while recording`,
      `probes off in ${formatMs(footer.disarmNs, 1)} ms`,
    );
  }
  if (trace.foreign.length > 0) {
    add(
      'meanwhile',
      `${plural(trace.foreign.length, 'other container')} started; not in this report`,
    );
  }
  lines.push(lossLine(events.length, loss, theme));
  return lines;
}

const LABEL = 12;

function lossLine(recorded: number, loss: Recording['loss'], theme: Theme): string {
  if (loss === undefined) {
    return theme.warning(
      `lost events: unknown, no count was written; ${formatCount(recorded)} recorded`,
    );
  }
  const lost = recordsLost(loss.losses);
  const paint = lost === 0 ? theme.good : theme.bad;
  return paint(`lost events: ${formatCount(lost)} of ${formatCount(lost + recorded)}`);
}

/** What there is to draw of a start that never reached its entrypoint. */
function observed(milestones: readonly Milestone[], recording: Recording): Span | undefined {
  const start = milestones[0]?.time;
  const end = milestones.at(-1)?.time ?? recording.footer?.end;
  return start === undefined || end === undefined || end <= start ? undefined : { start, end };
}

/**
 *                                    ms       %   waiting ms
 *   runtime                     201.442  76.3 %      160.301  █████████████████
 *     Go scheduler              120.100  45.5 %      120.100
 */
function phases(segments: readonly Segment[], window: Window, options: ReportOptions): string[] {
  const { theme, width } = options;
  const length = window.end - window.start;
  const totals = phaseTotals(segments);
  const barColumns = Math.max(0, width - NAME - 3 * NUMBER - 2);
  const columns = [
    word('', NAME, { least: 16 }),
    number('ms', NUMBER),
    number('share', NUMBER),
    number('waiting ms', NUMBER, { dropped: 1 }),
  ];
  const row = (name: string, total: { ns: number; waitingNs: number }): string => {
    const cells = [formatMs(total.ns), formatPercent(total.ns / length), formatMs(total.waitingNs)];
    return tableRow(columns, [name, ...cells], width).cells;
  };

  const lines = [theme.dim(tableHead(columns, '', width))];
  for (const total of totals) {
    const paint = theme.phase[total.phase];
    const bar = BAR[total.phase].repeat(Math.round((barColumns * total.ns) / length));
    lines.push(`${paint(theme.strong(row(total.phase, total)))}  ${paint(bar)}`);
    for (const category of total.categories) {
      if (isOnlyItself(total)) break;
      lines.push(row(`${INDENT}${escapeText(category.category)}`, category));
    }
  }
  const sum = totals.reduce((ns, total) => ns + total.ns, 0);
  const equals = sum === length ? 'sum = window' : `sum ${formatCount(sum)} ns, window`;
  lines.push(theme.dim(`${equals}: ${formatCount(length)} ns`));
  return lines;
}

const NAME = 27;
const NUMBER = 12;
const BAR = { runtime: '█', kernel: '▒', storage: '▓', unattributed: '?' } as const;

/** "unattributed" has itself as its only category. */
const isOnlyItself = ({ phase, categories }: PhaseTotal): boolean =>
  categories.length === 1 && categories[0]?.category === phase;

/**
 *    #  actor        category                   ms    share  segments  longest
 *    1  dockerd      network set-up         98.200   37.2 %   1,204  9.81 ms  waits for dockerd
 */
function longest(segments: readonly Segment[], window: Window, options: ReportOptions): string[] {
  const length = window.end - window.start;
  const all = shares(segments);
  const shown = options.all === true ? all : all.slice(0, SHOWN_ROWS);
  const { theme, width } = options;
  const named = shown.map((share) => columnsOf(escapeText(share.category)));
  const category = Math.min(NAME, Math.max(16, ...named) + 1);
  const columns = [
    number('', 2),
    word('', 2),
    word('', 12, { least: 10 }),
    word('', category, { least: 14 }),
    number('', 10),
    number('', 9, { dropped: 1 }),
    number('', 9, { dropped: 3 }),
    number('', 9, { dropped: 2 }),
  ];
  const row = ([place = '', ...cells]: readonly string[]): string =>
    tableRow(columns, [place, '', ...cells], width).cells;
  const lines = [theme.dim(row(['#', 'actor', 'category', 'ms', 'share', 'segments', 'longest']))];
  shown.forEach(({ actor, category: name, ns, phase, ...share }, index) => {
    const text = row([
      String(index + 1),
      actor,
      escapeText(name),
      formatMs(ns),
      formatPercent(ns / length),
      formatCount(share.segments),
      formatDuration(lengthOf(share.longest)),
    ]);
    const cause = waitText(share.longest.waitsFor);
    const wait = cause === '' ? '' : `  waits for ${escapeText(cause)}`;
    const room = width - columnsOf(text);
    const detail = room < LEAST_DETAIL ? '' : cut(wait, room);
    lines.push(theme.phase[phase](text) + theme.dim(detail));
  });
  const rest = all.length - shown.length;
  if (rest > 0) {
    const ns = all.slice(shown.length).reduce((sum, share) => sum + share.ns, 0);
    lines.push(
      theme.dim(`    and ${plural(rest, 'smaller one')}, together ${formatMs(ns)} ms: --all`),
    );
  }
  return lines;
}

/**
 *    #  milestone               +ms   delta ms         evidence
 *    1  create requested      0.000          -  exact  api: create request sent
 */
function milestoneTable(
  milestones: readonly Milestone[],
  absent: readonly AbsentMilestone[],
  { theme, width }: ReportOptions,
): string[] {
  const begin = milestones[0]?.time;
  const sureColumns = milestones.some(({ certainty }) => certainty === 'inferred') ? 10 : 7;
  const columns = [
    number('', 2),
    word('', 2, { least: 1 }),
    word('', 17),
    number('', 10),
    number('', 10, { dropped: 1 }),
    word('', 2, { least: 1 }),
  ];
  const row = (place: string, name: string, since: string, delta: string): string =>
    tableRow(columns, [place, '', name, since, delta, ''], width - sureColumns).cells;
  const room = (text: string): number => Math.max(0, width - columnsOf(text));

  const lines: string[] = [];
  if (begin !== undefined) {
    const head = row('#', 'milestone', '+ms', 'delta ms') + alignLeft('', sureColumns);
    lines.push(theme.dim(head + cut('evidence', room(head))));
  }
  milestones.forEach(({ name, time, certainty, evidence }, index) => {
    const before = milestones[index - 1]?.time;
    const delta = before === undefined ? '-' : formatMs(time - before);
    const text = row(String(index + 1), name, formatMs(time - (begin ?? time)), delta);
    const sure = alignLeft(certainty, sureColumns);
    const why = cut(shortenIds(escapeText(evidence.text)), room(text + sure));
    lines.push(text + (certainty === 'exact' ? sure : theme.warning(sure)) + theme.dim(why));
  });
  for (const { name, reason } of absent) {
    const text = row('-', name, 'absent', '');
    lines.push(theme.dim(text + cut(escapeText(reason), room(text))));
  }
  return lines;
}

/** What came after the entrypoint's exec, relative to it. */
function afterwards(run: ContainerRun, milestones: readonly Milestone[]): string[] {
  const lines: string[] = [];
  const exec = milestones.find(({ name }) => name === 'entrypoint exec')?.time;
  if (exec === undefined) return lines;
  const add = (name: Milestone['name'], text: string): void => {
    const time = milestones.find((candidate) => candidate.name === name)?.time;
    if (time === undefined) return;
    const later =
      exec === undefined ? '' : `${formatMs(time - exec)} ms after the entrypoint's exec`;
    lines.push([text, later].filter((part) => part !== '').join(', '));
  };
  add('first output', 'first output');
  const code = run.exitCode;
  const how =
    code === undefined ? 'exited' : code < 0 ? `ended by signal ${-code}` : `exited with ${code}`;
  add('exited', how);
  add('removed', 'removed');
  return lines;
}

function warnings(all: readonly TraceWarning[], { theme, width }: ReportOptions): string[] {
  return all.flatMap(({ message, remedy }) => [
    ...alert(message, theme.warning, width),
    ...wrap(escapeText(remedy), width - 4).map((line) => theme.dim(`    ${line}`)),
  ]);
}

function alert(text: Foreign, paint: Paint, width: number): string[] {
  return wrap(escapeText(text), width - 2).map((line, index) =>
    paint(`${index === 0 ? '! ' : INDENT}${line}`),
  );
}
