/** Every format from the command line: where it goes, what is said of it, and what is said to bad input. */
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EXPORT_NAMES } from '../../src/cli/export/names.js';
import { smallTraceFile } from '../support/recordings.js';
import { DIT, dit, type Outcome } from '../support/run-dit.js';
import { samplePath, sampleTrace } from '../support/samples.js';

const NAME = 'docker-28.5/bridge.dit';
const SAMPLE = samplePath(NAME);

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dit-export-'));
});
afterAll(() => rmSync(folder, { recursive: true }));
const path = (name: string): string => join(folder, name);

const exported = (...args: string[]): Promise<Outcome> => dit(['trace', 'export', ...args]);

/** How each begins, so that one is never taken for another. */
const BEGINS: Readonly<Record<string, RegExp>> = {
  html: /^<!doctype html>/i,
  svg: /^<\?xml|^<svg/,
  perfetto: /^\n/, // field 1, length-delimited: a packet
  otlp: /^\n/,
  folded: /^[^\n;]+;[^\n]+ \d+\n/,
  speedscope: /^\{"\$schema"/,
  csv: /^container_id,/,
  jsonl: /^\{"record":"trace"/,
};

describe('dit trace export', () => {
  it.each(
    Object.entries(BEGINS),
  )('--to %s -o FILE, whole and for its owner', async (to, begins) => {
    const file = path(`one.${to}`);
    const { exitCode, stdout, stderr } = await exported('--to', to, '-o', file, SAMPLE);
    expect({ exitCode, stdout }, stderr).toEqual({ exitCode: 0, stdout: '' });
    expect(readFileSync(file, 'latin1')).toMatch(begins);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(stderr).toMatch(/^dit: "[^"]+": [\d,]+ bytes\n/);
    expect(stderr).toContain(`dit: ${to} leaves out `);
    expect(readdirSync(folder).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it('text goes to standard output, and what is left out to the error output', async () => {
    const { exitCode, stdout, stderr } = await exported('--to', 'folded', SAMPLE);
    expect(exitCode).toBe(0);
    const sum = stdout
      .trimEnd()
      .split('\n')
      .reduce((all, line) => all + Number(line.slice(line.lastIndexOf(' '))), 0);
    const window = sampleTrace(NAME).runs[0]?.window;
    expect(sum).toBe((window?.end ?? 0) - (window?.start ?? 0));
    expect(stderr).toMatch(/^dit: folded leaves out .+\n$/);
    expect((await exported('--to', 'folded', '-q', SAMPLE)).stderr).toBe('');
  });

  it('--to pprof is gzipped', async () => {
    const file = path('one.pb.gz');
    expect((await exported('--to', 'pprof', '-o', file, SAMPLE)).exitCode).toBe(0);
    expect(gunzipSync(readFileSync(file)).length).toBeGreaterThan(1000);
  });

  it('--to csv --table milestones has a row a milestone', async () => {
    const { stdout } = await exported('--to', 'csv', '--table', 'milestones', '-q', SAMPLE);
    const rows = stdout.trimEnd().split('\r\n');
    expect(rows.length - 1).toBe(sampleTrace(NAME).runs[0]?.milestones.length);
  });

  it('--to parquet takes many traces', async () => {
    const out = path('tables');
    const others = samplePath('docker-20.10/none.dit');
    const { exitCode, stderr } = await exported('--to', 'parquet', '-o', out, SAMPLE, others);
    expect(exitCode, stderr).toBe(0);
    const files = readdirSync(out, { recursive: true, encoding: 'utf8' });
    expect(files.filter((name) => /^runs\/.*\.parquet$/.test(name))).toHaveLength(2);
  });

  it('a link stays a link, and its file is replaced', async () => {
    const [file, link] = [path('target.svg'), path('link.svg')];
    writeFileSync(file, 'before');
    symlinkSync(file, link);
    expect((await exported('--to', 'svg', '-o', link, SAMPLE)).exitCode).toBe(0);
    expect(readFileSync(file, 'utf8')).toContain('<svg');
    expect(readFileSync(link, 'utf8')).toBe(readFileSync(file, 'utf8'));
  });

  it('a device is written to, and stays one', async () => {
    expect((await exported('--to', 'svg', '-o', '/dev/null', SAMPLE)).exitCode).toBe(0);
    expect(statSync('/dev/null').isCharacterDevice()).toBe(true);
  });

  it('a pipe has no name but /dev/stdout', async () => {
    const args = ['trace', 'export', '--to', 'svg', '-q', '-o', '/dev/stdout', SAMPLE];
    const pipe = ['sh', '-c', '"$@" | cat', 'sh', process.execPath, DIT, ...args];
    expect(execFileSync('env', pipe, { encoding: 'utf8' })).toContain('</svg>');
  });
});

describe('dit trace export refuses', () => {
  const refused = async (args: string[], fact: RegExp, remedy: RegExp): Promise<void> => {
    const { exitCode, stdout, stderr } = await exported(...args);
    expect({ exitCode, stdout }, stderr).toEqual({ exitCode: 2, stdout: '' });
    const [said = '', tried = ''] = stderr.split('\n');
    expect(said).toMatch(fact);
    expect(said).not.toMatch(/bug|undefined/);
    expect(tried).toMatch(/^ {2}try: /);
    expect(tried).toMatch(remedy);
  };

  it('no format', () => refused([SAMPLE], /no output format given/, /--to perfetto/));
  it('an unknown format', () => refused(['--to', 'gif', SAMPLE], /'gif'/, /--help/));
  it('an unknown table', () =>
    refused(['--to', 'csv', '--table', 'nothing', SAMPLE], /'nothing'/, /--help/));
  it('parquet without a folder', () =>
    refused(['--to', 'parquet', SAMPLE], /folder of tables/, /-o DIR/));
  it('many traces for one file', () =>
    refused(['--to', 'svg', SAMPLE, SAMPLE], /about one trace, and 2/, /one by one/));

  it.each(EXPORT_NAMES)('what is no trace, --to %s, and leaves no file', async (to) => {
    writeFileSync(path('text.dit'), 'this is no trace\n');
    const out = path(`refused.${to}`);
    await refused(['--to', to, '-o', out, path('text.dit')], /text\.dit/, /./);
    expect(existsSync(out)).toBe(false);
  });

  it('an empty file', async () => {
    writeFileSync(path('empty.dit'), '');
    await refused(['--to', 'jsonl', path('empty.dit')], /empty\.dit/, /./);
  });

  it('a newer version', async () => {
    const newer = Uint8Array.from(smallTraceFile());
    newer[newer.findIndex((byte, index) => byte === 0x08 && newer[index + 1] === 1) + 1] = 9;
    writeFileSync(path('newer.dit'), newer);
    await refused(['--to', 'perfetto', '-o', path('n'), path('newer.dit')], /newer/, /./);
  });

  it('an output that cannot be written, and keeps what was there', async () => {
    await refused(
      ['--to', 'svg', '-o', path('no/such/folder.svg'), SAMPLE],
      /cannot be written: ENOENT/,
      /-o FILE/,
    );
  });

  it('a run that is not there', () =>
    refused(['--to', 'svg', '--run', 'nobody', SAMPLE], /no run 'nobody'/, /use one of/));

  it('a collector that is down, with another status', async () => {
    const { exitCode, stderr } = await exported('--otlp', 'http://127.0.0.1:1', SAMPLE);
    expect(exitCode).toBe(4);
    expect(stderr).toMatch(
      /^dit: collector 'http:\/\/127\.0\.0\.1:1\/v1\/traces' cannot be reached/,
    );
  });
});
