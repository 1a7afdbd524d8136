/** An image that leads out of its container: what dit does as root with a container's files stays within. */
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pack } from 'tar-stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CHECKS } from '../../src/checks/all-checks.js';
import { runCheck } from '../../src/checks/run-checks.js';
import type { PreparedChecks } from '../../src/cli/common/check-context.js';
import { BUILTIN_IMAGE } from '../../src/engine/builtin-image.js';
import { openPlaces } from '../../src/measure/files/places.js';
import { Sandbox } from '../../src/measure/sandbox/sandbox.js';
import { liveEngines } from '../support/live-engines.js';
import { lacks } from '../support/requirements.js';
import { prepareSilently } from '../support/silent-checks.js';

const LIMIT_MS = 300_000;

describe
  .skipIf(lacks('root', 'docker'))
  .each(liveEngines('live-hostile').map((engine) => ({ engine })))(
  'a hostile image on $engine.name',
  { timeout: LIMIT_MS },
  ({ engine }) => {
    let prepared: PreparedChecks;
    let sandbox: Sandbox;
    let image: string;
    /** Of the host; the image has a folder of the same path, so that its own programs find nothing amiss. */
    const outside = mkdtempSync('/var/tmp/outside-');

    beforeAll(async () => {
      await engine.open();
      prepared = await prepareSilently(engine);
      sandbox = new Sandbox(
        engine.docker(),
        'fedcba9876543210'.repeat(2),
        new AbortController().signal,
      );
      writeFileSync(join(outside, 'file'), 'the host');
      const layer = pack();
      layer.entry({ name: `var/tmp/${basename(outside)}/`, type: 'directory', mode: 0o777 });
      layer.entry({ name: 'dit-io', type: 'symlink', linkname: outside });
      layer.finalize();
      image = await sandbox.image(BUILTIN_IMAGE, layer as unknown as NodeJS.ReadableStream);
    }, LIMIT_MS);

    afterAll(async () => {
      expect(await sandbox?.close()).toEqual([]);
      await prepared?.close();
      await engine.close();
      rmSync(outside, { recursive: true });
    }, LIMIT_MS);

    const host = () => {
      const { mtimeNs, ctimeNs } = statSync(outside, { bigint: true });
      const file = statSync(join(outside, 'file'), { bigint: true });
      return { mtimeNs, ctimeNs, names: readdirSync(outside), size: file.size, at: file.mtimeNs };
    };

    test('its link for the folder of dit test io leads nowhere, and is told', async () => {
      const before = host();
      const { report } = await runCheck(await CHECKS.io(), { ...prepared.context, image });
      expect(report?.verdict).toBe('fail');
      expect(report?.reason).toContain("'/dit-io' is not the folder that dit makes there");
      expect(report?.remedy).toContain("use an image without '/dit-io'");
      expect(host()).toEqual(before);
    });

    test('a folder that it exchanges for a link later is the one that was opened', async () => {
      const before = host();
      const { container, places } = await openPlaces(
        { ...prepared.context, sandbox, seesKernel: true },
        BUILTIN_IMAGE,
        1 << 20,
      );
      const folder = places.find(({ name }) => name === 'overlay')?.folder;
      await container.exec('sh', '-c', `mv /dit-io /old && ln -s ${outside} /dit-io`);
      await container.exec('sh', '-c', `ln -s ${outside}/file /old/file`);
      expect(() => folder?.create('file', 1)).toThrow('EEXIST');
      expect(() => folder?.file('file', 1)).toThrow('a symbolic link, not a regular file');
      folder?.unlink('file');
      folder?.makeFolder('made');
      expect((await container.exec('ls', '/old')).stdout).toBe('made\n');
      expect(host()).toEqual(before);
    });
  },
);
