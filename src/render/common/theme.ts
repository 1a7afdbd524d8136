/** Colours as functions of text, so that renderers know what a thing means and not how it looks. */
import type { Phase } from '../../model/trace/trace.js';

export type Paint = (text: string) => string;

export interface Theme {
  readonly heading: Paint;
  readonly strong: Paint;
  readonly dim: Paint;
  readonly good: Paint;
  readonly warning: Paint;
  readonly bad: Paint;
  readonly phase: Readonly<Record<Phase | 'unattributed', Paint>>;
}

const plain: Paint = (text) => text;

/** No colour at all: every picture must be legible with it. */
export const PLAIN_THEME: Theme = {
  heading: plain,
  strong: plain,
  dim: plain,
  good: plain,
  warning: plain,
  bad: plain,
  phase: { kernel: plain, runtime: plain, storage: plain, unattributed: plain },
};
