/** Attributes of spans and resources. */

import { escapeText } from '../../base/escape.js';
import { type Foreign, isText } from '../../base/foreign.js';

/** Numbers are whole. */
type Scalar = Foreign | number | boolean;

/** What is undefined, '' or an empty list is left out: a backend shows an attribute that is there as known. */
export type Attributes = Readonly<Record<string, Scalar | readonly Scalar[] | undefined>>;

/** KeyValue messages. Texts are escaped: a lone surrogate in one would make collectors refuse all of them. */
export function keyValues(attributes: Attributes): Record<string, unknown>[] {
  return Object.entries(attributes).flatMap(([key, value]) =>
    value === undefined || value === '' || (Array.isArray(value) && value.length === 0)
      ? []
      : [{ key, value: anyValue(value) }],
  );
}

function anyValue(value: Scalar | readonly Scalar[]): Record<string, unknown> {
  if (isText(value)) return { stringValue: escapeText(value) };
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value === 'number') return { intValue: value };
  return { arrayValue: { values: (value as readonly Scalar[]).map(anyValue) } };
}
