/** The texts of a call's arguments record: its string arguments in order, then the names of its descriptors' paths. */
import { FILE_OF_ARGUMENT, SYSCALL_FLAG } from '../../model/recording/event-kinds.js';
import type { StringInterner } from '../../model/recording/strings.js';
import type { RecordedArguments } from '../../model/syscalls/syscalls.js';
import { REDACTED } from '../source/redact.js';
import type { SyscallTable } from '../source/syscall-table.js';
import { cString, endOf, s64 } from './fields.js';
import type { PendingCall } from './pending-calls.js';
import { OFFSET } from './wire.js';

export interface TextOptions {
  readonly strings: StringInterner;
  /** Keep argv out, but for what tells the parts of a start apart. */
  readonly redact: boolean;
}

const ARGUMENTS = 6;
/** Bits of `texts`, one for each argument: the text is in the record; its file's path is; the text was cut. */
const TEXT_BIT = 1;
const FILE_BIT = 1 << 8;
const CUT_BITS = 0x3f << 16;
const MOST_NAMES = 16;

/** "POST /v1.41/containers/0123…/start", without a query. */
const ENGINE_REQUEST = /^POST (\/v[\d.]+)?(\/libpod)?\/containers\/[\w.-]+(\/[\w.-]+)?/;

/** @param header of the record; `aux` is the syscall's number */
export function decodeArguments(
  view: DataView,
  header: {
    readonly time: number;
    readonly cpu: number;
    readonly pid: number;
    readonly aux: number;
  },
  syscalls: SyscallTable,
  { strings, redact }: TextOptions,
): PendingCall {
  const values = Array.from({ length: ARGUMENTS }, (_, i) =>
    s64(view, OFFSET.arguments.values + 8 * i),
  );
  const mask = view.getUint32(OFFSET.arguments.texts, true);
  const recorded = syscalls.recorded(header.aux);
  const positions: number[] = [];
  const texts: number[] = [];
  const next = textReader(view);
  for (let argument = 0; argument < ARGUMENTS; argument++) {
    if ((mask & (TEXT_BIT << argument)) === 0) continue;
    positions.push(argument);
    texts.push(strings.intern(keptText(next(), argument, values, recorded, redact)));
  }
  for (let argument = 0; argument < ARGUMENTS; argument++) {
    if ((mask & (FILE_BIT << argument)) === 0) continue;
    const names: string[] = [];
    const count = view.getUint16(OFFSET.arguments.path_names, true);
    for (let i = 0; i < Math.min(count, MOST_NAMES); i++) names.unshift(next());
    positions.push(FILE_OF_ARGUMENT + argument);
    texts.push(strings.intern(names.join('/')));
  }
  const cut = (mask & CUT_BITS) !== 0;
  return {
    entry: header.time,
    number: header.aux,
    cpu: header.cpu,
    pid: header.pid,
    flags: SYSCALL_FLAG.hasArguments | (cut ? SYSCALL_FLAG.textCut : 0),
    values: { arguments: values, text_positions: positions, texts },
  };
}

/** Gives the record's texts one by one; behind the last one, empty ones. */
function textReader(view: DataView): () => string {
  let at: number = OFFSET.arguments.text;
  const end = endOf(view, at, view.getUint16(OFFSET.arguments.text_bytes, true));
  return () => {
    const [text, after] = cString(view, at, end);
    at = after;
    return text;
  };
}

function keptText(
  text: string,
  argument: number,
  values: readonly number[],
  recorded: RecordedArguments | undefined,
  redact: boolean,
): string {
  // sethostname's text has a length and no NUL; with --network host it is this machine's name.
  if (recorded?.sized === argument) return redact ? REDACTED : text.slice(0, values[argument + 1]);
  // Of a request only what it is about: headers and bodies are nobody's business.
  if (recorded?.request === argument) return ENGINE_REQUEST.exec(text)?.[0] ?? '';
  return text;
}
