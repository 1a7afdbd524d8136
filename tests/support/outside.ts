/** What lies outside dit's own folders (scripts/lib/outside), to be compared before and after, by content. */
import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { packagePath } from '../../src/platform/package-files.js';

/** The test runner's and everybody's. */
const TEMPORARY = /^name \/(tmp|var\/tmp)\//;

export const outside = (): string[] =>
  execFileSync(packagePath('scripts/lib/outside'), { encoding: 'utf8', maxBuffer: 1 << 28 })
    .split('\n')
    .filter((line) => line !== '' && !TEMPORARY.test(line));

/** What is there when nothing comes or goes any more: what an earlier test ended may take a moment to be gone. */
export async function outsideAtRest(): Promise<string[]> {
  const deadline = performance.now() + 20_000;
  for (let last = outside(); ; ) {
    await sleep(300);
    const now = outside();
    if (changes(last, now).length === 0 || performance.now() > deadline) return now;
    last = now;
  }
}

/** "+ path /run/crun: …" for what came, "- …" for what went. */
export function changes(before: readonly string[], after: readonly string[]): string[] {
  const [was, is] = [new Set(before), new Set(after)];
  return [
    ...after.filter((line) => !was.has(line)).map((line) => `+ ${line}`),
    ...before.filter((line) => !is.has(line)).map((line) => `- ${line}`),
  ];
}

/** A network namespace ends with its last process: nobody else can take it away, and it was perhaps about to end before. */
const ENDED_BY_ITSELF = /^- namespace /;

/** Changes that stay: what is about to end keeps its cgroup or namespace for a moment. */
export async function changesThatStay(before: readonly string[]): Promise<string[]> {
  const deadline = performance.now() + 20_000;
  for (;;) {
    const found = changes(before, outside()).filter((line) => !ENDED_BY_ITSELF.test(line));
    if (found.length === 0 || performance.now() > deadline) return found;
    await sleep(100);
  }
}
