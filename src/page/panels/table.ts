/** A table as the panels have them: real rows and cells, so that it is read aloud and printed as one. */
import { type ComponentChild, type ComponentChildren, h } from 'preact';

export interface Column {
  readonly head: string;
  /** Figures stand to the right; "rest" takes the room that is left, and breaks lines. */
  readonly kind?: 'figure' | 'rest';
}

export interface TableRow {
  readonly key: string | number;
  readonly className?: string;
  readonly cells: readonly ComponentChildren[];
}

/** The first cell of a row is its head. */
export function Table({
  caption,
  columns,
  rows,
}: {
  readonly caption: string;
  readonly columns: readonly Column[];
  readonly rows: readonly TableRow[];
}): ComponentChild {
  return h(
    'div',
    { class: 'table', tabIndex: 0, role: 'region', 'aria-label': caption },
    h(
      'table',
      null,
      h('caption', { class: 'unseen' }, caption),
      h(
        'thead',
        null,
        h(
          'tr',
          null,
          columns.map(({ head, kind }) => h('th', { scope: 'col', class: kind, key: head }, head)),
        ),
      ),
      h(
        'tbody',
        null,
        rows.map(({ key, className, cells }) =>
          h(
            'tr',
            { key, class: className },
            cells.map((cell, index) =>
              index === 0
                ? h('th', { scope: 'row', class: columns[index]?.kind }, cell)
                : h('td', { class: columns[index]?.kind }, cell),
            ),
          ),
        ),
      ),
    ),
  );
}

export function Section({
  title,
  note,
  className,
  children,
}: {
  readonly title: string;
  readonly note?: string;
  readonly className?: string;
  readonly children?: ComponentChildren;
}): ComponentChild {
  const id = `title-${title.toLowerCase().replace(/[^a-z]+/g, '-')}`;
  return h(
    'section',
    { class: className, 'aria-labelledby': id },
    h('h2', { id }, title, note === undefined ? undefined : h('small', null, ` ${note}`)),
    children,
  );
}

/** The colour and the pattern of a phase. */
export const Swatch = ({ phase }: { readonly phase: string }): ComponentChild =>
  h('span', { class: `swatch ${phase}`, 'aria-hidden': 'true' });
