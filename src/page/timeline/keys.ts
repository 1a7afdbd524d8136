/** What keys do; the help lists them from here. */
import { own } from '../../base/own.js';
import { type Direction, targetAt, targetBeside } from './hit.js';
import { layOut } from './layout.js';
import type { Session } from './session.js';

/** Of what is shown, a step to the side. */
const PAN = 0.15;
const ZOOM = 0.7;

export const HELP: readonly (readonly [keys: string, what: string])[] = [
  ['w  +', 'zoom in'],
  ['s  -', 'zoom out'],
  ['a  d', 'to the left, to the right'],
  ['0', 'fit the start into view'],
  ['9', 'all that was recorded'],
  ['f', 'fit what is selected into view'],
  ['/', 'search'],
  ['n  p', 'next match, match before'],
  ['r', 'wake-up arrows on and off'],
  ['t', 'threads: none, those on the path, all'],
  ['Esc', 'select nothing'],
  ['?', 'this help'],
  ['← → ↑ ↓', 'on the timeline: pan and scroll; once something is selected, to what is beside it'],
  ['Enter', 'on the timeline: select what is in the middle'],
  ['Ctrl + wheel', 'zoom at the pointer; over the axis without Ctrl'],
  ['Shift + wheel', 'pan; sideways without Shift'],
  ['drag', 'pan; along the axis or with Shift: mark a stretch of time'],
  ['double click', 'zoom to it'],
];

const ARROWS: Readonly<Record<string, Direction>> = {
  ArrowLeft: 'left',
  ArrowRight: 'right',
  ArrowUp: 'up',
  ArrowDown: 'down',
};

/** @returns whether the key did something: then the browser has nothing to do with it */
export function pressKey(
  event: KeyboardEvent,
  session: Session,
  searchField: HTMLElement | null,
): boolean {
  const { store, viewport } = session;
  const { target } = event;
  if (event.ctrlKey || event.metaKey || event.altKey) return false;
  if (event.key === 'Escape') return leave(session, target);
  if (target instanceof HTMLInputElement || target instanceof HTMLSelectElement) return false;
  const onTimeline = target instanceof HTMLCanvasElement;
  const arrow = own(ARROWS, event.key);
  if (onTimeline && arrow !== undefined) {
    moveOrPan(session, arrow);
    return true;
  }
  switch (event.key) {
    case 'w':
    case '+':
    case '=':
      viewport.zoom(ZOOM);
      return true;
    case 's':
    case '-':
      viewport.zoom(1 / ZOOM);
      return true;
    case 'a':
      viewport.pan(-PAN);
      return true;
    case 'd':
      viewport.pan(PAN);
      return true;
    case '0':
      viewport.showFit();
      return true;
    case '9':
      viewport.showAll();
      return true;
    case 'f': {
      const { selection } = session;
      if (selection !== undefined) viewport.frame(selection.start, selection.end, 0.3);
      return true;
    }
    case '/':
      searchField?.focus();
      return true;
    case 'n':
      session.step(1);
      return true;
    case 'p':
      session.step(-1);
      return true;
    case 'r':
      store.set({ wakeUps: !store.state.wakeUps });
      return true;
    case 't':
      session.nextDetail();
      return true;
    case '?':
      store.set({ help: true });
      return true;
    case 'Enter':
      if (onTimeline) selectMiddle(session);
      return onTimeline;
  }
  return false;
}

function leave(session: Session, target: EventTarget | null): boolean {
  const { store } = session;
  if (store.state.help) store.set({ help: false });
  else if (target instanceof HTMLInputElement) target.blur();
  else store.select(store.state.side, undefined);
  return true;
}

function moveOrPan(session: Session, direction: Direction): void {
  const { store, current, viewport, views } = session;
  const { selected, side } = store.state;
  if (selected !== undefined) {
    const next = targetBeside(current, layoutOf(session), selected, direction);
    if (next !== undefined) session.goTo(side, next);
  } else if (direction === 'left' || direction === 'right') {
    viewport.pan(direction === 'left' ? -PAN : PAN);
  } else {
    views.get(side)?.scrollBy(direction === 'up' ? -40 : 40);
  }
}

const layoutOf = ({ store, current }: Session): ReturnType<typeof layOut> =>
  layOut(current.lanes, store.state.detail, store.state.ofLane);

/** The critical path in the middle of what is seen, else whatever the first row has there. */
function selectMiddle(session: Session): void {
  const { current, viewport, store } = session;
  const layout = layoutOf(session);
  const time = (viewport.from + viewport.to) / 2 + current.origin;
  const onPath = current.run?.segments.findIndex((segment) => segment.end > time) ?? -1;
  const first = layout.placed.find(({ row }) => row !== undefined);
  const target =
    onPath >= 0
      ? ({ kind: 'segment', index: onPath } as const)
      : first && targetAt(layout, time, first.y, Number.POSITIVE_INFINITY);
  if (target !== undefined) session.goTo(store.state.side, target);
}
