/** Values that repeat, each once. */
import { type Foreign, raw } from './foreign.js';

export class Distinct<T> {
  readonly all: T[] = [];
  readonly #keyOf: (value: T) => string;
  readonly #indexes = new Map<string, number>();

  constructor(keyOf: (value: T) => string) {
    this.#keyOf = keyOf;
  }

  /** Where it is in `all`, added if it is new. */
  indexOf(value: T): number {
    const key = this.#keyOf(value);
    let index = this.#indexes.get(key);
    if (index === undefined) {
      index = this.all.push(value) - 1;
      this.#indexes.set(key, index);
    }
    return index;
  }
}

/** Equal for objects of the same kind with the same values. */
export const valuesKey = (data: Readonly<Record<string, Foreign | number>>): string =>
  Object.values(data)
    .map((value) => (typeof value === 'number' ? String(value) : raw(value)))
    .join('\0');
