/**
 * One line of `strace -f -ttt -T` to what it says. Pure. Lines are bytes, one character each (latin1): what
 * is not ASCII in them strace has escaped.
 */
import { signalNumber } from './constants.js';

/** CLOCK_REALTIME: whole seconds since 1970, and the rest in ns. */
export interface WallTime {
  readonly seconds: number;
  readonly nanos: number;
}

export type StraceLine =
  /** A call from its name on, whole: "mount", `"proc", "/proc", …) = 0 <0.000031>`. */
  | (Said & { readonly kind: 'call'; readonly name: string; readonly text: string })
  /** Its beginning: the thread is inside. `detached`: strace left it there. */
  | (Said & {
      readonly kind: 'begun';
      readonly name: string;
      readonly text: string;
      readonly detached: boolean;
    })
  /** Its end. */
  | (Said & { readonly kind: 'resumed'; readonly name: string; readonly text: string })
  /** 0-255, or -signal. */
  | (Said & { readonly kind: 'exit'; readonly code: number })
  /** Thread `by` executes a program: it has this thread's id, the leader's, from now on. */
  | (Said & { readonly kind: 'superseded'; readonly by: number })
  | (Said & { readonly kind: 'signal'; readonly text: string })
  /** strace speaks of itself: "Process 12 attached". */
  | { readonly kind: 'notice'; readonly text: string }
  | { readonly kind: 'malformed' };

/** A line of a thread. */
export type ThreadLine = Exclude<StraceLine, { readonly kind: 'notice' | 'malformed' }>;

interface Said {
  /** Thread id. 0: the line names none, for there was only one. */
  readonly tid: number;
  readonly time: WallTime;
}

const MALFORMED: StraceLine = { kind: 'malformed' };

/** `12 1700000000.000000001 `, `[pid 12] 1700000000.000000001 ` or without a thread. */
const HEAD = /^(?:\[pid +(\d{1,10})\] |(\d{1,10}) +)?(\d{1,12})\.(\d{1,9}) /;
const NOTICE = /^(?:\[pid +\d+\] |\d+ +)?(?:[\w./-]*strace: |\[ Process PID=)/;
const BEGINNING = /^([a-z_][a-z0-9_]{0,63}|\?{3,4})\(/i;
const RESUMED = /^<\.\.\. ([a-z_][a-z0-9_]{0,63}|\?{3,4}) resumed>/i;
const EXITED = /^\+\+\+ exited with (\d{1,3}) \+\+\+$/;
const KILLED = /^\+\+\+ killed by (\w{1,12})(?: \(core dumped\))? \+\+\+$/;
const SUPERSEDED = /^\+\+\+ superseded by execve in pid (\d{1,10}) \+\+\+$/;
const UNFINISHED = ' <unfinished ...>';
const DETACHED = ' <detached ...>';

export function parseLine(line: string): StraceLine {
  const head = HEAD.exec(line);
  if (head === null) return NOTICE.test(line) ? { kind: 'notice', text: line } : MALFORMED;
  const [whole, bracketed, leading, seconds = '', fraction = ''] = head;
  const said: Said = {
    tid: Number(bracketed ?? leading ?? 0),
    time: { seconds: Number(seconds), nanos: Number(fraction.padEnd(9, '0')) },
  };
  const rest = line.slice(whole.length);

  const beginning = BEGINNING.exec(rest);
  if (beginning !== null) return parseCall(said, beginning[1] as string, rest);
  const resumed = RESUMED.exec(rest);
  if (resumed !== null) {
    const text = rest.slice(resumed[0].length);
    return { ...said, kind: 'resumed', name: resumed[1] as string, text };
  }
  if (rest.startsWith('+++ ')) return parseEnd(said, rest.trimEnd());
  if (rest.startsWith('--- ') && rest.trimEnd().endsWith(' ---')) {
    return { ...said, kind: 'signal', text: rest.trimEnd().slice(4, -4) };
  }
  return NOTICE.test(rest) ? { kind: 'notice', text: rest } : MALFORMED;
}

function parseCall(said: Said, name: string, rest: string): StraceLine {
  const text = rest.slice(name.length + 1);
  for (const mark of [UNFINISHED, DETACHED]) {
    if (!text.endsWith(mark)) continue;
    const begun = text.slice(0, -mark.length);
    return { ...said, kind: 'begun', name, text: begun, detached: mark === DETACHED };
  }
  return { ...said, kind: 'call', name, text };
}

function parseEnd(said: Said, text: string): StraceLine {
  const code = EXITED.exec(text)?.[1];
  if (code !== undefined) return { ...said, kind: 'exit', code: Number(code) & 0xff };
  const signal = signalNumber(KILLED.exec(text)?.[1] ?? '');
  if (signal !== undefined) return { ...said, kind: 'exit', code: -signal };
  const by = SUPERSEDED.exec(text)?.[1];
  return by === undefined ? MALFORMED : { ...said, kind: 'superseded', by: Number(by) };
}

/** What a resumed line adds to the text of its beginning; `again`: the thread is still inside. */
export function joinResumed(begun: string, resumed: string): { text: string; again: boolean } {
  // A thread that is killed inside a call: "<... futex resumed> <unfinished ...>) = ?".
  const tail = resumed.startsWith(`${UNFINISHED})`) ? resumed.slice(UNFINISHED.length) : resumed;
  const again = tail.endsWith(UNFINISHED);
  return { text: begun + (again ? tail.slice(0, -UNFINISHED.length) : tail), again };
}
