/**
 * What can be measured of I/O where dit is not on the engine's machine: sequential writes by the container's own dd.
 * Its bytes are known beforehand and the clock is read around it: what dd prints is rounded and changes its unit.
 */
import { quoting } from '../../base/foreign.js';
import type { MeasureContext } from '../../measure/context.js';
import type { IoPlaces } from '../../measure/files/places.js';
import { megabytesPerSecond, type Transfer, type WriteMode } from '../../measure/files/writes.js';
import { runScript } from '../../measure/sandbox/container-script.js';
import type { Figure } from '../../model/checks/check.js';
import { type CheckPart, leftOut } from '../contract/check-part.js';

/** Much, for the clock in a container (/proc/uptime) ticks in 10 ms. */
const MEBIBYTES = 256;

const FLAGS: readonly (readonly [mode: WriteMode, words: string, flag: string])[] = [
  ['buffered', 'write, buffered', ''],
  ['fsync', 'write, fsync at the end', 'conv=fsync'],
  ['direct', 'write, direct', 'oflag=direct'],
];

const SOURCE =
  "the container's dd: known bytes, /proc/uptime (10 ms) around it, the start of dd included";

export async function ioInContainer(
  { signal, say }: Pick<MeasureContext, 'signal' | 'say'>,
  { container, places }: IoPlaces,
): Promise<CheckPart> {
  const figures: Figure[] = [];
  const evidence: string[] = [];
  for (const { name, path } of places) {
    say(`writing to the ${name}`);
    for (const [, words, flag] of FLAGS) {
      signal.throwIfAborted();
      const printed = await runScript(container, ddScript(`${path}/file`, flag)).catch(
        (error: unknown) => {
          // tmpfs takes no direct writes before Linux 6.6.
          if (flag !== 'oflag=direct') throw error;
          return undefined;
        },
      );
      if (printed === undefined) continue;
      const transfer = ddTransfer(printed);
      evidence.push(`${name}: ${words}: /proc/uptime ${inOneLine(printed)}`);
      if (transfer === undefined) continue;
      figures.push({
        name: `${name}: ${words}`,
        value: megabytesPerSecond(transfer),
        unit: 'MB/s',
        source: SOURCE,
        certainty: 'inferred',
        group: `sequential, 1 MiB blocks, ${MEBIBYTES} MiB`,
      });
    }
  }
  const rest = leftOut(
    'io-from-outside',
    "reads, random access and metadata are left out: the container's files are not on this machine, or not dit's to read",
    "run it as root on the engine's machine: sudo dit test io",
  );
  return {
    ...rest,
    reason: quoting`sequential writes were measured; ${rest.reason}`,
    figures,
    evidence,
  };
}

const inOneLine = (printed: string): string =>
  printed
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join(' → ');

const ddScript = (file: string, flag: string): string =>
  [
    'cat /proc/uptime',
    `dd if=/dev/zero of=${file} bs=1048576 count=${MEBIBYTES} ${flag} 2>/dev/null`,
    'cat /proc/uptime',
    `rm ${file}`,
  ].join(' && ');

/** Pure. @param printed two lines of /proc/uptime; undefined where the clock did not move */
export function ddTransfer(printed: string): Transfer | undefined {
  const [begin, end] = printed
    .trim()
    .split('\n')
    .map((line) => Number.parseFloat(line));
  const ns = ((end ?? Number.NaN) - (begin ?? Number.NaN)) * 1e9;
  return ns > 0 ? { bytes: MEBIBYTES << 20, ns, operations: MEBIBYTES } : undefined;
}
