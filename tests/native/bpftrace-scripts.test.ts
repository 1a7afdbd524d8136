/** Each bundled script attaches in this kernel, and ends when it is asked to. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { packagePath } from '../../src/platform/package-files.js';
import { lacks } from '../support/requirements.js';

const LIMITS = { timeout: 300_000, retry: 2 };
/** An end takes a second; bpftrace 0.17 was once seen to miss that it was asked. */
const END_MS = 10_000;
/** bpftrace says it when its probes are attached, or just before. */
const ATTACHING = /Attach(?:ing|ed) \d+ probe/;
const WITH_TRACEFS =
  '[ -e /sys/kernel/tracing/events ] || mount -t tracefs tracefs /sys/kernel/tracing; exec "$@"';

const scripts = readdirSync(packagePath('bpf/bpftrace')).filter(
  // The recorder has tests of its own; kprobes are not in every kernel.
  (name) => name.endsWith('.bt') && !['recorder.bt', 'copy-up-kprobe.bt'].includes(name),
);

/** Runs a script while something is done; returns its exit status, null where it had to be killed, and all that it said. */
async function runScript(
  script: string,
  meanwhile: () => Promise<unknown>,
): Promise<{ code: number | null; said: string }> {
  const child = spawn(
    'unshare',
    ['--mount', '--propagation', 'private', 'sh', '-c', WITH_TRACEFS, 'sh', 'bpftrace', script],
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
  await meanwhile();
  child.kill('SIGINT');
  const bound = setTimeout(() => child.kill('SIGKILL'), END_MS);
  const [code] = await closed;
  clearTimeout(bound);
  return { code, said };
}

describe.skipIf(lacks('root', 'bpftrace'))('the bundled scripts', () => {
  test.each(scripts)('%s attaches and ends', LIMITS, async (name) => {
    const { code, said } = await runScript(packagePath(`bpf/bpftrace/${name}`), async () => {});
    expect(code, said).toBe(0);
    expect(said).toMatch(ATTACHING);
    expect(said).not.toMatch(/ERROR: (?!Unknown error -1: couldn't set RLIMIT_MEMLOCK)/);
  });

  // Maps have 4096 places, and a host has many threads.
  test.each([
    ['namespaces.bt', /^unshare .* unshare +net$/m],
    ['copy-up.bt', /^WHO /m],
  ])('%s keeps nothing of a call that is over', LIMITS, async (name, says) => {
    const folder = mkdtempSync(join(tmpdir(), 'dit-script-'));
    try {
      // Without its end a script prints what its maps hold.
      const script = join(folder, name);
      const text = readFileSync(packagePath(`bpf/bpftrace/${name}`), 'utf8');
      writeFileSync(script, text.replace(/^END \{.*\}$/m, ''));
      const shell = spawn(
        'sh',
        ['-c', 'read go; : >/dev/null; (true; true); unshare -n true; read end'],
        {
          stdio: ['pipe', 'ignore', 'ignore'],
        },
      );
      const { code, said } = await runScript(script, async () => {
        shell.stdin.write('go\n');
        await sleep(1000);
      });
      shell.stdin.end('end\n');
      expect(code, said).toBe(0);
      expect(said).toMatch(says);
      expect(said).not.toMatch(new RegExp(`^@\\w+\\[${shell.pid}\\]`, 'm'));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
