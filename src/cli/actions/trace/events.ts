/** `dit trace events [FILE]`: every event, or those asked for, one line each in time order. */
import { analyse } from '../../../analysis/analyse.js';
import { NS_PER_MS } from '../../../base/time.js';
import { EVENT_KINDS, type EventKindName } from '../../../model/recording/event-kinds.js';
import type { StringTable } from '../../../model/recording/strings.js';
import { syscallNames } from '../../../model/syscalls/syscall-names.js';
import { ACTORS, type ActorKind } from '../../../model/trace/actor-kind.js';
import {
  type EventSelection,
  originOf,
  selectEvents,
} from '../../../render/common/select-events.js';
import { eventJson } from '../../../render/json/events-json.js';
import { eventLine } from '../../../render/text/events-text.js';
import { namedOrLastTrace } from '../../../store/trace-store.js';
import { EVENT_MEMORY } from '../../../tracefile/event-memory.js';
import { readTraceFile } from '../../../tracefile/reader.js';
import type { CommandContext } from '../../common/context.js';
import { badValue } from '../../common/option-values.js';
import { themeFor } from '../../common/theme.js';

export interface TraceEventsOptions {
  readonly json?: true;
  readonly kind?: string;
  readonly actor?: string;
  readonly syscall?: string;
  readonly pid?: number;
  /** ms since the create request. */
  readonly from?: number;
  readonly to?: number;
  readonly limit?: number;
}

/** Written at once: larger is no faster, smaller is slower. */
const CHUNK_CHARACTERS = 1 << 16;

export async function traceEvents(
  file: string | undefined,
  options: TraceEventsOptions,
  { stdout, env }: CommandContext,
): Promise<void> {
  const kinds = choices<EventKindName>(
    '--kind',
    options.kind,
    EVENT_KINDS.map(({ name }) => name),
  );
  const actors = choices<ActorKind>('--actor', options.actor, ACTORS);
  const memoryBytes = EVENT_MEMORY.rows;
  const trace = analyse(readTraceFile(namedOrLastTrace(env, file), { memoryBytes }));
  const origin = originOf(trace);
  const syscalls = syscallsOf(options.syscall, trace.recording.strings);
  const { pid, limit, from, to } = options;
  const selection: EventSelection = {
    ...(kinds === undefined ? {} : { kinds }),
    ...(actors === undefined ? {} : { actors }),
    ...(syscalls === undefined ? {} : { syscalls }),
    ...(pid === undefined ? {} : { pid }),
    ...(limit === undefined ? {} : { limit }),
    ...(from === undefined ? {} : { from: origin + from * NS_PER_MS }),
    ...(to === undefined ? {} : { to: origin + to * NS_PER_MS }),
  };
  const width = stdout.isTerminal ? stdout.width : undefined;
  const line = options.json === true ? eventJson(trace) : eventLine(trace, themeFor(stdout), width);
  let chunk = '';
  for (const event of selectEvents(trace, selection)) {
    chunk += line(event);
    if (chunk.length < CHUNK_CHARACTERS) continue;
    await stdout.write(chunk);
    if (stdout.closed) return;
    chunk = '';
  }
  await stdout.write(chunk);
}

function choices<T extends string>(
  option: string,
  text: string | undefined,
  known: readonly T[],
): ReadonlySet<T> | undefined {
  if (text === undefined) return undefined;
  const asked = namesIn(text);
  const wrong = asked.find((name) => !known.includes(name as T));
  if (wrong !== undefined) throw badValue(wrong, option, known.join(', '));
  return new Set(asked as T[]);
}

const MACHINES = ['x86_64', 'aarch64'];

/** Names that one of the machines has, and those in the file: a newer kernel's. @throws DitError */
function syscallsOf(
  text: string | undefined,
  recorded: StringTable,
): ReadonlySet<string> | undefined {
  if (text === undefined) return undefined;
  const known = new Set(MACHINES.flatMap(syscallNames));
  const asked = namesIn(text);
  const wrong = asked.find((name) => !known.has(name) && recorded.find(name) === 0);
  if (wrong !== undefined) throw badValue(wrong, '--syscall', 'names of syscalls: mount,unshare');
  return new Set(asked);
}

const namesIn = (text: string): string[] => text.split(',').map((name) => name.trim());
