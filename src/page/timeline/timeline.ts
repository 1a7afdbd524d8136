/** One start's timeline: the names of its lanes beside the canvases that TimelineView draws. */
import { type ComponentChild, h } from 'preact';
import { useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import { escapeText } from '../../base/escape.js';
import { formatMs, plural } from '../../render/common/format.js';
import type { Lane, Row } from '../data/lanes.js';
import type { Start } from '../data/starts.js';
import { type Detail, layOut, type Placed, rowsShown } from './layout.js';
import type { Session } from './session.js';
import type { Side } from './store.js';
import { type Elements, TimelineView } from './timeline-view.js';

export function Timeline({
  session,
  start,
  side,
}: {
  readonly session: Session;
  readonly start: Start;
  readonly side: Side;
}): ComponentChild {
  const { store, viewport, views } = session;
  const { detail, ofLane, query } = store.state;
  const layout = useMemo(() => layOut(start.lanes, detail, ofLane), [start, detail, ofLane]);
  const found = useMemo(() => session.found(start), [start, query]);
  const head = useRef<HTMLCanvasElement>(null);
  const body = useRef<HTMLCanvasElement>(null);
  const scroller = useRef<HTMLDivElement>(null);
  const tooltip = useRef<HTMLDivElement>(null);
  const readout = useRef<HTMLDivElement>(null);

  useLayoutEffect(() => {
    const elements = {
      head: head.current,
      body: body.current,
      scroller: scroller.current,
      tooltip: tooltip.current,
      readout: readout.current,
    } as Elements;
    const view = new TimelineView(elements, { start, side, layout, found }, store, viewport);
    views.set(side, view);
    return () => {
      views.delete(side);
      view.destroy();
    };
  }, [session, side]);
  useLayoutEffect(
    () => views.get(side)?.update({ start, side, layout, found }),
    [start, layout, found],
  );

  const isCompared = session.shown.length > 1;
  const label = isCompared ? `${'AB'[side]}: ${start.label}` : start.label;
  const help = `help-${side}`;
  return h(
    'div',
    { class: 'timeline' },
    isCompared
      ? h('p', { class: 'which' }, h('b', null, 'AB'[side]), ` ${start.label}`, lengthOf(start))
      : undefined,
    h(
      'div',
      { class: 'head' },
      h('div', { class: 'readout', ref: readout }),
      h('canvas', { class: 'head-canvas', ref: head, 'aria-hidden': 'true' }),
    ),
    h(
      'div',
      { class: 'scroller', ref: scroller },
      h(
        'div',
        { class: 'lanes', style: { height: `${layout.height}px` } },
        h('canvas', {
          class: 'body-canvas',
          ref: body,
          tabIndex: 0,
          role: 'application',
          'aria-roledescription': 'timeline',
          'aria-label': `Timeline of ${label}`,
          'aria-describedby': help,
        }),
        layout.placed.map((placed) =>
          placed.row === undefined
            ? h(LaneName, { key: placed.lane.actor, placed, session, start })
            : h(RowName, {
                key: `${placed.lane.actor} ${placed.row.track}`,
                placed,
                row: placed.row,
              }),
        ),
      ),
    ),
    h('p', { class: 'unseen', id: help }, spokenSummary(start)),
    h('div', { class: 'tooltip', ref: tooltip, role: 'tooltip', hidden: true }),
  );
}

const lengthOf = ({ run }: Start): string =>
  run?.window === undefined ? '' : `, ${formatMs(run.window.end - run.window.start)} ms`;

/** What the picture shows, for who does not see it. */
function spokenSummary(start: Start): string {
  const lanes = start.lanes
    .filter(({ pathNs }) => pathNs > 0)
    .map(({ actor, pathNs }) => `${actor} ${formatMs(pathNs, 1)} ms`);
  const path =
    lanes.length === 0
      ? 'There is no critical path.'
      : `Critical path by actor: ${lanes.join(', ')}.`;
  return `${plural(start.lanes.length, 'lane')}, one for each actor. ${path} Enter selects what is in the middle; the arrow keys go on from there. The tables below hold the same figures.`;
}

function LaneName({
  placed: { y, height, lane },
  session,
}: {
  readonly placed: Placed;
  readonly session: Session;
  readonly start: Start;
}): ComponentChild {
  const { detail, ofLane } = session.store.state;
  const now = ofLane[lane.actor] ?? detail;
  const shown = rowsShown(lane, now).length;
  const hidden = lane.rows.length - shown;
  const next = nextDetail(lane, now);
  const does =
    next === 'actors'
      ? 'hide its threads'
      : next === 'all'
        ? `show all ${lane.rows.length} threads`
        : 'show its main threads';
  return h(
    'button',
    {
      type: 'button',
      class: 'lane-name',
      style: { top: `${y}px`, height: `${height}px` },
      'aria-expanded': shown > 0,
      title: `${lane.actor}: ${does}`,
      onClick: () => session.showLane(lane.actor, next),
    },
    h('span', { class: 'fold', 'aria-hidden': 'true' }, shown > 0 ? '▾' : '▸'),
    h('b', null, lane.actor),
    hidden > 0 ? h('span', { class: 'hidden-rows' }, `+${hidden}`) : undefined,
    h('span', { class: 'lane-ms' }, lane.pathNs > 0 ? formatMs(lane.pathNs, 1) : ''),
  );
}

/** Round: hidden, the main ones, all; without steps that change nothing. */
function nextDetail(lane: Lane, now: Detail): Detail {
  const main = rowsShown(lane, 'main').length;
  if (now === 'actors') return main > 0 ? 'main' : 'all';
  if (now === 'main' && main < lane.rows.length) return 'all';
  return 'actors';
}

function RowName({
  placed: { y, height },
  row,
}: {
  readonly placed: Placed;
  readonly row: Row;
}): ComponentChild {
  const name = escapeText(row.name);
  const isThread = row.tid !== row.pid;
  const title = row.isRequests
    ? name
    : `${name}, ${isThread ? `thread ${row.tid} of process` : 'process'} ${row.pid}`;
  return h(
    'div',
    {
      class: `row-name${isThread ? ' thread' : ''}`,
      style: { top: `${y}px`, height: `${height}px` },
      title,
    },
    h('span', { class: 'name' }, name),
    row.isRequests ? undefined : h('span', { class: 'tid' }, String(row.tid)),
  );
}
