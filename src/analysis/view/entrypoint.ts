/** The process that becomes the entrypoint, and when. */
import type { ProcessExec } from '../../model/trace/trace.js';
import type { ProcessDraft } from '../order/process-table.js';
import type { RunView } from './run-view.js';

/** The last stage of runc init: the process that becomes the entrypoint. */
export function initProcess(run: RunView): ProcessDraft | undefined {
  const candidates = run.processes.filter((life) =>
    run.actors[life.key]?.some(({ actor }) => actor === 'init'),
  );
  const executed = candidates.find((life) =>
    run.actors[life.key]?.some(({ actor }) => actor === 'entrypoint'),
  );
  return (
    executed ??
    candidates.findLast((life) => life.comms.some(({ comm }) => comm === 'runc:[2:INIT]')) ??
    candidates.at(-1)
  );
}

export function entrypointExec(run: RunView): ProcessExec | undefined {
  const init = initProcess(run);
  const span = init && run.actors[init.key]?.find(({ actor }) => actor === 'entrypoint');
  return init?.execs.find(({ time }) => time === span?.from);
}
