/** The page: the result in one line, the timelines with their summary beside them, the tables below. */

import { type ComponentChild, h } from 'preact';
import { useEffect, useLayoutEffect, useReducer, useRef } from 'preact/hooks';
import { escapeText } from '../base/escape.js';
import { quoting } from '../base/foreign.js';
import { shortId } from '../base/ids.js';
import { windowLength } from '../model/trace/trace.js';
import { formatMs } from '../render/common/format.js';
import { Help, Legend } from './help.js';
import { CopyUps } from './panels/copy-ups.js';
import { Details } from './panels/details.js';
import { Differences } from './panels/differences.js';
import { Events } from './panels/events.js';
import { Findings } from './panels/findings.js';
import { Longest } from './panels/longest.js';
import { Milestones } from './panels/milestones.js';
import { Phases } from './panels/phases.js';
import { lossOf, RecordingFacts, Warnings } from './panels/recording.js';
import { pressKey } from './timeline/keys.js';
import type { Session } from './timeline/session.js';
import type { Side } from './timeline/store.js';
import { Timeline } from './timeline/timeline.js';
import { Toolbar } from './timeline/toolbar.js';

export function App({ session }: { readonly session: Session }): ComponentChild {
  const { store } = session;
  const [, changed] = useReducer((count: number, _: undefined) => count + 1, 0);
  const searchField = useRef<HTMLInputElement>(null);
  useEffect(() => store.onChange(() => changed(undefined)), [store]);
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      if (pressKey(event, session, searchField.current)) event.preventDefault();
    };
    document.addEventListener('keydown', press);
    return () => document.removeEventListener('keydown', press);
  }, [session]);
  useAppearance(session);
  const { shown } = session;
  const isCompared = shown.length > 1;
  return h(
    'div',
    { class: isCompared ? 'page compared' : 'page' },
    h(Headline, { session }),
    h(Warnings, { session }),
    h(
      'main',
      null,
      h(Toolbar, { session, searchField }),
      h(
        'div',
        { class: 'picture' },
        h(
          'div',
          { class: 'timelines' },
          shown.map((start, side) =>
            h(Timeline, {
              key: `${side} ${session.starts.indexOf(start)}`,
              session,
              start,
              side: side as Side,
            }),
          ),
          h(Legend, null),
          h(Findings, { session }),
        ),
        h(
          'aside',
          { 'aria-label': 'Summary' },
          isCompared ? h(Differences, { session }) : undefined,
          isCompared ? h(SideChoice, { session }) : undefined,
          h(Phases, { session }),
        ),
      ),
      h('div', { class: 'work' }, h(Details, { session }), h(Events, { session })),
      h(
        'div',
        { class: 'tables' },
        h('div', null, h(Milestones, { session }), h(CopyUps, { session })),
        h('div', null, h(Longest, { session }), h(RecordingFacts, { session })),
      ),
    ),
    h('div', { class: 'unseen', role: 'status', 'aria-live': 'polite' }, session.announcement),
    h(Help, { session }),
  );
}

/**
 *   dit-builtin:1   186.683 ms  from “create requested” to “entrypoint exec”
 *   inspiring_lehmann 0123456789ab · Docker Engine 28.5.2 · Linux 6.1 · 0 of 21,585 events lost
 */
function Headline({ session }: { readonly session: Session }): ComponentChild {
  const { current, shown } = session;
  const { run, trace } = current;
  const { header } = trace.recording;
  const { engine, host } = header;
  if (shown.length > 1) {
    return h(
      'header',
      null,
      h('h1', null, 'Two starts compared'),
      h(
        'p',
        { class: 'facts-line' },
        shown.map(({ label }, side) => h('span', { key: side }, `${'AB'[side]}: ${label}`)),
      ),
    );
  }
  const { lost, text } = lossOf(trace.recording);
  const facts = [
    run === undefined ? '' : quoting`${run.name} ${shortId(run.containerId)}`.trim(),
    engine.version === '' ? '' : quoting`${engine.name || 'Docker'} ${engine.version}`,
    quoting`Linux ${host.kernelRelease}`,
    quoting`source ${header.source.name}`,
  ].filter((fact) => fact !== '');
  return h(
    'header',
    null,
    h('h1', null, escapeText(run?.image || header.target.image || current.file)),
    h(
      'p',
      { class: 'result' },
      run?.window === undefined
        ? h('strong', null, 'no whole start was recorded')
        : [
            h('strong', null, `${formatMs(windowLength(run.window))} ms`),
            ` from “${run.window.from}” to “${run.window.to}”`,
          ],
    ),
    h(
      'p',
      { class: 'facts-line' },
      facts.map((fact) => h('span', { key: fact }, escapeText(fact))),
      h('span', { class: lost === 0 ? 'good' : 'bad' }, `lost events: ${text}`),
    ),
  );
}

function SideChoice({ session }: { readonly session: Session }): ComponentChild {
  const { side } = session.store.state;
  return h(
    'p',
    { class: 'side-choice', role: 'group', 'aria-label': 'Tables and selection are of' },
    'The tables tell of ',
    ([0, 1] as const).map((each) =>
      h(
        'button',
        {
          key: each,
          type: 'button',
          'aria-pressed': side === each,
          onClick: () => session.store.set({ side: each, selected: undefined }),
        },
        'AB'[each],
      ),
    ),
  );
}

/** Light or dark, as chosen or as the system has it; on paper always light. */
function useAppearance({ store, views }: Session): void {
  const { appearance } = store.state;
  useLayoutEffect(() => {
    const root = document.documentElement;
    const dark = matchMedia('(prefers-color-scheme: dark)');
    const paper = matchMedia('print');
    const apply = (isPaper: boolean): void => {
      const isDark = appearance === 'system' ? dark.matches : appearance === 'dark';
      root.dataset.theme = isDark && !isPaper ? 'dark' : 'light';
      for (const view of views.values()) {
        view.recolour();
        if (isPaper) view.drawNow();
      }
    };
    const follow = (): void => apply(paper.matches);
    // Not every browser fires the media query for printing.
    const begin = (): void => apply(true);
    const end = (): void => apply(false);
    follow();
    dark.addEventListener('change', follow);
    paper.addEventListener('change', follow);
    window.addEventListener('beforeprint', begin);
    window.addEventListener('afterprint', end);
    return () => {
      dark.removeEventListener('change', follow);
      paper.removeEventListener('change', follow);
      window.removeEventListener('beforeprint', begin);
      window.removeEventListener('afterprint', end);
    };
  }, [appearance, store, views]);
}
