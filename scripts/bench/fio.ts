/**
 * Does dit measure what fio does? The rounds of `dit test io`, on folders of this machine: MB/s of both, taking turns,
 * with the ratio of their medians.
 *
 *   sudo npx tsx scripts/bench/fio.ts [--rounds 3] [--below /var/tmp]
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { MODE_WORDS } from '../../src/checks/io/text.js';
import { writeRounds } from '../../src/checks/io/write-rounds.js';
import { HeldFolder } from '../../src/platform/files/held-folder.js';
import { median } from '../../src/stats/summary.js';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    below: { type: 'string', default: '/var/tmp' },
  },
});
const base = mkdtempSync(join(options.below, 'dit-bench-fio-'));
const list = (values: readonly number[]): string => values.map((each) => each.toFixed(0)).join(' ');

try {
  const files = (['overlay', 'volume'] as const).map((place) => {
    mkdirSync(join(base, place));
    return { place, at: { folder: HeldFolder.open(join(base, place)), name: 'file' } };
  });
  for (let round = 0; round < Number(options.rounds); round++) {
    const all = await writeRounds(files, true, new AbortController().signal);
    for (const { mode, own, fio } of all.filter(({ fio }) => fio.length > 0)) {
      const ratio = median(own) / median(fio);
      console.log(`${MODE_WORDS[mode]}: ${ratio.toFixed(2)}  dit ${list(own)}  fio ${list(fio)}`);
    }
  }
} finally {
  rmSync(base, { recursive: true });
}
