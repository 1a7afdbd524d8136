/** `dit trace view [FILE…]`: traces as a page to look at and to send on; two are shown one above the other. */
import { basename } from 'node:path';
import { analyse } from '../../../analysis/analyse.js';
import { DitError, EXIT, systemErrorCode } from '../../../base/errors.js';
import { readBegin } from '../../../platform/files/whole-file.js';
import { PAGE_BEGIN } from '../../../render/look/page.js';
import { namedOrLastTrace } from '../../../store/trace-store.js';
import { EVENT_MEMORY } from '../../../tracefile/event-memory.js';
import { readTraceFile } from '../../../tracefile/reader.js';
import { onlyRun } from '../../common/choose-run.js';
import type { CommandContext } from '../../common/context.js';
import { openInBrowser, refuseRootsBrowser } from '../../common/open-in-browser.js';
import { unwritable, writeToFile } from '../../common/write-export.js';
import { pageOf } from '../../export/page-file.js';

export interface TraceViewOptions {
  /** The page's file; beside the first trace when absent. */
  readonly output?: string;
  /** Show it in the browser that the desktop has. */
  readonly open?: true;
  /** Only the runs whose container id or name begins with it. */
  readonly run?: string;
}

export async function traceView(
  files: readonly string[],
  options: TraceViewOptions,
  { stdout, stderr, env }: CommandContext,
): Promise<void> {
  if (options.open === true) refuseRootsBrowser(env);
  const paths = files.length === 0 ? [namedOrLastTrace(env, undefined)] : files;
  const memoryBytes = EVENT_MEMORY.page / paths.length;
  const html = pageOf(
    paths.map((path) => ({
      path,
      read: () => onlyRun(analyse(readTraceFile(path, { memoryBytes })), options.run),
    })),
  );
  const path = options.output ?? pathBeside(paths);
  if (options.output === undefined) refuseOther(path);
  await writeToFile(path, [html], env);
  await stdout.line(path);
  if (options.open === true && !(await openInBrowser(path, env))) {
    await stderr.line(`xdg-open cannot be run: open "${path}" in a browser`);
  }
}

/** "a.dit" and "b.dit" as "a-and-b.html", in the first one's folder. */
function pathBeside(paths: readonly string[]): string {
  const bare = (path: string): string => path.replace(/\.dit$/, '');
  const more = paths.slice(1).map((path) => `-and-${basename(bare(path))}`);
  return `${bare(paths[0] ?? '')}${more.join('').slice(0, 100)}.html`;
}

/** A file that was not named is overwritten only where it is a page of dit. */
function refuseOther(path: string): void {
  let begin: string;
  try {
    begin = readBegin(path, PAGE_BEGIN.length);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return;
    throw unwritable(path, error);
  }
  if (begin === PAGE_BEGIN) return;
  throw new DitError({
    code: 'output-exists',
    exitCode: EXIT.usage,
    message: `refusing to overwrite "${path}": it was not written by dit`,
    remedy: 'name another file: -o FILE.html',
  });
}
