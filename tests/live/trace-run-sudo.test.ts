/** What a command behind sudo leaves: in the home of who called it, and theirs. */
import {
  chmodSync,
  chownSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { analyse } from '../../src/analysis/analyse.js';
import { decodeTraceFile } from '../../src/tracefile/reader.js';
import buildProgram from '../support/build.js';
import { asUser, dit } from '../support/dit.js';
import { builtin, liveEngines } from '../support/live-engines.js';
import { lacks } from '../support/requirements.js';

const LIMIT_MS = 300_000;
/** Nobody else's: TMPDIR of the tests may be one that another user cannot enter. */
const home = mkdtempSync('/var/tmp/home-');

afterAll(() => rmSync(home, { recursive: true }));

describe
  .skipIf(lacks('root', 'docker'))
  .each(liveEngines('live-sudo').map((engine) => ({ engine })))(
  'behind sudo on $engine.name',
  { timeout: LIMIT_MS },
  ({ engine }) => {
    beforeAll(async () => {
      buildProgram();
      await engine.open();
      chmodSync(home, 0o755);
      chownSync(home, 65534, 65534);
    }, LIMIT_MS);
    afterAll(() => engine.close(), LIMIT_MS);

    const sudo = { HOME: home, SUDO_UID: '65534', SUDO_GID: '65534', XDG_STATE_HOME: undefined };
    const run = (...args: readonly string[]) =>
      dit(
        [
          'trace',
          'run',
          '-q',
          '-H',
          engine.endpoint,
          '--source',
          'api',
          ...args,
          ...builtin('true'),
        ],
        {
          env: sudo,
        },
      );
    const asThem = (...args: readonly string[]) =>
      dit(args, {
        env: { HOME: home, XDG_STATE_HOME: undefined },
        wrapper: asUser(),
      });
    const foreign = (): string[] =>
      readdirSync(home, { recursive: true, encoding: 'utf8' }).filter(
        (name) => statSync(join(home, name)).uid !== 65534,
      );

    test('a recording is the last one of who called sudo', async () => {
      expect(await run()).toMatchObject({ code: 0 });
      expect(foreign()).toEqual([]);
      const shown = await asThem('trace', 'show');
      expect(shown, shown.stderr).toMatchObject({ code: 0 });
    });

    test('the folder of --runs --keep-all is theirs too', async () => {
      const file = join(home, `${engine.name}.dit`);
      expect(await run('--runs', '2', '--keep-all', '-o', file)).toMatchObject({ code: 0 });
      const folder = join(home, `${engine.name}.runs`);
      expect(readdirSync(folder).sort()).toEqual(['1.dit', '2.dit', 'warm-up-1.dit']);
      const median = readFileSync(file);
      const kept = ['1.dit', '2.dit'].map((name) => readFileSync(join(folder, name)));
      expect(kept.some((bytes) => bytes.equals(median))).toBe(true);
      for (const bytes of kept) expect(analyse(decodeTraceFile(bytes)).runs).toHaveLength(1);
      expect(foreign()).toEqual([]);
    });
  },
);
