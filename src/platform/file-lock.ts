/** A lock between processes that ends with its holder, however that ends. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { DitError, EXIT } from '../base/errors.js';

/**
 * Runs `work` while holding the lock file at `path` (made if absent, its folder must exist).
 * Node has no flock(2), so util-linux's holds it until the pipe to it closes.
 */
export async function withFileLock<T>(
  path: string,
  waitSeconds: number,
  work: () => Promise<T>,
): Promise<T> {
  const holder = spawn(
    'flock',
    ['--exclusive', '--wait', String(waitSeconds), path, 'sh', '-c', 'echo; exec cat'],
    // Its own process group: a Ctrl-C in the terminal must not end the lock before the work.
    { stdio: ['pipe', 'pipe', 'ignore'], detached: true },
  );
  const ended = once(holder, 'exit');
  const held = await Promise.race([
    once(holder.stdout, 'data').then(() => true),
    ended.then(() => false),
  ]);
  if (!held) {
    throw new DitError({
      code: 'lock-busy',
      exitCode: EXIT.engine,
      message: `another process holds '${path}' for more than ${waitSeconds} s`,
      remedy: `see who: fuser -v ${path}`,
    });
  }
  try {
    return await work();
  } finally {
    holder.stdin.end();
    await ended;
  }
}
