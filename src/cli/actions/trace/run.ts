/** `dit trace run`: from the command line to a recorded container and its report. */
import { randomBytes } from 'node:crypto';
import { type ExitCode, messageOf } from '../../../base/errors.js';
import { quoting } from '../../../base/foreign.js';
import type { RunResult } from '../../../capture/recorder/run-container.js';
import { sudoUser } from '../../../platform/files/owner.js';
import { newTracePath } from '../../../store/trace-store.js';
import { TraceFileWriter } from '../../../tracefile/writer.js';
import { ContainerOutput } from '../../common/container-output.js';
import type { CommandContext } from '../../common/context.js';
import { exitCodeOf } from '../../common/outcome.js';
import { errorLines } from '../../common/report-error.js';
import { reportLoss } from '../../common/report-loss.js';
import type { TraceRunOptions } from '../../common/run-options.js';
import {
  checkOptions,
  imageOf,
  prepareStarts,
  reportCleanUp,
} from '../../common/start-recorder.js';

export async function traceRun(
  image: string | undefined,
  command: readonly string[],
  options: TraceRunOptions,
  context: CommandContext,
): Promise<ExitCode> {
  const { stderr, env } = context;
  checkOptions(options);
  const output = new ContainerOutput(stderr, options.quiet === true);
  const onOutput = (chunk: Buffer): void => output.add(chunk);
  const unique = randomBytes(2).toString('hex');
  let path: string;
  let writer: TraceFileWriter | undefined;
  let result: RunResult;
  const recorder = await prepareStarts({ image, command, options, onOutput }, context);
  try {
    path = options.output ?? newTracePath(env, imageOf(image), new Date(), unique);
    writer = new TraceFileWriter(path, { owner: sudoUser(env) });
    result = await recorder.record(writer);
  } finally {
    writer?.close();
    await recorder.close();
  }
  output.end();
  return report(result, path, options, context);
}

async function report(
  result: RunResult,
  path: string,
  options: TraceRunOptions,
  context: CommandContext,
): Promise<ExitCode> {
  const { stderr } = context;
  const { failure, summary } = result;
  if (options.quiet !== true || options.json === true) {
    // Loaded only now: what the report needs would delay the recording.
    const { traceShow } = await import('./show.js');
    await traceShow(path, options.json === true ? { json: true } : {}, context);
  }
  await reportCleanUp(result, context);
  if (failure !== undefined) await stderr.write(errorLines(failure.message, failure.remedy));
  else if ((result.exitCode ?? 0) !== 0) {
    await stderr.write(
      errorLines(
        `the container's command exited with ${result.exitCode}; its start was recorded whole`,
        'look at its output above, or run it by itself: docker run',
      ),
    );
  }
  await (options.json === true || options.quiet === true ? stderr : context.stdout).line(
    `trace saved: ${path}`,
  );
  if (failure !== undefined) return failure.exitCode;
  if (context.signal.aborted) {
    const { reason } = context.signal;
    const fact = quoting`${messageOf(reason)} when the recording was complete`;
    await stderr.write(errorLines(fact, `read it: dit trace show ${path}`));
    return exitCodeOf(reason);
  }
  return reportLoss(summary.lost, options, stderr);
}
