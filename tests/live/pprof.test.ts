/** Profiles in the hands of Go's own pprof. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { pprofProfile } from '../../src/export/pprof.js';
import { phaseTotals } from '../../src/model/trace/totals.js';
import type { ContainerRun, Trace } from '../../src/model/trace/trace.js';
import { lacks } from '../support/requirements.js';
import { SAMPLES, sampleTrace } from '../support/samples.js';
import { hostileTrace } from '../support/traces.js';

const folder = mkdtempSync(join(tmpdir(), 'dit-pprof-'));
afterAll(() => rmSync(folder, { recursive: true }));

function pprof(trace: Trace, ...options: readonly string[]): string {
  const path = join(folder, 'start.pb.gz');
  writeFileSync(path, gzipSync(pprofProfile(trace)));
  return execFileSync('go', ['tool', 'pprof', ...options, path], {
    encoding: 'utf8',
    // It writes what it has read below HOME, and Go asks for updates.
    env: { ...process.env, HOME: folder, PPROF_TMPDIR: folder, GOTOOLCHAIN: 'local' },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
}

describe.skipIf(lacks('go'))('go tool pprof', () => {
  it.each(SAMPLES)('prints the window of %s as the total', (name) => {
    const trace = sampleTrace(name);
    const { window, name: container } = trace.runs[0] as ContainerRun;
    const ns = (window?.end ?? 0) - (window?.start ?? 0);
    const top = pprof(trace, '-top', '-cum', '-unit=ns', '-nodefraction=0');
    expect(top).toContain('Type: critical_path\n');
    expect(top).toContain(`Total samples = ${ns}ns (  100%)`);
    expect(top).toContain(`Showing nodes accounting for ${ns}ns, 100% of ${ns}ns total`);
    // The outermost frame has all of it.
    expect(top).toMatch(new RegExp(`${ns}ns +100% +${container}\n`));
  });

  it('counts the pieces when it is asked for them', () => {
    const trace = sampleTrace('docker-28.5/none.dit');
    const pieces = trace.runs[0]?.segments.length;
    expect(pprof(trace, '-top', '-sample_index=pieces')).toContain(`of ${pieces} total`);
  });

  it('shares the total out to the phases', () => {
    const trace = sampleTrace('docker-28.5/bridge.dit');
    const tags = pprof(trace, '-tags', '-unit=ns');
    for (const { phase, ns } of phaseTotals(trace.runs[0]?.segments ?? [])) {
      if (ns > 0) expect(tags).toMatch(new RegExp(` ${ns}\\.0ns \\([ .0-9]+%\\): ${phase}\n`));
    }
  });

  it('prints nothing of a container that a terminal acts on', () => {
    expect(pprof(hostileTrace(), '-top', '-nodefraction=0')).not.toMatch(/[^\P{C}\n]/u);
  });
});
