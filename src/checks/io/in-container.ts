/**
 * What can be measured of I/O where dit is not on the engine's machine: sequential writes by the container's own dd.
 * Its bytes are known beforehand and the clock is read around it: what dd prints is rounded and changes its unit.
 */

import { NS_PER_S } from '../../base/time.js';
import type { MeasureContext } from '../../measure/context.js';
import type { IoPlaces } from '../../measure/files/places.js';
import {
  megabytesPerSecond,
  type Transfer,
  WRITE_MODES,
  type WriteMode,
} from '../../measure/files/writes.js';
import { runScript } from '../../measure/sandbox/container-script.js';
import type { DdWrite } from './judge.js';
import { DD_MEBIBYTES } from './sizes.js';

const FLAGS: Readonly<Record<WriteMode, string>> = {
  buffered: '',
  fsync: 'conv=fsync',
  direct: 'oflag=direct',
};

export async function writeInContainer(
  { signal, say }: Pick<MeasureContext, 'signal' | 'say'>,
  { container, places }: IoPlaces,
): Promise<DdWrite[]> {
  const writes: DdWrite[] = [];
  for (const { name: place, path } of places) {
    say(`writing to the ${place}`);
    for (const mode of WRITE_MODES) {
      signal.throwIfAborted();
      const script = ddScript(`${path}/file`, FLAGS[mode]);
      const printed = await runScript(container, script).catch((error: unknown) => {
        // tmpfs takes no direct writes before Linux 6.6.
        if (mode !== 'direct') throw error;
        return undefined;
      });
      if (printed === undefined) continue;
      const transfer = ddTransfer(printed);
      writes.push({ place, mode, printed, mbPerS: transfer && megabytesPerSecond(transfer) });
    }
  }
  return writes;
}

const ddScript = (file: string, flag: string): string =>
  [
    'cat /proc/uptime',
    `dd if=/dev/zero of=${file} bs=1048576 count=${DD_MEBIBYTES} ${flag} 2>/dev/null`,
    'cat /proc/uptime',
    `rm ${file}`,
  ].join(' && ');

/** Pure. @param printed two lines of /proc/uptime; undefined where the clock did not move */
export function ddTransfer(printed: string): Transfer | undefined {
  const [begin, end] = printed
    .trim()
    .split('\n')
    .map((line) => Number.parseFloat(line));
  const ns = ((end ?? Number.NaN) - (begin ?? Number.NaN)) * NS_PER_S;
  return ns > 0 ? { bytes: DD_MEBIBYTES << 20, ns, operations: DD_MEBIBYTES } : undefined;
}
