/** Builds the program for the tests that run it, unless what is built is newer than every source. */
import { execFileSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = new URL('../..', import.meta.url).pathname;

export default function build(): void {
  // The page's program is built last.
  const built = ['dist/cli/main.js', 'dist/.tsbuildinfo', 'dist/page/page.js'].map((file) =>
    statSync(join(ROOT, file), { throwIfNoEntry: false }),
  );
  const fresh = built.every((stat) => stat !== undefined);
  if (fresh && newestSource() <= (built.at(-1)?.mtimeMs ?? 0)) return;
  execFileSync('npm', ['run', '--silent', 'build:ts'], { cwd: ROOT, stdio: 'inherit' });
}

function newestSource(): number {
  const files = readdirSync(join(ROOT, 'src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  return Math.max(...[...files, join(ROOT, 'tsconfig.json')].map((file) => statSync(file).mtimeMs));
}
