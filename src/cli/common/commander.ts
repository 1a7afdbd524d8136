/** commander, with the types of arguments and options inferred from their flags. */

import type * as typed from '@commander-js/extra-typings';
import * as untyped from 'commander';

const commander = untyped as unknown as typeof typed;

export const { Command, Option } = commander;
export type Command = typed.Command;
/** Of whichever arguments and options. */
export type AnyCommand = typed.CommandUnknownOpts;

/** commander leaves out what was not given; its types say undefined. */
type Given<T> = { readonly [Key in keyof T]: Exclude<T[Key], undefined> };

/** `unknown` where the options that were defined are those that an action takes, no more and no fewer. */
type Fits<T, Wanted> = [keyof T, keyof Wanted] extends [keyof Wanted, keyof T]
  ? Given<T> extends Wanted
    ? unknown
    : never
  : never;

/** The options of a command as its action declares them; does not compile where their flags and types differ. */
export const given = <T extends object, Wanted>(options: T & Fits<T, Wanted>): Wanted =>
  options as unknown as Wanted;
