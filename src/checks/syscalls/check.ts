/** The syscalls test: records a start of a warm engine, and counts what it asks of the kernel. */

import type { MeasureContext } from '../../measure/context.js';
import { defineCheck, Skip } from '../contract/check.js';
import { judgeSyscalls, type SyscallsFacts, type SyscallsReason, syscallsFacts } from './judge.js';
import { syscallsText } from './text.js';

export const syscallsCheck = defineCheck({
  name: 'syscalls',
  measure,
  judge: judgeSyscalls,
  text: syscallsText,
});

async function measure({
  image,
  record,
  signal,
  say,
}: MeasureContext): Promise<SyscallsFacts | Skip<SyscallsReason>> {
  const start = { Image: image, Entrypoint: ['true'], Cmd: [] };
  say('recording a start');
  // One before it, so that it is the start of a warm engine.
  await record(start);
  signal.throwIfAborted();
  const { trace, run } = await record(start);
  return trace.recording.header.source.name === 'api'
    ? new Skip({ kind: 'api only' })
    : syscallsFacts(trace, run);
}
