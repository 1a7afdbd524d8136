/** A recording that cannot be armed says why, and keeps nothing alive. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { machine, tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ROOT } from '../support/dit.js';
import { lacks } from '../support/requirements.js';

describe.skipIf(lacks('root', 'ebpf'))('the ebpf source where it cannot be armed', () => {
  /** How a program ends that starts the source and does nothing else; not at all is the code null. */
  const startAlone = (
    root: string,
    participants: number,
  ): { code: number | null; said: string } => {
    const program = `
      import { StringInterner } from './src/model/recording/strings.ts';
      import { startEbpf } from './src/capture/ebpf/ebpf-source.ts';
      const options = { machine: "${machine()}", baseNs: 0n, strings: new StringInterner(), redact: true, ringBytes: 4096 };
      const pids = Array.from({ length: ${participants} }, (_, at) => ({ pid: 2 ** 22 + at, followChildren: false }));
      await Promise.resolve().then(() => startEbpf({ ...options, participants: pids })).then(
        () => console.log('armed'),
        ({ exitCode, code, message }) => console.log(exitCode, code, message));`;
    const arguments_ = ['--import', 'tsx', '--input-type=module', '-e', program];
    const end = spawnSync(process.execPath, arguments_, { cwd: root, timeout: 300_000 });
    return { code: end.status, said: `${end.stdout}${end.stderr}` };
  };

  test('because there are more processes to follow than it has place for', () => {
    const { code, said } = startAlone(ROOT, 20_000);
    expect(said).toMatch(/^3 ebpf-refused .*cannot update map 'participants'/);
    expect(code).toBe(0);
  });

  test.each(['recorder', 'copy_up_fentry'])('because %s has not been built', (object) => {
    const copy = mkdtempSync(join(tmpdir(), 'dit-package-'));
    try {
      cpSync(join(ROOT, 'src'), join(copy, 'src'), { recursive: true });
      cpSync(join(ROOT, 'bpf/build'), join(copy, 'bpf/build'), { recursive: true });
      rmSync(join(copy, `bpf/build/${object}.bpf.o`));
      for (const name of ['package.json', 'native', 'node_modules']) {
        symlinkSync(join(ROOT, name), join(copy, name));
      }
      const { code, said } = startAlone(copy, 0);
      expect(said).toMatch(
        new RegExp(`^3 bpf-object-missing .*\\bbpf/build/${object}\\.bpf\\.o is`),
      );
      expect(code).toBe(0);
    } finally {
      rmSync(copy, { recursive: true });
    }
  });
});
