/** The events of what is selected, or all: a table of which only the rows in sight exist. */
import { type ComponentChild, h } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { EVENT_KINDS, type EventKindName } from '../../model/recording/event-kinds.js';
import { ACTORS } from '../../model/trace/actor-kind.js';
import { formatCount, formatMs } from '../../render/common/format.js';
import { describeEvent } from '../../render/text/events-text.js';
import type { Session } from '../timeline/session.js';
import type { State } from '../timeline/store.js';
import { placeOf } from '../timeline/target.js';
import { Section } from './table.js';

/** As in the style sheet. */
const ROW_PX = 22;
const SPARE_ROWS = 8;
/** Browsers do not lay out pages higher than some 17 million pixels. */
const MOST_ROWS = 500_000;
/** The view moves many times a second. */
const SETTLED_MS = 120;

export function Events({ session }: { readonly session: Session }): ComponentChild {
  const { current, store, viewport } = session;
  const { state } = store;
  const seen = useSettledView(session, state.time === 'seen');
  const { selection } = session;
  const filter = filterOf(session, selection, state.time === 'seen' ? viewport : undefined);
  const places = useMemo(
    () => session.eventsOf(current).select(filter),
    [current, filter.from, filter.to, filter.actor, filter.kind, seen],
  );
  const chosen =
    <K extends 'actor' | 'time' | 'kind'>(name: K) =>
    (event: Event): void => {
      const { value } = event.target as HTMLSelectElement;
      store.set({ [name]: value === '' ? undefined : value } as Pick<State, K>);
    };
  const { recording } = current.trace;
  const kinds = EVENT_KINDS.filter(({ name }) => recording.events.count(name) > 0);
  return h(
    Section,
    {
      title: 'Events',
      note: `${formatCount(places.length)} of ${formatCount(recording.events.length)}`,
      className: 'events',
    },
    h(
      'p',
      { class: 'filters' },
      choice('Time', state.time, chosen('time'), [
        ['selected', selection === undefined ? 'of the selection (none: all)' : 'of the selection'],
        ['seen', 'as shown above'],
        ['all', 'all'],
      ]),
      choice('Actor', state.actor, chosen('actor'), [
        [
          'selected',
          filter.actor === undefined || state.actor !== 'selected'
            ? 'of the selection'
            : `of the selection: ${filter.actor}`,
        ],
        ['all', 'all'],
        ...ACTORS.map((actor): [string, string] => [actor, actor]),
      ]),
      choice('Kind', state.kind ?? '', chosen('kind'), [
        ['', 'all'],
        ...kinds.map(({ name }): [string, string] => [name, name]),
      ]),
    ),
    h(Rows, { session, places }),
  );
}

/** Counts up when the view has come to rest. */
function useSettledView({ viewport }: Session, isUsed: boolean): number {
  const [seen, setSeen] = useState(0);
  useEffect(() => {
    if (!isUsed) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const undo = viewport.onChange(() => {
      clearTimeout(timer);
      timer = setTimeout(() => setSeen((count) => count + 1), SETTLED_MS);
    });
    return () => {
      clearTimeout(timer);
      undo();
    };
  }, [viewport, isUsed]);
  return seen;
}

function filterOf(
  { current, store }: Session,
  selection: Session['selection'],
  seen: { readonly from: number; readonly to: number } | undefined,
): Parameters<ReturnType<Session['eventsOf']>['select']>[0] {
  const { time, actor, kind, selected } = store.state;
  const stretch =
    seen ??
    (time === 'selected' && selection !== undefined
      ? { from: selection.start, to: selection.end }
      : { from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY });
  const own = selected && placeOf(current, selected)?.lane.actor;
  return {
    from: stretch.from + current.origin,
    to: stretch.to + current.origin,
    actor: actor === 'selected' ? own : actor === 'all' ? undefined : actor,
    kind,
  };
}

function choice(
  label: string,
  value: string,
  onChange: (event: Event) => void,
  options: readonly (readonly [value: string, text: string])[],
): ComponentChild {
  return h(
    'label',
    null,
    `${label} `,
    h(
      'select',
      { value, onChange },
      options.map(([name, text]) => h('option', { value: name, key: name }, text)),
    ),
  );
}

function Rows({
  session,
  places,
}: {
  readonly session: Session;
  readonly places: Int32Array;
}): ComponentChild {
  const box = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const [height, setHeight] = useState(400);
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const observer = new ResizeObserver(() => setHeight(element.clientHeight));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  useLayoutEffect(() => {
    if (box.current !== null) box.current.scrollTop = 0;
    setTop(0);
  }, [places]);
  const count = Math.min(places.length, MOST_ROWS);
  const first = Math.max(0, Math.floor(top / ROW_PX) - SPARE_ROWS);
  const last = Math.min(count, Math.ceil((top + height) / ROW_PX) + SPARE_ROWS);
  const rows: ComponentChild[] = [];
  for (let index = first; index < last; index++) {
    rows.push(h(EventRow, { key: places[index], session, place: places[index] as number, index }));
  }
  const space = (from: number, to: number): ComponentChild =>
    to > from
      ? h(
          'tr',
          { 'aria-hidden': 'true', key: `space ${from}` },
          h('td', { colSpan: 5, style: { height: `${(to - from) * ROW_PX}px` } }),
        )
      : undefined;
  return h(
    'div',
    {
      class: 'table event-rows',
      ref: box,
      tabIndex: 0,
      role: 'region',
      'aria-label': 'Events, in time order',
      onScroll: (event: Event) => setTop((event.currentTarget as HTMLElement).scrollTop),
    },
    h(
      'table',
      { 'aria-rowcount': count + 1 },
      h('caption', { class: 'unseen' }, 'Events, in time order'),
      h(
        'thead',
        null,
        h(
          'tr',
          { 'aria-rowindex': 1 },
          h('th', { scope: 'col', class: 'figure' }, '+ms'),
          h('th', { scope: 'col' }, 'actor'),
          h('th', { scope: 'col' }, 'pid/tid'),
          h('th', { scope: 'col' }, 'kind'),
          h('th', { scope: 'col', class: 'rest' }, 'what happened'),
        ),
      ),
      h('tbody', null, space(0, first), rows, space(last, count)),
    ),
    places.length > MOST_ROWS
      ? h(
          'p',
          { class: 'none' },
          `The first ${formatCount(MOST_ROWS)}: select less to see the others.`,
        )
      : undefined,
    count === 0
      ? h('p', { class: 'none' }, 'No event is of this kind, time and actor.')
      : undefined,
  );
}

function EventRow({
  session,
  place,
  index,
}: {
  readonly session: Session;
  readonly place: number;
  readonly index: number;
}): ComponentChild {
  const { current, store } = session;
  const { recording, order } = current.trace;
  const { events } = recording;
  const row = order[place] as number;
  const time = events.time.at(row);
  const kind: EventKindName = events.kindName(row);
  const slice = session.sliceOf(current, row);
  const isSelected =
    slice >= 0 && store.state.selected?.kind === 'slice' && store.state.selected.index === slice;
  const show = (): void => {
    if (slice >= 0) session.goTo(store.state.side, { kind: 'slice', index: slice });
    else session.viewport.reveal(time - current.origin, time - current.origin);
  };
  return h(
    'tr',
    { 'aria-rowindex': index + 2, class: isSelected ? 'selected' : '' },
    h(
      'th',
      { scope: 'row', class: 'figure' },
      h(
        'button',
        { type: 'button', class: 'plain', onClick: show },
        formatMs(time - current.origin, 6),
      ),
    ),
    h('td', null, session.eventsOf(current).actorAt(place) ?? '?'),
    h('td', null, `${events.pid.at(row)}/${events.tid.at(row)}`),
    h('td', null, kind),
    h('td', { class: 'rest' }, describeEvent(recording, row)),
  );
}
