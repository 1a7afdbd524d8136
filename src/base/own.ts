/** A look-up by a key from outside: names that every object inherits ("constructor") find nothing. */
import { type Foreign, raw } from './foreign.js';

export const own = <T>(record: Readonly<Record<string, T>>, key: Foreign): T | undefined =>
  Object.hasOwn(record, raw(key)) ? record[raw(key)] : undefined;
