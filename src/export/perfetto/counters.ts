/** How many of the followed threads are on a CPU, and how many wait for one, as it changes. */
import { KIND } from '../../model/recording/event-kinds.js';
import type { Trace } from '../../model/trace/trace.js';
import type { Tracks } from '../../model/trace/tracks.js';

export interface ThreadCounts {
  time: number;
  running: number;
  runnable: number;
}

/** What a thread does, as a number: it is on the CPU of that number, or one of these. */
const OFF = -2;
const RUNNABLE = -1;

/**
 * One item a time at which a count changed; the item is one object, changed between two. Threads of which
 * nothing was seen yet count as off the CPU.
 */
export function* threadCounts(trace: Trace, { tracks }: Tracks): Generator<Readonly<ThreadCounts>> {
  const { events } = trace.recording;
  const switches = events.table('switch');
  const wakings = events.table('waking');
  const previousState = switches.column('previous_states');
  const nextTid = switches.column('next_tids');
  const targetTid = wakings.column('target_tids');
  const states = new Map<number, number>(tracks.map(({ tid }) => [tid, OFF]));
  states.delete(0);
  const lastOn = new Map<number, number>();
  const now: ThreadCounts = { time: Number.NEGATIVE_INFINITY, running: 0, runnable: 0 };
  const said = { running: 0, runnable: 0 };

  const enter = (tid: number, state: number): void => {
    const before = states.get(tid);
    if (before === undefined || before === state) return;
    states.set(tid, state);
    if (before >= 0) now.running--;
    if (before === RUNNABLE) now.runnable--;
    if (state >= 0) now.running++;
    if (state === RUNNABLE) now.runnable++;
  };

  for (const row of trace.order) {
    const kind = events.kind.at(row);
    if (kind !== KIND.switch && kind !== KIND.waking && kind !== KIND.exit) continue;
    const time = events.time.at(row);
    if (time > now.time && (now.running !== said.running || now.runnable !== said.runnable)) {
      yield now;
      said.running = now.running;
      said.runnable = now.runnable;
    }
    now.time = time;
    const own = events.row.at(row);
    const tid = events.tid.at(row);
    if (kind === KIND.switch) {
      const cpu = events.cpu.at(row);
      // The switch away from a thread that is no longer followed is not recorded.
      const missed = lastOn.get(cpu);
      if (missed !== undefined && missed !== tid && states.get(missed) === cpu) enter(missed, OFF);
      enter(tid, previousState.at(own) === 0 ? RUNNABLE : OFF);
      enter(nextTid.at(own), cpu);
      lastOn.set(cpu, nextTid.at(own));
    } else if (kind === KIND.exit) {
      enter(tid, OFF);
    } else if (states.get(targetTid.at(own)) === OFF) {
      enter(targetTid.at(own), RUNNABLE);
    }
  }
  if (now.running !== said.running || now.runnable !== said.runnable) yield now;
}
