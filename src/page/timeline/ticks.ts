/** Where the axis has its ticks: 1, 2 or 5 times a power of ten, with room for their labels. */
import { formatMs } from '../../render/common/format.js';

/** CSS pixels from tick to tick, at least. */
const ROOM = 90;

export interface Tick {
  /** ns since the origin. */
  readonly time: number;
  readonly label: string;
}

/** @param from of what is shown, ns since the origin */
export function ticksOf(from: number, to: number, width: number): Tick[] {
  const least = ((to - from) * ROOM) / Math.max(width, 1);
  const power = 10 ** Math.floor(Math.log10(least));
  const step = ([1, 2, 5].find((factor) => factor * power >= least) ?? 10) * power;
  const decimals = Math.max(0, -Math.floor(Math.log10(step / 1e6) + 1e-9));
  const ticks: Tick[] = [];
  for (let index = Math.ceil(from / step); index * step <= to; index++) {
    const time = index * step;
    ticks.push({ time, label: `${formatMs(time, decimals)} ms` });
  }
  return ticks;
}
