/** Where dit's own files lie, from src/ (tests) and from dist/ alike. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Absolute path of a file of the package: packagePath('traces/dit/trace/v1/trace.proto'). */
export const packagePath = (relative: string): string => `${ROOT}${relative}`;

/** The version of package.json. */
export function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(packagePath('package.json'), 'utf8')) as {
    version: string;
  };
  return version;
}
