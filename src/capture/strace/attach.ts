/** From "strace runs" to "every thread is traced", or to the reason why it is not. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { DitError, EXIT, unlessAbsent } from '../../base/errors.js';
import { processStat } from '../../platform/processes/process-table.js';
import type { StraceProgram } from './program.js';
import { type Tracee, traceesOf } from './tracees.js';
import { Tracer } from './tracer.js';

const POLL_MS = 2;
const ATTACH_MS = 10_000;

/** After this long a traced thread that has not waited once is taken for a busy one. */
const SETTLE_MS = 500;

/**
 * Attaches to every thread of these processes; when it resolves, all their syscalls are seen.
 * @throws DitError exit 3: strace-already-traced, strace-not-permitted, strace-refused, strace-no-process
 */
export async function attachStrace(
  program: StraceProgram,
  flags: readonly string[],
  pids: readonly number[],
): Promise<Tracer> {
  const before = traceesOf(pids);
  if (before.length === 0) throw noProcess(pids);
  refuseOtherTracers(before);
  const tracer = await Tracer.start(program, flags, pids);
  try {
    await attached(tracer, pids, before);
    return tracer;
  } catch (error) {
    await tracer.stop();
    tracer.log.close();
    throw error;
  }
}

async function attached(
  tracer: Tracer,
  pids: readonly number[],
  before: readonly Tracee[],
): Promise<void> {
  const switchesBefore = new Map(
    before.map(({ tid, voluntarySwitches }) => [tid, voluntarySwitches]),
  );
  const begin = performance.now();
  for (;;) {
    if (tracer.ended) throw refusal(tracer.messages, pids);
    const now = traceesOf(pids);
    if (now.length === 0) throw noProcess(pids);
    const waited = performance.now() - begin;
    const all = now.every(({ tracerPid }) => tracerPid === tracer.pid);
    if (all && (waited > SETTLE_MS || now.every((tracee) => goesOn(tracee, switchesBefore))))
      return;
    if (waited > ATTACH_MS) throw refusal(tracer.messages, pids);
    await sleep(POLL_MS);
  }
}

/**
 * A thread is traced from PTRACE_SEIZE on, but its syscalls are seen only when it has been stopped and let go
 * once: a wait in the stop, and a second one when it goes back to what it waited for.
 */
function goesOn(tracee: Tracee, switchesBefore: ReadonlyMap<number, number>): boolean {
  if (tracee.state === 't') return false;
  const first = switchesBefore.get(tracee.tid);
  if (first === undefined) return true;
  const waits = tracee.voluntarySwitches - first;
  return waits >= 2 || (waits === 1 && tracee.state === 'R');
}

function refuseOtherTracers(tracees: readonly Tracee[]): void {
  const traced = tracees.find(({ tracerPid }) => tracerPid !== 0);
  if (traced === undefined) return;
  const name = (pid: number): string => `${pid} (${processStat(pid)?.comm ?? 'gone'})`;
  throw new DitError({
    code: 'strace-already-traced',
    exitCode: EXIT.unavailable,
    message: `process ${name(traced.pid)} is traced by process ${name(traced.tracerPid)}, and a thread has one tracer`,
    remedy: `end that one first, if it may be ended: kill ${traced.tracerPid}`,
  });
}

function refusal(messages: string, pids: readonly number[]): DitError {
  refuseOtherTracers(traceesOf(pids));
  const said = messages.trim().split('\n').slice(0, 3).join('; ');
  if (/not permitted|EPERM|Permission denied/i.test(said)) {
    const scope = yamaScope();
    return new DitError({
      code: 'strace-not-permitted',
      exitCode: EXIT.unavailable,
      message: `the kernel does not let this user trace process ${pids.join(', ')} (${said})`,
      remedy:
        scope === 3
          ? 'kernel.yama.ptrace_scope is 3, which forbids all tracing until the next boot'
          : `run as root: sudo dit …, or give the capability CAP_SYS_PTRACE${scope === undefined || scope === 0 ? '' : ` (kernel.yama.ptrace_scope is ${scope})`}`,
    });
  }
  return new DitError({
    code: 'strace-refused',
    exitCode: EXIT.unavailable,
    message: `strace does not attach to process ${pids.join(', ')}: ${said || 'no message'}`,
    remedy: `run strace by hand to see why: strace -f -p ${pids[0]}`,
  });
}

function noProcess(pids: readonly number[]): DitError {
  return new DitError({
    code: 'strace-no-process',
    exitCode: EXIT.unavailable,
    message: `there is no process ${pids.join(', ') || 'to attach to'}`,
    remedy: 'strace takes its processes only when it is started: start the engine first',
  });
}

/** 0: like everywhere, 1: descendants only, 2: CAP_SYS_PTRACE only, 3: nobody. undefined: no Yama. */
function yamaScope(): number | undefined {
  const path = '/proc/sys/kernel/yama/ptrace_scope';
  return unlessAbsent(() => Number(readFileSync(path, 'utf8')), undefined);
}
