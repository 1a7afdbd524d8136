/** Reads what a container sees of the machine, and what the machine sees. */

import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { DitError, EXIT, messageOf, unlessAbsent } from '../../base/errors.js';
import { quoting } from '../../base/foreign.js';
import type { Running } from '../../measure/sandbox/sandbox.js';
import { NAMESPACES, type NamespaceView, VIEW_FILES, viewOf } from './view.js';

const SEPARATOR = '--- dit ---';

/** Reads /proc as a process in the container sees it. @throws DitError container-unreadable */
export async function seeFromInside(container: Running): Promise<NamespaceView> {
  const files = VIEW_FILES.map((file) => `cat /proc/${file}; echo '${SEPARATOR}'`).join('; ');
  const script = `${files}; ls /proc`;
  const { exitCode, stdout, stderr } = await container.exec('sh', '-c', script);
  if (exitCode !== 0) {
    throw new DitError({
      code: 'container-unreadable',
      exitCode: EXIT.engine,
      message: `/proc cannot be read in the container: ${stderr.trim() || `exit code ${exitCode}`}`,
      remedy: 'use an image with sh and cat; without --image dit uses one of its own',
    });
  }
  const parts = stdout.split(`${SEPARATOR}\n`);
  // The shell that asks, and its ls, are processes too: they are in the list that ls gives.
  return viewOf(linksOf(container.pid), parts, (parts[VIEW_FILES.length] ?? '').split('\n'));
}

/** Reads /proc as this process sees it. */
export function seeFromHost(): NamespaceView {
  const texts = VIEW_FILES.map((file) => readIfThere(`/proc/${file}`));
  return viewOf(linksOf('self'), texts, readdirSync('/proc'));
}

/** @throws DitError namespaces-unreadable (exit 3) where the process is not this machine's, or not ours to look at */
function linksOf(pid: number | 'self'): Map<string, string> {
  try {
    const names = readdirSync(`/proc/${pid}/ns`);
    return new Map(
      NAMESPACES.filter((kind) => names.includes(kind)).map((kind) => [
        kind,
        readlinkSync(`/proc/${pid}/ns/${kind}`),
      ]),
    );
  } catch (error) {
    throw unreadable(`/proc/${pid}/ns`, error);
  }
}

/** '' where the kernel has no such file. @throws DitError namespaces-unreadable */
function readIfThere(path: string): string {
  try {
    return unlessAbsent(() => readFileSync(path, 'utf8'), '');
  } catch (error) {
    throw unreadable(`'${path}'`, error);
  }
}

function unreadable(what: string, error: unknown): DitError {
  return new DitError({
    code: 'namespaces-unreadable',
    exitCode: EXIT.unavailable,
    message: quoting`${what} cannot be read: ${messageOf(error)}`,
    remedy: "run dit as root on the engine's own machine",
  });
}
