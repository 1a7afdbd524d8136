/** The string table of a trace: bytes from the kernel and the engine, kept as they came. */
import type { Foreign } from '../../base/foreign.js';
import type { StringId } from '../../base/ids.js';

/** Strings by id; id 0 is "absent" and reads as the empty string. Text is untrusted. */
export interface StringTable {
  /** The next id to be given: the texts and id 0. */
  readonly size: number;
  /** The text of an id; '' for 0 and for an id that the table does not hold. */
  text(id: number): Foreign;
  /** The id of a text, or 0 if the table lacks it. */
  find(text: Foreign): StringId;
}

/** A string table that grows, one id a distinct text. */
export class StringInterner implements StringTable {
  readonly #ids = new Map<Foreign, number>();
  readonly #texts: Foreign[] = [''];

  /** Ids are given in sequence from 1. */
  intern(text: Foreign): StringId {
    if (text === '') return 0 as StringId;
    const known = this.#ids.get(text);
    if (known !== undefined) return known as StringId;
    const id = this.#texts.length;
    this.#texts.push(text);
    this.#ids.set(text, id);
    return id as StringId;
  }

  /** Adds a text under the next id even where it is known already: what a file's table says, counts. */
  append(text: Foreign): StringId {
    const id = this.#texts.length;
    this.#texts.push(text);
    if (text !== '' && !this.#ids.has(text)) this.#ids.set(text, id);
    return id as StringId;
  }

  get size(): number {
    return this.#texts.length;
  }

  text(id: number): Foreign {
    return this.#texts[id] ?? '';
  }

  find(text: Foreign): StringId {
    return (this.#ids.get(text) ?? 0) as StringId;
  }

  /** The texts added since the table had `size` entries: what a writer has still to put on disk. */
  since(size: number): readonly Foreign[] {
    return this.#texts.slice(size);
  }
}
