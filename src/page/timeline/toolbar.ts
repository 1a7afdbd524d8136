/** The controls above the timelines: which start, search, how much is shown. */
import { type ComponentChild, h, type Ref } from 'preact';
import { formatCount } from '../../render/common/format.js';
import type { Detail } from './layout.js';
import type { Session } from './session.js';
import type { Appearance } from './store.js';

const DETAIL_NAMES: readonly (readonly [Detail, string])[] = [
  ['actors', 'actors'],
  ['main', 'main threads'],
  ['all', 'all threads'],
];
const APPEARANCES: readonly (readonly [Appearance, string])[] = [
  ['system', 'system'],
  ['light', 'light'],
  ['dark', 'dark'],
];

export function Toolbar({
  session,
  searchField,
}: {
  readonly session: Session;
  readonly searchField: Ref<HTMLInputElement>;
}): ComponentChild {
  const { store, viewport } = session;
  const { state } = store;
  return h(
    'div',
    { class: 'toolbar', role: 'toolbar', 'aria-label': 'Timeline' },
    session.starts.length > 1 ? h(Choosers, { session }) : undefined,
    h(Search, { session, searchField }),
    h(
      'span',
      { class: 'group', role: 'group', 'aria-label': 'Zoom' },
      button('−', 'zoom out (s)', () => viewport.zoom(1 / 0.7)),
      button('+', 'zoom in (w)', () => viewport.zoom(0.7)),
      button('Fit', 'fit the start into view (0)', () => viewport.showFit()),
      button('All', 'all that was recorded (9)', () => viewport.showAll()),
    ),
    select('Show', state.detail, DETAIL_NAMES, (detail) => store.set({ detail, ofLane: {} })),
    h(
      'button',
      {
        type: 'button',
        title: 'who made whom runnable (r); of what is selected they are always shown',
        'aria-pressed': state.wakeUps,
        onClick: () => store.set({ wakeUps: !state.wakeUps }),
      },
      'Wake-ups',
    ),
    h('span', { class: 'stretch' }),
    select('Theme', state.appearance, APPEARANCES, (appearance) => store.set({ appearance })),
    button('?', 'keys and what is drawn (?)', () => store.set({ help: true })),
  );
}

function Choosers({ session }: { readonly session: Session }): ComponentChild {
  const { starts, store } = session;
  const [first, second] = store.state.shown;
  const names = starts.map(({ label }, index): [string, string] => [String(index), label]);
  return h(
    'span',
    { class: 'group choosers' },
    select(second === undefined ? 'Start' : 'A', String(first), names, (value) =>
      session.show(second === undefined ? [Number(value)] : [Number(value), second]),
    ),
    select(
      second === undefined ? 'compared with' : 'B',
      second === undefined ? '' : String(second),
      [['', 'none'], ...names],
      (value) => session.show(value === '' ? [first] : [first, Number(value)]),
    ),
  );
}

function Search({
  session,
  searchField,
}: {
  readonly session: Session;
  readonly searchField: Ref<HTMLInputElement>;
}): ComponentChild {
  const { store } = session;
  const { query, match } = store.state;
  const { targets } = session.found(session.current);
  const count = targets.length;
  return h(
    'span',
    { class: 'group search', role: 'search' },
    h('input', {
      ref: searchField,
      type: 'search',
      value: query,
      placeholder: 'search ( / )',
      'aria-label': 'Search slices, paths, arguments, categories',
      spellcheck: false,
      autocomplete: 'off',
      onInput: (event: Event) =>
        store.set({ query: (event.target as HTMLInputElement).value, match: -1 }),
      onKeyDown: (event: KeyboardEvent) => {
        if (event.key === 'Enter') session.step(event.shiftKey ? -1 : 1);
      },
    }),
    button('↑', 'match before (p)', () => session.step(-1), count === 0),
    button('↓', 'next match (n)', () => session.step(1), count === 0),
    h(
      'output',
      { 'aria-live': 'polite' },
      query === ''
        ? ''
        : match < 0
          ? formatCount(count)
          : `${formatCount(match + 1)} of ${formatCount(count)}`,
    ),
  );
}

const button = (
  text: string,
  title: string,
  onClick: () => void,
  disabled = false,
): ComponentChild =>
  h('button', { type: 'button', title, 'aria-label': title, onClick, disabled }, text);

function select<Value extends string>(
  label: string,
  value: Value,
  options: readonly (readonly [Value, string])[],
  choose: (value: Value) => void,
): ComponentChild {
  return h(
    'label',
    null,
    h('span', null, `${label} `),
    h(
      'select',
      {
        value,
        onChange: (event: Event) => choose((event.target as HTMLSelectElement).value as Value),
      },
      options.map(([name, text]) => h('option', { value: name, key: name }, text)),
    ),
  );
}
