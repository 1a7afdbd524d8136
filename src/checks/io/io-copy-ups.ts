/** The copy-ups of a recorded start, judged: the kernel must have copied what the files hold. */

import { DitError, EXIT } from '../../base/errors.js';
import { type Foreign, quoting } from '../../base/foreign.js';
import type { MeasureContext } from '../../measure/context.js';
import { type MeasuredCopyUps, measureCopyUps } from '../../measure/copy-up.js';
import type { Figure } from '../../model/checks/check.js';
import { type CheckPart, leftOut } from '../contract/check-part.js';

/** @param image with the layer of `measureCopyUps` */
export async function copyUpPart(context: MeasureContext, image: string): Promise<CheckPart> {
  try {
    return judgeCopyUps(await measureCopyUps(context.record, image));
  } catch (error) {
    context.signal.throwIfAborted();
    if (!(error instanceof DitError) || error.exitCode !== EXIT.capability) throw error;
    return unseen(error.message, error.remedy ?? '');
  }
}

const unseen = (why: Foreign, remedy: Foreign): CheckPart =>
  leftOut('copy-ups-unseen', quoting`copy-ups are left out: ${why}`, remedy);

/** Pure. */
export function judgeCopyUps({ copyUps, source }: MeasuredCopyUps): CheckPart {
  if (copyUps.every(({ copiedBytes }) => copiedBytes === undefined)) {
    return unseen(
      'the recording holds no event of them',
      'see what can record kernel events: dit doctor --sources',
    );
  }
  const group = 'copy-up: the first write of a lower file, which is in the page cache';
  const figures: Figure[] = [];
  const evidence: Foreign[] = [];
  const wrong: string[] = [];
  for (const { megabytes, fileBytes, copiedBytes, ns, certainty, trigger } of copyUps) {
    if (copiedBytes !== fileBytes) {
      const copied = copiedBytes === undefined ? 'nothing that was seen' : `${copiedBytes} bytes`;
      wrong.push(`of a file of ${fileBytes} bytes the kernel copied ${copied}`);
    }
    if (copiedBytes === undefined) continue;
    const common = { source, certainty, group };
    figures.push(
      { name: `${megabytes} MB: copied`, value: copiedBytes, unit: 'bytes', ...common },
      { name: `${megabytes} MB: took`, value: ns / 1e6, unit: 'ms', ...common },
    );
    evidence.push(
      quoting`copy-up of ${megabytes} MB: ${copiedBytes} bytes, ${ns} ns, in ${trigger}; ${certainty}: ${source}`,
    );
  }
  const fine = wrong.length === 0;
  return {
    figures,
    evidence,
    findings: [],
    verdict: fine ? 'pass' : 'fail',
    reason: fine ? 'copy-ups have the sizes of the files' : wrong.join('; '),
    remedy: fine ? '' : 'record such a start and look: dit trace run, dit trace show',
  };
}
