/** The keys, and what the picture means. */
import { type ComponentChild, h } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { PHASES } from '../model/trace/totals.js';
import { Swatch } from './panels/table.js';
import { HELP } from './timeline/keys.js';
import type { Session } from './timeline/session.js';

export function Help({ session }: { readonly session: Session }): ComponentChild {
  const dialog = useRef<HTMLDialogElement>(null);
  const { help } = session.store.state;
  useLayoutEffect(() => {
    if (help) dialog.current?.showModal();
    else dialog.current?.close();
  }, [help]);
  const close = (): void => session.store.set({ help: false });
  return h(
    'dialog',
    {
      ref: dialog,
      class: 'help',
      'aria-labelledby': 'help-title',
      onClose: close,
      onClick: (event: MouseEvent) => {
        if (event.target === dialog.current) close();
      },
    },
    h('h2', { id: 'help-title' }, 'Keys and pointer'),
    h(
      'dl',
      null,
      HELP.map(([keys, what]) =>
        h(
          'div',
          { key: keys },
          h(
            'dt',
            null,
            keys.includes(' ') && !keys.includes('  ') && !keys.startsWith('←')
              ? h('kbd', null, keys)
              : keys.split(/\s+/).map((key) => h('kbd', { key }, key)),
          ),
          h('dd', null, what),
        ),
      ),
    ),
    h('h2', null, 'What is drawn'),
    h(Legend, null),
    h('button', { type: 'button', onClick: close, autofocus: true }, 'Close'),
  );
}

/** Colour and pattern of each phase, high and low bars. */
export function Legend(): ComponentChild {
  return h(
    'ul',
    { class: 'legend', 'aria-label': 'Legend' },
    PHASES.map((phase) => h('li', { key: phase }, h(Swatch, { phase }), phase)),
    h('li', null, h('span', { class: 'swatch high', 'aria-hidden': 'true' }), 'high: runs'),
    h('li', null, h('span', { class: 'swatch low', 'aria-hidden': 'true' }), 'low: waits'),
    h(
      'li',
      null,
      h('span', { class: 'swatch grey', 'aria-hidden': 'true' }),
      'grey: not on the critical path',
    ),
    h('li', null, h('span', { class: 'swatch cpu', 'aria-hidden': 'true' }), 'line: on a CPU'),
  );
}
