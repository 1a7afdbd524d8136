/** The recorded starts in traces/samples. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { analyse } from '../../src/analysis/analyse.js';
import type { Trace } from '../../src/model/trace/trace.js';
import { packagePath } from '../../src/platform/package-files.js';
import { readTraceFile } from '../../src/tracefile/reader.js';

const folder = packagePath('traces/samples');

/** "docker-28.5/bridge.dit" */
export const SAMPLES: readonly string[] = readdirSync(folder).flatMap((engine) =>
  readdirSync(join(folder, engine))
    .filter((name) => name.endsWith('.dit'))
    .map((name) => `${engine}/${name}`),
);

export const samplePath = (name: string): string => join(folder, name);

export const sampleTrace = (name: string): Trace => analyse(readTraceFile(samplePath(name)));
