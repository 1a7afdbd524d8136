/**
 * Where strace writes its messages and its trace to the same place, a message may break a line in two:
 *
 *   12 1700000000.000001 vfork(strace: Process 13 attached
 *    <unfinished ...>
 *
 * Pure. dit's own strace writes them apart; this is for logs of others.
 */

const MESSAGE = 'strace: Process ';
const WHOLE_MESSAGE = /^strace: Process \d+ (?:attached|detached)(?: with \d+ threads)?$/;

/** strace names itself as it was called. */
const FOLDER = /\/[^\s"<>]*$/;
const MAX_PATH = 4_096;

/** A whole line begins with its thread or its time. */
const WHOLE = /^(?:\[pid +\d+\] |\d+ +\d|\d+\.\d)/;

export class BrokenLines {
  #begun: string | undefined;

  /** The lines that are whole now; messages are left out where they break one. */
  next(line: string): string[] {
    const begun = this.#begun;
    const message = messageAt(line);
    if (message >= 0) {
      if (message === 0) return begun === undefined ? [line] : [];
      if (begun !== undefined || !WHOLE.test(line)) return [line];
      this.#begun = line.slice(0, message);
      return [];
    }
    if (begun === undefined) return [line];
    this.#begun = undefined;
    return WHOLE.test(line) ? [begun, line] : [begun + line];
  }

  end(): string[] {
    const begun = this.#begun;
    this.#begun = undefined;
    return begun === undefined ? [] : [begun];
  }
}

/** Where a message that ends the line begins; -1: none does. */
function messageAt(line: string): number {
  const at = line.lastIndexOf(MESSAGE);
  if (at < 0 || !WHOLE_MESSAGE.test(line.slice(at))) return -1;
  if (line[at - 1] !== '/') return at;
  const before = line.slice(Math.max(0, at - MAX_PATH), at);
  return at - (FOLDER.exec(before)?.[0].length ?? 0);
}
