/** A script run by a container's own shell to its end. */
import { DitError, EXIT } from '../../base/errors.js';
import type { Running } from './sandbox.js';

/** What engines and shells answer where a program is not there or may not be executed. */
const NOT_EXECUTED = new Set([126, 127]);

/**
 * @returns what it printed
 * @throws DitError container-program-missing (exit 3), container-script-failed
 */
export async function runScript(container: Running, script: string): Promise<string> {
  const { exitCode, stdout, stderr } = await container.exec('sh', '-c', script);
  if (exitCode === 0) return stdout;
  const said = (stderr || stdout).trim().split('\n')[0] ?? '';
  if (exitCode !== undefined && NOT_EXECUTED.has(exitCode)) {
    throw new DitError({
      code: 'container-program-missing',
      exitCode: EXIT.unavailable,
      message: `the image lacks a program that is needed: ${said}`,
      remedy:
        'use an image with sh and the usual small programs, or leave out --image: busybox is used then',
    });
  }
  throw new DitError({
    code: 'container-script-failed',
    exitCode: EXIT.engine,
    message: `"${script}" ended with ${exitCode ?? 'nothing'} in the container: ${said}`,
    remedy: 'check that the disk has room and the root can be written to: df -h',
  });
}
