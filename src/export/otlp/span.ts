/** A span before it is encoded; times are trace time, ns, and others are named by their keys. */
import type { Foreign } from '../../base/foreign.js';
import type { Span as Interval } from '../../model/trace/trace.js';
import type { Attributes } from './attributes.js';

export interface Link {
  /** Key of the span that is linked. */
  readonly to: string;
  readonly attributes: Attributes;
}

export interface SpanEvent {
  readonly time: number;
  readonly name: string;
  readonly attributes: Attributes;
}

export interface Span extends Interval {
  /** Unique within the start, and the same in every export of it. */
  readonly key: string;
  /** Key of the parent; undefined for the root. */
  readonly parent: string | undefined;
  readonly name: Foreign;
  readonly kind?: 'client';
  readonly attributes: Attributes;
  readonly events?: readonly SpanEvent[];
  readonly links?: readonly Link[];
  readonly status?: { readonly code: 'ok' | 'error'; readonly message: Foreign };
}

/** The part of `interval` that lies in `around`; undefined: none does. */
export function within(
  { start, end }: { readonly start: number; readonly end: number },
  around: Interval,
): Interval | undefined {
  const from = Math.max(start, around.start);
  const to = Math.min(end, around.end);
  return to > from ? ({ start: from, end: to } as Interval) : undefined;
}

/** Whether `inner` lies in `outer`. */
export const contains = (outer: Interval, inner: Interval): boolean =>
  outer.start <= inner.start && inner.end <= outer.end;
