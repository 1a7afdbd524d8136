/** Builds the program for the tests that run it, unless what is built is newer than every source. */
import { execFileSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = new URL('../..', import.meta.url).pathname;

export default function build(): void {
  const built = statSync(join(ROOT, 'dist/cli/main.js'), { throwIfNoEntry: false });
  const stamp = statSync(join(ROOT, 'dist/.tsbuildinfo'), { throwIfNoEntry: false });
  if (built !== undefined && stamp !== undefined && newestSource() <= stamp.mtimeMs) return;
  execFileSync(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', ROOT], {
    stdio: 'inherit',
  });
}

function newestSource(): number {
  const files = readdirSync(join(ROOT, 'src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  return Math.max(...[...files, join(ROOT, 'tsconfig.json')].map((file) => statSync(file).mtimeMs));
}
