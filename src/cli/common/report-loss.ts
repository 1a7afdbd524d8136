/** `--strict`: a recording that lost events is not passed off as whole. */
import { EXIT, type ExitCode } from '../../base/errors.js';
import type { Output } from './output.js';
import { errorLines } from './report-error.js';

export async function reportLoss(
  lost: number,
  { strict }: { readonly strict?: true },
  stderr: Output,
): Promise<ExitCode> {
  if (strict !== true || lost === 0) return EXIT.ok;
  const fact = `${lost} records were lost and --strict was given`;
  await stderr.write(errorLines(fact, 'use a larger ring: --ring-mb 256'));
  return EXIT.loss;
}
