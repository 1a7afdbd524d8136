/** The page of traces, whole: the program and the style from the build, and the data. */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { deflateSync } from 'node:zlib';
import { buildTracks } from '../../analysis/tracks/tracks.js';
import { DitError, EXIT } from '../../base/errors.js';
import { escapeText } from '../../base/escape.js';
import { renderHtml } from '../../export/html.js';
import { pageData } from '../../export/page-data.js';
import type { Trace } from '../../model/trace/trace.js';
import { packagePath, packageVersion } from '../../platform/package-files.js';
import { sha256 } from '../common/sha256.js';

/** The page of these traces, in their order. @param traces each with its file; one at a time is held */
export function pageOf(traces: readonly { path: string; read: () => Trace }[]): string {
  const [script, style] = [bundle('page.js'), bundle('page.css')];
  const names = traces.map(({ path }) => escapeText(basename(path)));
  return renderHtml(
    {
      title: `${names.join(' and ')} — dit`,
      script,
      style,
      traces: traces.map(({ path, read }) => deflated(read(), basename(path))),
      ditVersion: packageVersion(),
    },
    sha256,
  );
}

const deflated = (trace: Trace, name: string): Uint8Array =>
  deflateSync(pageData(trace, buildTracks(trace), name));

function bundle(name: string): string {
  try {
    return readFileSync(packagePath(`dist/page/${name}`), 'utf8');
  } catch (error) {
    throw new DitError({
      code: 'page-unbuilt',
      exitCode: EXIT.bug,
      message: `dist/page/${name}, the program of the page, is not built`,
      remedy: 'npm run build:page',
      cause: error,
    });
  }
}
