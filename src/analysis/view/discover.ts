/** Whose starts a recording is about: the container that was asked for, or all that were seen to start. */
import { type ContainerId, isBare, parseContainerId } from '../../base/ids.js';
import type { ActorSpan } from '../../model/trace/trace.js';
import type { TraceView } from './run-view.js';

/** In the order of their starts. */
export function containersOf(view: TraceView): ContainerId[] {
  const { scope, containerId } = view.recording.header.target;
  if (scope === '') return askedFor(view);
  return seenToStart(view).filter((id) => containerId === '' || id === containerId);
}

/** The containers that dit's own client created; each once, however often the file says so. */
function askedFor({ recording }: TraceView): ContainerId[] {
  const created = recording.marks
    .filter(({ name, wallClock }) => name === 'create' && !wallClock)
    .flatMap(({ containerId }) => parseContainerId(containerId) ?? []);
  return [...new Set(created)];
}

/**
 * Those for which a runtime was executed that creates, or that left the host without one. A process that
 * is executed in a container that runs already starts none, whatever its program is called: a container in a
 * container, as Docker in Docker makes it, has an init of its own.
 */
function seenToStart(view: TraceView): ContainerId[] {
  const { actors } = view;
  const spans = actors.flat();
  const isInside = insideContainers(view);
  const withInit = new Set(
    spans.filter(({ actor }) => actor === 'init').map(({ containerId }) => containerId),
  );
  const created = actors.flatMap((own, key) =>
    own.filter(
      ({ actor, containerId }) =>
        actor === 'runc create' && (!isInside[key] || withInit.has(containerId)),
    ),
  );
  const leftHost = ({ actor, containerId }: ActorSpan): boolean =>
    actor === 'init' && containerId !== undefined && isBare(containerId);
  const starts = created.length > 0 ? created : spans.filter(leftHost);
  const inOrder = starts
    .filter(({ from }) => Number.isFinite(from))
    .sort((a, b) => a.from - b.from)
    .flatMap(({ containerId }) => containerId ?? []);
  return [...new Set(inOrder)];
}

/** By process: whether it descends from one that a container executes. */
function insideContainers({ lives, actors }: TraceView): readonly boolean[] {
  const isInside: boolean[] = [];
  // Parents come before their children.
  for (const { key, parent, start } of lives.processes) {
    const executes =
      parent !== undefined &&
      actors[parent]?.some(({ actor, from }) => actor === 'entrypoint' && !(from > (start ?? 0)));
    isInside[key] = executes === true || (parent !== undefined && isInside[parent] === true);
  }
  return isInside;
}

/** Names that an OCI runtime was given for more than one container. */
export function reusedIds({ actors }: TraceView): ContainerId[] {
  const seen = new Set<ContainerId>();
  const reused = new Set<ContainerId>();
  for (const spans of actors) {
    const id = spans.find(({ actor }) => actor === 'entrypoint')?.containerId;
    const first = spans.find(({ actor }) => actor === 'init');
    // A process that is executed in a container that runs has an init of its own, below no create.
    if (id === undefined || first === undefined || parseContainerId(id) !== undefined) continue;
    if (seen.has(id)) reused.add(id);
    seen.add(id);
  }
  return [...reused];
}
