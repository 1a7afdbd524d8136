/** The Chromium of this machine, for tests and benchmarks of the page. */
import { existsSync } from 'node:fs';

const PATHS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** @throws Error where there is none */
export function chromiumPath(): string {
  const found = installedChromium();
  if (found === undefined) throw new Error(`there is no Chromium at ${PATHS.join(', ')}`);
  return found;
}

export const installedChromium = (): string | undefined => PATHS.find((path) => existsSync(path));
