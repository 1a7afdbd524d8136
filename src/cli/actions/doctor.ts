/** `dit doctor`: what can be recorded here, tried and not guessed. */
import { EXIT } from '../../base/errors.js';
import { bpftraceCapability } from '../../capture/bpftrace/capability.js';
import { ebpfCapabilities } from '../../capture/ebpf/capabilities.js';
import { straceCapability } from '../../capture/strace/capability.js';
import { machineCapabilities } from '../../doctor/machine.js';
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
    ...(await machineCapabilities(host)),
    ...(await ebpfCapabilities()),
    await bpftraceCapability(),
    await straceCapability(),
  ];
  const text =
    json === true
      ? doctorJson(capabilities)
      : renderDoctor(capabilities, themeFor(stdout), stdout.width);
  await stdout.write(text);
  return canRecord(capabilities) ? EXIT.ok : EXIT.capability;
}
