/** The engine's event stream: a cross-check on the engine's wall clock, never a measurement. */
import type { Readable } from 'node:stream';
import type Dockerode from 'dockerode';
import { safeJson } from '../base/escape.js';
import { LineCutter } from './api/streams.js';
import { engineError } from './docker.js';
import type { MarkSink } from './marks.js';

export interface EventStream {
  close(): void;
}

export const EVENT_TOO_LONG = 'an event of the engine is longer than 1 MiB, and is left out';

/**
 * @param label "key=value": only events of containers that carry it; undefined: of all
 * @param toTraceNs maps CLOCK_REALTIME ns to absolute CLOCK_MONOTONIC ns
 * @param onLost the stream ended without being closed: the engine is gone
 * @param onTooLong an event was passed over because its line is longer than any engine's
 * @param since of events that it remembers, seconds since 1970 UTC; undefined: none that came before
 * @throws DitError engine-…
 */
export async function followEngineEvents(
  docker: Dockerode,
  label: string | undefined,
  toTraceNs: (realtimeNs: bigint) => bigint,
  mark: MarkSink,
  onLost: () => void,
  onTooLong: () => void,
  since?: number,
): Promise<EventStream> {
  const stream = (await docker
    .getEvents({
      ...(since === undefined ? {} : { since }),
      filters: safeJson({
        type: ['container'],
        ...(label === undefined ? {} : { label: [label] }),
      }),
    })
    .catch((error: unknown) => {
      throw engineError(error, 'following its events');
    })) as Readable;
  const lines = new LineCutter((line) => {
    const event = parseEvent(line);
    if (event === undefined) return;
    const at = toTraceNs(event.timeNs);
    mark({
      name: `engine.${event.action}`,
      startNs: at,
      endNs: at,
      containerId: event.id,
      wallClock: true,
      detail: event.detail,
    });
  }, onTooLong);
  stream.on('data', (chunk: Buffer) => lines.add(chunk));
  let closed = false;
  const close = (): void => {
    closed = true;
    stream.destroy();
  };
  stream.on('error', () => {});
  stream.on('close', () => {
    if (!closed) onLost();
  });
  return { close };
}

interface EngineEvent {
  readonly action: string;
  readonly id: string;
  readonly timeNs: bigint;
  /** exit_code, name and image, if the event has them. */
  readonly detail: Readonly<Record<string, string>>;
}

/** One JSON line of GET /events; undefined for what is not a container's event. */
export function parseEvent(line: string): EngineEvent | undefined {
  // timeNano is beyond 2^53: JSON.parse would round it by up to 256 ns.
  const timeNano = /"timeNano":(\d{1,19})\b/.exec(line)?.[1];
  if (timeNano === undefined) return undefined;
  try {
    const event = JSON.parse(line) as {
      Action?: unknown;
      Actor?: { ID?: unknown; Attributes?: Record<string, unknown> };
    };
    if (typeof event.Action !== 'string' || typeof event.Actor?.ID !== 'string') return undefined;
    const { exitCode, name, image } = event.Actor.Attributes ?? {};
    const told = { exit_code: exitCode, name, image };
    return {
      // "exec_create: sh -c …" quotes a command line, as health checks do.
      action: event.Action.split(':', 1)[0] ?? '',
      id: event.Actor.ID,
      timeNs: BigInt(timeNano),
      detail: Object.fromEntries(
        Object.entries(told).filter(
          (entry): entry is [string, string] => typeof entry[1] === 'string',
        ),
      ),
    };
  } catch {
    // Not what it should be: taken for nothing.
    return undefined;
  }
}
