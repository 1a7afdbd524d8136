/** `dit doctor`: what can be recorded here, tried and not guessed. */
import { EXIT } from '../../base/errors.js';
import { bpftraceFeature } from '../../capture/bpftrace/feature.js';
import { ebpfFeatures } from '../../capture/ebpf/features.js';
import { straceFeature } from '../../capture/strace/feature.js';
import { machineFeatures } from '../../doctor/machine.js';
import { canRecord, doctorJson, renderDoctor } from '../../render/text/doctor.js';
import { renderSources, sourcesJson } from '../../render/text/sources.js';
import type { CommandContext } from '../common/context.js';
import { sourceTableHere } from '../common/source-table.js';
import { themeFor } from '../common/theme.js';

export async function doctor(
  {
    json,
    host,
    sources,
  }: { readonly json?: true; readonly host?: string; readonly sources?: true },
  { stdout }: CommandContext,
): Promise<number> {
  if (sources === true) {
    const table = await sourceTableHere(host);
    const text =
      json === true ? sourcesJson(table) : renderSources(table, themeFor(stdout), stdout.width);
    await stdout.write(text);
    return EXIT.ok;
  }
  const capabilities = [
    ...(await machineFeatures(host)),
    ...(await ebpfFeatures()),
    await bpftraceFeature(),
    await straceFeature(),
  ];
  const text =
    json === true
      ? doctorJson(capabilities)
      : renderDoctor(capabilities, themeFor(stdout), stdout.width);
  await stdout.write(text);
  return canRecord(capabilities) ? EXIT.ok : EXIT.unavailable;
}
