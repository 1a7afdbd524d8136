/** Which containers a stretch of events begins to start: a look at its execs alone, for those who wait. */
import type { ContainerId } from '../base/ids.js';
import { KIND } from '../model/event-kinds.js';
import type { Recording } from '../model/recording.js';
import { createdBy } from './actors.js';

/** @param from the first row to look at */
export function containersStarting(recording: Recording, from: number): Set<ContainerId> {
  const { events, strings } = recording;
  const found = new Set<ContainerId>();
  for (let row = from; row < events.length; row++) {
    if (events.kind.at(row) !== KIND.exec) continue;
    const argv = events.values(row, 'arguments').map((id) => strings.text(id));
    const id = createdBy(strings.text(events.value(row, 'filenames')), argv);
    if (id !== undefined) found.add(id);
  }
  return found;
}
