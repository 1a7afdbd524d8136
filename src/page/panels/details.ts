/** What is selected, with its arguments, its result, its certainty and its evidence. */
import { type ComponentChild, h } from 'preact';
import { escapeText } from '../../base/escape.js';
import { formatDuration, formatPercent } from '../../render/common/format.js';
import { describe, pathBetween, sinceOrigin } from '../timeline/describe.js';
import type { Session } from '../timeline/session.js';
import { Section } from './table.js';

const SHOWN = 8;

export function Details({ session }: { readonly session: Session }): ComponentChild {
  const { current, store, viewport } = session;
  const { selected, range } = store.state;
  if (selected !== undefined) {
    const { kind, title, when, facts } = describe(current, selected);
    const zoom = (): void => {
      const { selection } = session;
      if (selection !== undefined) viewport.frame(selection.start, selection.end, 0.3);
    };
    return h(
      Section,
      { title: 'Selection', note: kind, className: 'details' },
      h('p', { class: 'title' }, title),
      h(
        'p',
        { class: 'when' },
        when,
        ' ',
        h('button', { type: 'button', class: 'plain link', onClick: zoom }, 'zoom to it'),
      ),
      h(Facts, { facts }),
    );
  }
  if (range !== undefined) {
    const [from, to] = [range.start + current.origin, range.end + current.origin];
    const { ns, inferredNs, categories } = pathBetween(current, from, to);
    const facts: [string, string][] = categories
      .slice(0, SHOWN)
      .map(([category, own]) => [
        escapeText(category),
        `${formatDuration(own)}, ${formatPercent(own / ns)}`,
      ]);
    if (ns > 0) facts.push(['inferred', formatPercent(inferredNs / ns)]);
    return h(
      Section,
      { title: 'Selection', note: 'a stretch of time', className: 'details' },
      h('p', { class: 'title' }, formatDuration(to - from)),
      h('p', { class: 'when' }, `${sinceOrigin(current, from)} to ${sinceOrigin(current, to)}`),
      h(Facts, { facts }),
    );
  }
  return h(
    Section,
    { title: 'Selection', className: 'details' },
    h(
      'p',
      { class: 'none' },
      'Click on a slice to see its arguments, its result and what proves it; drag along the axis to mark a stretch of time.',
    ),
  );
}

const Facts = ({
  facts,
}: {
  readonly facts: readonly (readonly [string, string])[];
}): ComponentChild =>
  h(
    'dl',
    { class: 'facts' },
    facts.map(([label, text], index) =>
      h('div', { key: index }, h('dt', null, label), h('dd', null, text)),
    ),
  );
