/** Copy-ups of a real container, against what the upper layer holds afterwards. */

import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pack } from 'tar-stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { analyse } from '../../src/analysis/analyse.js';
import { raw } from '../../src/base/foreign.js';
import { BUILTIN_IMAGE } from '../../src/engine/builtin-image.js';
import { RUN_LABEL } from '../../src/engine/owner-labels.js';
import type { CopyUp } from '../../src/model/trace/trace.js';
import { readTraceFile } from '../../src/tracefile/reader.js';
import buildProgram from '../support/build.js';
import { eventually, startDit } from '../support/dit.js';
import { type LiveEngine, liveEngines } from '../support/live-engines.js';
import { lacks } from '../support/requirements.js';

const LIMIT_MS = 300_000;
const IMAGE = 'dit-copy-up-test:1';
const BIG_BYTES = 100 * 2 ** 20;
const SMALL = Array.from({ length: 50 }, (_, index) => `small/${index}`);
const folder = mkdtempSync(join(tmpdir(), 'dit-copy-up-'));

/** Appends twice to one lower file, changes others in every way, makes new ones, and waits. */
const SCRIPT = `cd /lower
echo x >> big; echo y >> big
echo new > new; echo longer > made; truncate -s 2 made
chmod 600 chmodded
mv renamed renamed-now
ln linked linked-too
truncate -s 3 truncated
for i in $(seq 0 49); do echo z >> small/$i; done
touch /done
sleep 60`;

afterAll(() => rmSync(folder, { recursive: true }));

/** An image whose top layer holds the files below /lower. */
async function makeImage(engine: LiveEngine): Promise<void> {
  const docker = engine.docker();
  const container = await docker.createContainer({ Image: BUILTIN_IMAGE });
  try {
    const archive = pack();
    const put = (name: string, size: number): void => {
      archive.entry({ name: `lower/${name}` }, Buffer.alloc(size, 'a'));
    };
    for (const name of ['chmodded', 'renamed', 'linked']) put(name, 1000);
    put('truncated', 20_000);
    for (const name of SMALL) put(name, 4);
    put('big', BIG_BYTES);
    archive.finalize();
    await container.putArchive(archive as unknown as NodeJS.ReadableStream, { path: '/' });
    const [repo, tag] = IMAGE.split(':');
    await container.commit({ repo, tag });
  } finally {
    await container.remove();
  }
}

async function upperOf(engine: LiveEngine): Promise<{ id: string; upper: string } | undefined> {
  const [found] = await engine.docker().listContainers({ filters: { label: [RUN_LABEL] } });
  if (found === undefined) return undefined;
  const { GraphDriver } = await engine.docker().getContainer(found.Id).inspect();
  const upper = (GraphDriver?.Data as unknown as Record<string, string> | undefined)?.UpperDir;
  return upper === undefined ? undefined : { id: found.Id, upper };
}

describe
  .skipIf(lacks('root', 'docker', 'ebpf'))
  .each(liveEngines('live-copy').map((engine) => ({ engine })))(
  'copy-ups on $engine.name',
  { timeout: LIMIT_MS },
  ({ engine }) => {
    let copyUps: readonly CopyUp[] = [];
    let inUpper: string[] = [];
    let durationOf: (syscall: number) => number = () => 0;

    beforeAll(async () => {
      buildProgram();
      await engine.open();
      await makeImage(engine);
      const file = join(folder, `${engine.name}.dit`);
      const args = ['trace', 'run', '-q', '-H', engine.endpoint, '-o', file, '--network', 'none'];
      const dit = startDit([...args, IMAGE, 'sh', '-c', SCRIPT]);
      const found = await eventually(async () => {
        const container = await upperOf(engine);
        return container !== undefined && existsSync(join(container.upper, 'done'))
          ? container
          : undefined;
      }, 300_000);
      expect(found, dit.stderr()).toBeDefined();
      const { id, upper } = found as { id: string; upper: string };
      inUpper = readdirSync(join(upper, 'lower'), { recursive: true, encoding: 'utf8' }).filter(
        (name) => statSync(join(upper, 'lower', name)).isFile(),
      );
      await engine.docker().getContainer(id).kill();
      await dit.ended;
      const recording = readTraceFile(file);
      durationOf = (syscall) => recording.events.value(syscall, 'durations_ns');
      copyUps = analyse(recording).runs[0]?.copyUps ?? [];
    }, LIMIT_MS);

    afterAll(async () => {
      await engine
        .docker()
        .getImage(IMAGE)
        .remove({ force: true })
        .catch(() => {});
      await engine.close();
    }, LIMIT_MS);

    const files = (): CopyUp[] => copyUps.filter(({ bytes }) => bytes > 0);
    const of = (name: string): CopyUp[] => files().filter(({ path }) => path.endsWith(name));

    test('the first append to a large file copies it, the second does not', () => {
      expect(of('big')).toHaveLength(1);
      const [big] = of('big') as [CopyUp];
      expect(Math.abs(big.bytes - BIG_BYTES)).toBeLessThanOrEqual(2 ** 20);
      expect(big.actor).toBe('entrypoint');
      expect(big.trigger).toMatch(/^open/);
      const open = durationOf(big.syscall as number);
      expect(big.duration).toBeLessThanOrEqual(open);
      expect(big.duration).toBeGreaterThanOrEqual(0.95 * open);
    });

    test('new files are not copied, truncated or not', () => {
      expect([...of('new'), ...of('made')]).toEqual([]);
    });

    test.each([
      ['chmodded', /chmod/],
      ['renamed', /^rename/],
      ['linked', /^link/],
      ['truncated', /^open|truncate/],
    ])('%s is copied once, by what changed it', (name, trigger) => {
      expect(
        files()
          .filter(({ path }) => raw(path).split('/').at(-1) === name)
          .map((copyUp) => copyUp.trigger),
      ).toEqual([expect.stringMatching(trigger)]);
    });

    test('50 small files are 50 copy-ups', () => {
      const small = files().filter(({ path }) => /small\/\d+$/.test(raw(path)));
      expect(new Set(small.map(({ path }) => path)).size).toBe(50);
      expect(small).toHaveLength(50);
    });

    test('the upper layer holds what was copied, and what is new', () => {
      const copied = files().map(({ path }) => raw(path).replace(/^.*?lower\//, ''));
      const made = ['new', 'made', 'linked-too'];
      const now = copied.map((name) => (name === 'renamed' ? 'renamed-now' : name));
      expect([...now, ...made].sort()).toEqual([...inUpper].sort());
    });
  },
);
