/** Which containers a stretch of events begins to start: a look at its execs, for those who wait. */
import { raw } from '../../base/foreign.js';
import type { ContainerId } from '../../base/ids.js';
import type { TraceTime } from '../../base/time.js';
import { KIND } from '../../model/recording/event-kinds.js';
import type { Recording } from '../../model/recording/recording.js';
import { createdBy } from './actors.js';

/** An exec that works for a start. */
export interface StartExec {
  readonly id: ContainerId;
  readonly pid: number;
  readonly time: TraceTime;
  /** A shim's `start` begins another start; its daemon and the runtime's `create` follow it, where there is one. */
  readonly isFirst: boolean;
}

/**
 * In time order. A shim's `delete`, which is executed when the container has ended, is none.
 * @param from the first row to look at
 */
export function startExecs({ events, strings }: Recording, from: number): StartExec[] {
  const found: StartExec[] = [];
  for (let row = from; row < events.length; row++) {
    if (events.kind.at(row) !== KIND.exec) continue;
    const argv = events.values(row, 'arguments').map((id) => strings.text(id));
    const id = createdBy(strings.text(events.value(row, 'filenames')), argv);
    const action = argv.at(-1);
    if (id === undefined || action === 'delete') continue;
    const time = events.time.at(row) as TraceTime;
    found.push({ id, pid: events.pid.at(row), time, isFirst: action === 'start' && action !== id });
  }
  return found.sort((a, b) => a.time - b.time);
}

/**
 * From when on what is seen of a container that was started before is about this start: the first folder that the
 * engine made in its name since its end, for what comes between may be the end's own clean-up, or a wait.
 * @param isKnown it was started before, even where nothing of that is held any more
 * @returns undefined: nothing shows that it was started before
 */
export function startsAnew(
  recording: Recording,
  { id, time }: StartExec,
  isKnown: boolean,
): TraceTime | undefined {
  const { events, strings } = recording;
  const timesOf = (isWanted: (row: number) => boolean, column: 'arguments' | 'texts'): number[] => {
    const names = (text: number): boolean => raw(strings.text(text)).split('/').includes(id);
    const times: number[] = [];
    for (let row = 0; row < events.length; row++) {
      const at = events.time.at(row);
      if (at < time && isWanted(row) && events.values(row, column).some(names)) times.push(at);
    }
    return times;
  };
  const earlier = timesOf((row) => events.kind.at(row) === KIND.exec, 'arguments');
  if (earlier.length === 0 && !isKnown) return undefined;
  const ended = earlier.reduce((last, at) => Math.max(last, at), Number.NEGATIVE_INFINITY);
  return timesOf((row) => isMkdir(recording, row), 'texts')
    .filter((at) => at > ended)
    .reduce((first, at) => Math.min(first, at), time) as TraceTime;
}

const isMkdir = ({ events, strings }: Recording, row: number): boolean =>
  events.kind.at(row) === KIND.syscall &&
  /^mkdir(at)?$/.test(raw(strings.text(events.value(row, 'names'))));
