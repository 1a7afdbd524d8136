/** A command of our own under the kernel's probes: its events, in memory. */
import { once } from 'node:events';
import { machine } from 'node:os';
import { DitError, EXIT } from '../base/errors.js';
import { candidateSources, type SourceKind, startFirst } from '../capture/sources.js';
import { EventTable } from '../model/recording/event-table.js';
import { recordsLost } from '../model/recording/recording.js';
import { StringInterner } from '../model/recording/strings.js';
import { Deadline } from '../platform/deadline.js';
import { startProgram } from '../platform/processes/child-process.js';

export interface Captured {
  readonly events: EventTable;
  readonly strings: StringInterner;
  /** "ebpf" */
  readonly source: string;
  /** Records that were lost. */
  readonly lost: number;
  /** undefined: a signal ended it. */
  readonly exitCode: number | undefined;
}

const RING_BYTES = 32 << 20;
/** Seconds, with the start of a recorder on a busy machine. */
const COMMAND_MS = 180_000;

/** Waits for a line, so that nothing of the command happens before it is followed; ends with dit. */
const GATE = 'read -r go <&3 || exit 125; exec 3<&-; exec "$@"';

/** What does not slow what it measures: strace does. */
const measures = ({ name }: SourceKind): boolean => name === 'ebpf' || name === 'bpftrace';

/**
 * Runs a command to its end and follows it with its descendants; times are ns since some moment before.
 * @throws DitError exit 3 where nothing can be recorded
 */
export async function captureCommand(
  argv: readonly string[],
  signal: AbortSignal,
): Promise<Captured> {
  const { candidates } = await candidateSources('auto', measures);
  signal.throwIfAborted();
  const deadline = new Deadline({ limitMs: COMMAND_MS, signals: [signal], late: tooLate });
  const child = startProgram('/bin/sh', ['-c', GATE, 'dit', ...argv], {
    endedBy: deadline.signal,
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  });
  const ended = once(child, 'exit') as Promise<[number | null]>;
  // Awaited below, after the gate.
  ended.catch(() => {});
  const gate = child.stdio[3] as unknown as NodeJS.WritableStream & { destroy(): void };
  // The command may be gone by now.
  gate.on('error', () => {});
  const { pid } = child;
  if (pid === undefined) {
    deadline.close();
    throw await ended.catch(noShell);
  }
  const strings = new StringInterner();
  const events = new EventTable();
  try {
    const { kind, source } = await startFirst(candidates, () => ({
      machine: machine(),
      baseNs: process.hrtime.bigint(),
      strings,
      redact: false,
      ringBytes: RING_BYTES,
      participants: [{ pid, followChildren: true }],
    }));
    try {
      deadline.signal.throwIfAborted();
      gate.end('go\n');
      const [code] = await ended;
      const { losses } = await source.stop();
      source.drain(events);
      deadline.signal.throwIfAborted();
      const lost = recordsLost(losses);
      return { events, strings, source: kind.name, lost, exitCode: code ?? undefined };
    } finally {
      await source.stop();
    }
  } finally {
    gate.destroy();
    await ended;
    deadline.close();
  }
}

const tooLate = (): DitError =>
  new DitError({
    code: 'capture-late',
    exitCode: EXIT.unavailable,
    message: `the recorded command does not end within ${COMMAND_MS / 1000} s and was killed`,
    remedy: 'run the test again on an idle machine',
  });

const noShell = (cause: unknown): DitError =>
  new DitError({
    code: 'no-shell',
    exitCode: EXIT.unavailable,
    message: "'/bin/sh' cannot be started",
    remedy: 'check that it exists: ls -l /bin/sh',
    cause,
  });
