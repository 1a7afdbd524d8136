/** What bpftrace and its script say of the recording itself, picked from the chunks of their output. Pure. */

const LOST = /^(?:WARNING: )?Lost (\d{1,15}) events/gm;
/** A map had no place for an entry: what it was for is missing from later events. */
const MAP_FULL = /^(?:\S+ )?WARNING: Map full;/gm;
/** As much of a line as the patterns look at. */
const CARRY = 256;

export class Notices {
  /** Times on bpftrace's clock, ns, at which it saw renames of the watched process. */
  readonly clockAnswers: bigint[] = [];
  /** Of the last heartbeat, the same; what was handed over before it has been printed. */
  heartbeat = 0n;
  /** Entries of maps that found no place. */
  mapEntries = 0;
  /** Processes that should be followed and are not. */
  participants = 0;
  readonly #answer: RegExp;
  readonly #heartbeat: RegExp;
  readonly #participant: RegExp;
  /** Of script.ts, withBatches: how many entries were made, and each of them. */
  readonly #storedCount: RegExp;
  readonly #entry: RegExp;
  #rest = '';
  #stored = 0;
  #entries = 0;
  #lost = 0;

  /** @param token as in ScriptOptions */
  constructor(token: string) {
    this.#answer = new RegExp(`^${token} c (\\d{1,19}) `, 'gm');
    this.#heartbeat = new RegExp(`^${token} h (\\d{1,19}) `, 'gm');
    this.#participant = new RegExp(`^${token} L participants$`, 'gm');
    this.#storedCount = new RegExp(`^@stored_${token}: (\\d{1,15})$`, 'gm');
    this.#entry = new RegExp(`^@[a-zA-Z][01]_${token}\\[`, 'gm');
  }

  /** Those that bpftrace counted, and those that found no place in a batch. */
  get records(): number {
    return this.#lost + Math.max(0, this.#stored - this.#entries);
  }

  /** Chunks may end anywhere. */
  add(chunk: Uint8Array): void {
    const text = this.#rest + Buffer.from(chunk).toString('latin1');
    const end = text.lastIndexOf('\n') + 1;
    this.#rest = text.slice(end, end + CARRY);
    const lines = text.slice(0, end);
    for (const [, lost] of lines.matchAll(LOST)) this.#lost += Number(lost);
    for (const [, stored] of lines.matchAll(this.#storedCount)) this.#stored = Number(stored);
    for (const [, time = '0'] of lines.matchAll(this.#answer)) {
      this.clockAnswers.push(BigInt(time));
    }
    for (const [, time = '0'] of lines.matchAll(this.#heartbeat)) this.heartbeat = BigInt(time);
    this.#entries += count(lines, this.#entry);
    this.mapEntries += count(lines, MAP_FULL);
    this.participants += count(lines, this.#participant);
  }
}

const count = (text: string, pattern: RegExp): number => text.match(pattern)?.length ?? 0;
