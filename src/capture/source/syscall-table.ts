/** A machine's syscalls by number, as decoders look them up: once for each number, not for each event. */
import type { Foreign } from '../../base/foreign.js';
import { own } from '../../base/own.js';
import type { StringInterner } from '../../model/recording/strings.js';
import { syscallNames } from '../../model/syscalls/syscall-names.js';
import { RECORDED_ARGUMENTS, type RecordedArguments } from '../../model/syscalls/syscalls.js';

export class SyscallTable {
  readonly #strings: StringInterner;
  readonly #nameIds: readonly (number | undefined)[];
  readonly #recorded: readonly (RecordedArguments | undefined)[];
  readonly #unnamed = new Map<number, number>();

  /** @param machine uname -m of the recorded host */
  constructor(machine: Foreign, strings: StringInterner) {
    this.#strings = strings;
    const names = syscallNames(machine);
    // Array.from: a hole among the numbers is a call without a name.
    this.#nameIds = Array.from(names, (name) =>
      name === undefined ? undefined : strings.intern(name),
    );
    this.#recorded = Array.from(names, (name) =>
      name === undefined ? undefined : own(RECORDED_ARGUMENTS, name),
    );
  }

  /** The id of its name, of "syscall_1023" where it has none. */
  nameId(number: number): number {
    return this.#nameIds[number] ?? this.#unnamed.get(number) ?? this.#nameUnnamed(number);
  }

  /** What is recorded of its arguments; undefined: none are. */
  recorded(number: number): RecordedArguments | undefined {
    return this.#recorded[number];
  }

  #nameUnnamed(number: number): number {
    const id = this.#strings.intern(`syscall_${number}`);
    // The numbers that a damaged log names are without end.
    if (this.#unnamed.size < MOST_UNNAMED) this.#unnamed.set(number, id);
    return id;
  }
}

const MOST_UNNAMED = 65_536;
