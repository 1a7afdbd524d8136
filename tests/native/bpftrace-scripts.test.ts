/** Each bundled script attaches in this kernel, and ends when it is asked to. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { packagePath } from '../../src/platform/package-files.js';
import { lacks } from '../support/requirements.js';

const LIMIT_MS = 60_000;
/** bpftrace says it when its probes are attached, or just before. */
const ATTACHING = /Attach(?:ing|ed) \d+ probe/;
const WITH_TRACEFS =
  '[ -e /sys/kernel/tracing/events ] || mount -t tracefs tracefs /sys/kernel/tracing; exec "$@"';

const scripts = readdirSync(packagePath('bpf/bpftrace')).filter(
  // The recorder has tests of its own; kprobes are not in every kernel.
  (name) => name.endsWith('.bt') && !['recorder.bt', 'copy-up-kprobe.bt'].includes(name),
);

describe.skipIf(lacks('root', 'bpftrace'))('the bundled scripts', () => {
  test.each(scripts)(
    '%s attaches and ends',
    async (name) => {
      const child = spawn(
        'unshare',
        ['--mount', '--propagation', 'private', 'sh', '-c', WITH_TRACEFS, 'sh', 'bpftrace'].concat(
          packagePath(`bpf/bpftrace/${name}`),
        ),
        { stdio: ['ignore', 'pipe', 'pipe'] },
      );
      let said = '';
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding('utf8').on('data', (text: string) => {
          said += text;
        });
      }
      const closed = once(child, 'close');
      // Output to a pipe may wait for the end: it is the exit status that tells.
      for (let tries = 0; tries < 60 && !ATTACHING.test(said) && child.exitCode === null; tries++) {
        await sleep(50);
      }
      await sleep(1000);
      child.kill('SIGINT');
      const [code] = await closed;
      expect(code, said).toBe(0);
      expect(said).toMatch(ATTACHING);
      expect(said).not.toMatch(/ERROR: (?!Unknown error -1: couldn't set RLIMIT_MEMLOCK)/);
    },
    LIMIT_MS,
  );
});
