import { spawnSync } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { Deadline, unlessAborted, within } from '../../../src/platform/deadline.js';
import { packagePath } from '../../../src/platform/package-files.js';

const never = new Promise<never>(() => {});

describe('a deadline', () => {
  test('ends what never ends, with the reason', async () => {
    const late = () => new Error('too late');
    await expect(within({ limitMs: 5, late }, () => never)).rejects.toThrow('too late');
  });

  test('is ended by each of its signals, with that reason', async () => {
    const first = new AbortController();
    const second = new AbortController();
    const signals = [first.signal, undefined, second.signal];
    const work = within({ signals }, () => never);
    second.abort(new Error('second'));
    await expect(work).rejects.toThrow('second');
    await expect(within({ limitMs: 1, signals }, () => never)).rejects.toThrow('second');
  });

  test('says whether it was the time', async () => {
    const source = new AbortController();
    const byTime = new Deadline({ limitMs: 1 });
    await expect(unlessAborted(never, byTime.signal)).rejects.toThrow('1 ms');
    expect(byTime.expired).toBe(true);
    const bySignal = new Deadline({ limitMs: 60_000, signals: [source.signal] });
    source.abort(new Error('stop'));
    expect(bySignal).toMatchObject({ expired: false, signal: { aborted: true } });
  });

  test('ends nothing once it is closed, and holds no listener', async () => {
    const source = new AbortController();
    const removed: unknown[] = [];
    const remove = source.signal.removeEventListener.bind(source.signal);
    source.signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      removed.push(args[0]);
      remove(...args);
    };
    const deadline = new Deadline({ limitMs: 1, signals: [source.signal] });
    deadline.close();
    await new Promise((resolve) => setTimeout(resolve, 5));
    source.abort();
    expect(deadline.signal.aborted).toBe(false);
    expect(removed).toContain('abort');
  });

  test('a limit beyond the longest timer does not fire at once', async () => {
    const deadline = new Deadline({ limitMs: 1e12 });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(deadline.signal.aborted).toBe(false);
    deadline.close();
  });
});

/** Only what is waited for holds anything; garbage is collected while it waits. */
const PROGRAM = (module: string): string => `
  import { Deadline } from ${JSON.stringify(module)};
  const outer = new AbortController();
  const signal = (() => new Deadline({ limitMs: 200, signals: [outer.signal] }).signal)();
  const collect = setInterval(() => globalThis.gc(), 20);
  const ended = new Promise((resolve) => signal.addEventListener('abort', resolve));
  await ended;
  clearInterval(collect);
  console.log('ended');
`;

test('a deadline outlives garbage collections, which AbortSignal.any does not', () => {
  const module = pathToFileURL(packagePath('src/platform/deadline.ts')).href;
  const ran = spawnSync(
    process.execPath,
    ['--expose-gc', '--import', 'tsx', '--input-type=module', '-e', PROGRAM(module)],
    { encoding: 'utf8', timeout: 60_000, cwd: packagePath('.') },
  );
  expect(ran).toMatchObject({ stdout: 'ended\n', status: 0 });
}, 90_000);
